"""`cloud-sync aws copies deploy`, `diff` and `destroy` as typed, against an emulator of AWS."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cloud_sync.aws.staging_bucket import bucket_name
from command_line import CommandLine
from ministack import ACCOUNT, REGION, Ministack

pytestmark = [pytest.mark.xdist_group("ministack-deploy-copies"), pytest.mark.timeout(300)]

STACK = "CloudSync-dev-copies"
SOURCE = f"global-builds-dev-{ACCOUNT}"


def test_from_an_empty_account_to_a_deployed_workflow_and_back(
    aws: CommandLine, emulator: Ministack, code: Path
) -> None:
    """What was chosen stays, and neither the archive's `destroy` nor its own takes what is kept."""
    deploy = ("aws", "copies", "deploy", "--env", "dev", "--function-code", code)
    first = aws(*deploy)
    assert (first.code, first.out) == (2, "")
    assert bucket_name(ACCOUNT, REGION) in first.err

    made = aws(*deploy, "--bootstrap", "--concurrency", "8")
    assert made.code == 0, made.err
    assert "concurrency = 8 (--concurrency)" in made.err
    assert f"SourceBucketName        {SOURCE}" in made.out
    assert "STEP_FUNCTION_ARN=arn:aws:states:" in made.out
    assert "API_URL=http" in made.out
    assert f"aws s3 cp FILE s3://{SOURCE}/" in made.out
    assert "cloud-sync aws login" not in made.out

    compared = aws("aws", "copies", "diff", *deploy[3:], "--concurrency", "9")
    assert compared.code == 0, compared.err
    assert "choice  concurrency: 8 → 9" in compared.out
    assert "AWS::StepFunctions::StateMachine" in compared.out
    assert "AWS::S3::Bucket" not in compared.out
    assert "cloud-sync aws copies deploy --env dev" in compared.out

    archive = aws("aws", "destroy", "--env", "dev", "--yes")
    assert "Nothing to delete" in archive.out
    client = emulator.client("cloudformation")
    assert resources(client)["AWS::Lambda::Function"] == 8

    emulator.client("s3").put_object(Bucket=SOURCE, Key="kept.txt", Body=b"kept")
    asked = aws("aws", "copies", "destroy", "--env", "dev")
    assert (asked.code, asked.out) == (2, "")
    assert "cloud-sync aws copies destroy --env dev --yes" in asked.err
    gone = aws("aws", "copies", "destroy", "--env", "dev", "--yes")
    assert gone.code == 0, gone.err
    assert "Deleted the file-copy workflow of dev." in gone.out
    assert SOURCE in gone.out
    left = resources(client)
    assert set(left) == {
        "AWS::DynamoDB::Table",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
    }
    told = emulator.client("s3").get_bucket_notification_configuration(Bucket=SOURCE)
    assert "LambdaFunctionConfigurations" not in told
    again = aws("aws", "copies", "destroy", "--env", "dev", "--json")
    assert again.code == 0, again.err
    assert again.lines[-1]["destroyed"] == []
    assert again.lines[-1]["kept"]["DynamoDBTableName"] == "FileCopyTracking-dev"

    table = aws.home / "cloud-sync" / "config.toml"
    table.parent.mkdir(exist_ok=True)
    table.write_text('[aws.dev.copies]\nalert_mail = ["me@example.org"]\n', encoding="utf-8")
    # the emulator takes any change of a bucket for one that may replace it
    back = aws(*deploy, "--json", "--yes")
    assert back.code == 0, back.err
    choices = back.lines[-1]["choices"]
    assert (choices["concurrency"], choices["alert_mail"]) == (8, ["me@example.org"])
    kept = emulator.client("s3").get_object(Bucket=SOURCE, Key="kept.txt")["Body"].read()
    assert kept == b"kept"
    told = emulator.client("s3").get_bucket_notification_configuration(Bucket=SOURCE)
    assert "replication-worker-dev" in told["LambdaFunctionConfigurations"][0]["LambdaFunctionArn"]


def resources(client: Any) -> dict[str, int]:
    """How many resources of each type the stack has."""
    told = client.describe_stack_resources(StackName=STACK)["StackResources"]
    kinds = [each["ResourceType"] for each in told]
    return {kind: kinds.count(kind) for kind in kinds}


def test_before_a_bucket_is_given_up_somebody_is_asked(
    aws: CommandLine, emulator: Ministack, code: Path
) -> None:
    emulator.client("cloudformation").create_stack(
        StackName="CloudSync-prod-copies",
        TemplateBody='{"Resources": {"Older": {"Type": "AWS::S3::Bucket",'
        ' "Properties": {"BucketName": "older-builds"}}}}',
    )
    deploy = ("aws", "copies", "deploy", "--env", "prod", "--function-code", code, "--bootstrap")
    told = aws(*deploy)
    assert told.code == 2, told.err
    for part in ("Older", "HOLDS DATA", "cloud-sync aws copies diff --env prod", "--yes"):
        assert part in told.err
    names = [each["Name"] for each in emulator.client("s3").list_buckets()["Buckets"]]
    assert "older-builds" in names


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--concurrency", "41"), "concurrency cannot be 41"),
        (("--source", "a-bucket", "--destinations", "a-bucket"), "cannot be a destination too"),
        (("--account", "123456789012"), f"those of account {ACCOUNT}"),
    ],
)
def test_what_cannot_be_is_named_before_anything_is_made(
    aws: CommandLine, emulator: Ministack, arguments: tuple[str, ...], said: str
) -> None:
    told = aws("aws", "copies", "deploy", "--env", "staging", "--bootstrap", *arguments)
    assert (told.code, told.out) == (2, ""), told.err
    assert said in told.err
    stacks = emulator.client("cloudformation").describe_stacks()["Stacks"]
    assert not [each for each in stacks if "staging" in each["StackName"]]


def test_a_choice_of_the_archive_in_the_workflows_table_is_named_with_its_place(
    aws: CommandLine,
) -> None:
    table = aws.home / "cloud-sync" / "config.toml"
    table.parent.mkdir()
    table.write_text('[aws.dev.copies]\nstorage_plan = "standard"\n', encoding="utf-8")
    told = aws("aws", "copies", "deploy", "--env", "dev")
    assert told.code == 2
    assert "storage_plan" in told.err
    assert f"[aws.dev.copies] of {table}" in told.err
