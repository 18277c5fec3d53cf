"""What the archive's stack promises, held on the template: emulators drop most of it silently."""

from __future__ import annotations

from typing import Any

import pytest

from assemblies import ENVIRONMENTS, Assemblies
from cloud_sync.tracker.dynamodb_items import PROJECTED

pytestmark = pytest.mark.xdist_group("cdk")


@pytest.fixture(params=ENVIRONMENTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def rules(assemblies: Assemblies, name: str) -> dict[str, Any]:
    bucket = assemblies.storage(name).one("AWS::S3::Bucket")
    return {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}


def test_objects_are_versioned_encrypted_and_private(assemblies: Assemblies, name: str) -> None:
    bucket = assemblies.storage(name).one("AWS::S3::Bucket")
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    (encryption,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert encryption["BucketKeyEnabled"] is True
    assert encryption["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
    assert "Fn::GetAtt" in encryption["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]
    assert bucket["PublicAccessBlockConfiguration"] == {
        "BlockPublicAcls": True,
        "BlockPublicPolicy": True,
        "IgnorePublicAcls": True,
        "RestrictPublicBuckets": True,
    }
    assert bucket["OwnershipControls"]["Rules"] == [{"ObjectOwnership": "BucketOwnerEnforced"}]


def test_the_bucket_answers_over_tls_alone(assemblies: Assemblies, name: str) -> None:
    policy = assemblies.storage(name).one("AWS::S3::BucketPolicy")["PolicyDocument"]
    denied = [
        statement["Condition"] for statement in policy["Statement"] if statement["Effect"] == "Deny"
    ]
    assert {"Bool": {"aws:SecureTransport": "false"}} in denied
    assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in denied


def test_unfinished_uploads_and_replaced_versions_do_not_pile_up(
    assemblies: Assemblies, name: str
) -> None:
    found = rules(assemblies, name)
    aborted = found["unfinished-uploads"]["AbortIncompleteMultipartUpload"]
    assert aborted == {"DaysAfterInitiation": 7}
    replaced = found["replaced-originals"]
    assert replaced["Prefix"] == "gopro-videos/"
    assert replaced["NoncurrentVersionExpiration"] == {"NoncurrentDays": 180}


def test_only_the_files_of_runs_ever_expire(assemblies: Assemblies, name: str) -> None:
    """No rule may ever delete the current version of an original."""
    expiring = [rule for rule in rules(assemblies, name).values() if "ExpirationInDays" in rule]
    assert [(rule["Prefix"], rule["ExpirationInDays"]) for rule in expiring] == [("runs/", 90)]


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("dev", None),
        ("staging", [("DEEP_ARCHIVE", 7)]),
        ("everything", [("GLACIER_IR", 7), ("DEEP_ARCHIVE", 97)]),
    ],
)
def test_the_storage_plan_is_the_lifecycle(
    assemblies: Assemblies, name: str, steps: list[tuple[str, int]] | None
) -> None:
    rule = rules(assemblies, name).get("storage-plan")
    if steps is None:
        assert rule is None
        return
    assert rule is not None
    assert rule["Prefix"] == "gopro-videos/"
    found = [(step["StorageClass"], step["TransitionInDays"]) for step in rule["Transitions"]]
    assert found == steps


def test_the_tracker_can_be_restored_and_is_billed_by_use(
    assemblies: Assemblies, name: str
) -> None:
    table = assemblies.storage(name).one("AWS::DynamoDB::Table")
    assert table["KeySchema"] == [{"AttributeName": "media_id", "KeyType": "HASH"}]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["DeletionProtectionEnabled"] is True
    assert table["SSESpecification"]["SSEType"] == "KMS"
    assert "TimeToLiveSpecification" not in table
    (index,) = table["GlobalSecondaryIndexes"]
    assert index["IndexName"] == "status-sync_timestamp-index"
    assert [key["AttributeName"] for key in index["KeySchema"]] == ["status", "sync_timestamp"]
    assert index["Projection"]["ProjectionType"] == "INCLUDE"
    assert index["Projection"]["NonKeyAttributes"] == list(PROJECTED), "the tracker reads these"


def test_the_login_has_no_made_up_value_and_no_rotation(assemblies: Assemblies, name: str) -> None:
    storage = assemblies.storage(name)
    secret = storage.one("AWS::SecretsManager::Secret")
    assert not {"SecretString", "GenerateSecretString"} & set(secret)
    assert storage.all("AWS::SecretsManager::RotationSchedule") == {}
    assert "Fn::GetAtt" in secret["KmsKeyId"]


def test_the_key_rotates(assemblies: Assemblies, name: str) -> None:
    assert assemblies.storage(name).one("AWS::KMS::Key")["EnableKeyRotation"] is True


def test_what_is_stored_outlives_every_stack(assemblies: Assemblies, name: str) -> None:
    """Deleting a stack by mistake must not cost a single original."""
    kept = {
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::KMS::Key",
        "AWS::SecretsManager::Secret",
    }
    found = set()
    for resource in assemblies.storage(name).body["Resources"].values():
        if resource["Type"] in kept:
            found.add(resource["Type"])
            assert resource["DeletionPolicy"] == "Retain"
            assert resource["UpdateReplacePolicy"] == "Retain"
    assert found == kept
    artifacts = assemblies.file(name, "manifest.json")["artifacts"]
    properties = {key: value.get("properties", {}) for key, value in artifacts.items()}
    assert properties[f"CloudSync-{name}-storage"]["terminationProtection"] is True
    assert not properties[f"CloudSync-{name}"].get("terminationProtection")


def test_the_workflow_stack_keeps_nothing(assemblies: Assemblies, name: str) -> None:
    kinds = {resource["Type"] for resource in assemblies.workflow(name).body["Resources"].values()}
    assert not kinds & {"AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::SecretsManager::Secret"}


@pytest.mark.parametrize(
    ("name", "table", "secret"),
    [
        ("dev", "gopro-sync-tracker-dev", "gopro/credentials-dev"),
        ("staging", "gopro-sync-tracker-staging", "gopro/credentials-staging"),
        ("prod", "gopro-sync-tracker", "gopro/credentials"),
    ],
)
def test_environments_of_one_account_do_not_collide(
    assemblies: Assemblies, name: str, table: str, secret: str
) -> None:
    storage = assemblies.storage(name)
    assert storage.one("AWS::DynamoDB::Table")["TableName"] == table
    assert storage.one("AWS::SecretsManager::Secret")["Name"] == secret
    bucket = storage.one("AWS::S3::Bucket")["BucketName"]
    if name == "prod":
        assert bucket == "gopro-prod-123456789012"
    else:
        assert bucket == {"Fn::Join": ["", [f"gopro-{name}-", {"Ref": "AWS::AccountId"}]]}
