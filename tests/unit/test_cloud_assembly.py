"""A cloud assembly is read in the order of its stacks, and its packages have stable bytes."""

from __future__ import annotations

import json
import os
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from cloud_sync.aws.cloud_assembly import stacks_of, warnings_of, zip_of
from cloud_sync.aws.staging_bucket import NAME, bucket_name, filled, template
from cloud_sync.errors import UsageError


def stack(*needs: str) -> dict[str, object]:
    return {
        "type": "aws:cloudformation:stack",
        "properties": {"templateFile": "t.json"},
        "dependencies": list(needs),
    }


def test_a_stack_comes_after_those_that_it_needs(tmp_path: Path) -> None:
    artifacts = {
        "Copies": stack("Workflow", "Copies.assets"),
        "Copies.assets": {"type": "cdk:asset-manifest"},
        "Workflow": stack("Storage"),
        "Storage": stack(),
        "Tree": {"type": "cdk:tree"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}), "utf-8")
    assert stacks_of(tmp_path) == ["Storage", "Workflow", "Copies"]


@pytest.mark.parametrize("content", [None, "no json", "{}"])
def test_a_folder_that_is_no_assembly_is_named(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_text(content, "utf-8")
    with pytest.raises(UsageError, match=str(tmp_path)):
        stacks_of(tmp_path)


def test_what_the_synthesis_warns_of_is_handed_on_and_information_is_not(tmp_path: Path) -> None:
    entries = {
        "/Stack": [
            {"type": "aws:cdk:warning", "data": "a night without a start"},
            {"type": "aws:cdk:info", "data": "by the way"},
        ]
    }
    (tmp_path / "Stack.metadata.json").write_text(json.dumps(entries), "utf-8")
    assert warnings_of(tmp_path) == ["a night without a start"]


def test_the_same_files_give_the_same_package_whenever_they_were_written(tmp_path: Path) -> None:
    made = []
    for number in (1, 2):
        folder = tmp_path / str(number)
        (folder / "room").mkdir(parents=True)
        for name in ("room/b.py", "a.py") if number == 1 else ("a.py", "room/b.py"):
            (folder / name).write_text(name, "utf-8")
            os.utime(folder / name, (number * 1e9, number * 1e9))
            (folder / name).chmod(0o600 if number == 1 else 0o644)
        made.append(zip_of(folder))
    assert made[0] == made[1]
    with zipfile.ZipFile(BytesIO(made[0])) as package:
        assert package.namelist() == ["a.py", "room/b.py"]
        # a function runs as another user than the one who built its package
        assert all(each.external_attr >> 16 == 0o644 for each in package.infolist())


def test_placeholders_are_those_of_the_partition() -> None:
    text = "${AWS::Partition}:${AWS::AccountId}:${AWS::Region}"
    assert filled(text, "1", "eu-central-1") == "aws:1:eu-central-1"
    assert filled(text, "1", "cn-north-1") == "aws-cn:1:cn-north-1"
    assert filled(text, "1", "us-gov-west-1") == "aws-us-gov:1:us-gov-west-1"
    assert bucket_name("123456789012", "eu-west-1") == "cloud-sync-assets-123456789012-eu-west-1"


def test_the_bucket_that_packages_go_through_is_private_encrypted_and_kept() -> None:
    """Whoever could write there could put other code into the functions."""
    bucket = template()["Resources"]["Assets"]
    properties = bucket["Properties"]
    assert properties["BucketName"] == {"Fn::Sub": NAME}
    assert set(properties["PublicAccessBlockConfiguration"].values()) == {True}
    assert properties["VersioningConfiguration"] == {"Status": "Enabled"}
    assert properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert bucket["DeletionPolicy"] == "Retain"
    (statement,) = template()["Resources"]["AssetsPolicy"]["Properties"]["PolicyDocument"][
        "Statement"
    ]
    assert (statement["Effect"], statement["Action"]) == ("Deny", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    rules = properties["LifecycleConfiguration"]["Rules"]
    assert not [rule for rule in rules if "Expiration" in rule], "what is current never expires"
