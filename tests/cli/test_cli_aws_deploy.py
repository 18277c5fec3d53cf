"""`cloud-sync aws deploy`, `diff` and `destroy` as typed, against an emulator of AWS."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloud_sync.aws.staging_bucket import bucket_name
from command_line import CommandLine
from ministack import ACCOUNT, REGION, Ministack

pytestmark = [pytest.mark.xdist_group("ministack-deploy"), pytest.mark.timeout(300)]

STAGING = bucket_name(ACCOUNT, REGION)
ARCHIVE = f"gopro-dev-{ACCOUNT}"


def test_from_an_empty_account_to_a_deployed_archive_and_back(
    aws: CommandLine, emulator: Ministack, code: Path
) -> None:
    """What a second deployment is not told stays as the first one chose it."""
    first = aws("aws", "deploy", "--env", "dev", "--function-code", code)
    assert (first.code, first.out) == (2, "")
    assert STAGING in first.err
    assert "--bootstrap" in first.err

    chosen = ("--concurrency", "8", "--alert-mail", "me@example.org")
    made = aws("aws", "deploy", "--env", "dev", "--function-code", code, "--bootstrap", *chosen)
    assert made.code == 0, made.err
    assert f"Deploying dev into account {ACCOUNT}, region {REGION}." in made.err
    assert "concurrency = 8 (--concurrency)" in made.err
    lines = made.err.splitlines()
    assert [line for line in lines if "CREATE_COMPLETE" in line and "(AWS::S3::Bucket)" in line]
    assert f"S3BucketName            {ARCHIVE}" in made.out
    assert "cloud-sync aws login --env dev" in made.out
    assert "cloud-sync aws run --env dev" in made.out

    again = aws("aws", "deploy", "--env", "dev", "--function-code", code, "--json")
    assert again.code == 0, again.err
    (summary,) = again.lines
    assert (summary["event"], summary["changed"]) == ("deploy_summary", False)
    assert summary["choices"]["concurrency"] == 8
    assert summary["choices"]["alert_mail"] == ["me@example.org"]
    assert summary["stacks"]["CloudSync-dev-storage"]["outputs"]["S3BucketName"] == ARCHIVE

    compared = aws("aws", "diff", "--env", "dev", "--function-code", code, "--concurrency", "9")
    assert compared.code == 0, compared.err
    assert "choice  concurrency: 8 → 9" in compared.out
    assert "AWS::StepFunctions::StateMachine" in compared.out
    assert "AWS::S3::Bucket" not in compared.out
    client = emulator.client("cloudformation")
    assert client.list_change_sets(StackName="CloudSync-dev")["Summaries"] == []

    asked = aws("aws", "destroy", "--env", "dev")
    assert (asked.code, asked.out) == (2, "")
    assert "cloud-sync aws destroy --env dev --yes" in asked.err
    gone = aws("aws", "destroy", "--env", "dev", "--yes")
    assert gone.code == 0, gone.err
    assert "Deleted CloudSync-dev." in gone.out
    assert ARCHIVE in gone.out
    left = [each["StackName"] for each in client.describe_stacks()["Stacks"]]
    assert sorted(left) == ["CloudSync-assets", "CloudSync-dev-storage"]
    assert ARCHIVE in [each["Name"] for each in emulator.client("s3").list_buckets()["Buckets"]]
    assert "Nothing to delete" in aws("aws", "destroy", "--env", "dev").out

    table = aws.home / "cloud-sync" / "config.toml"
    table.parent.mkdir(exist_ok=True)
    table.write_text("[aws.dev]\nsoft_deadline_hours = 6\n", encoding="utf-8")
    back = aws("aws", "deploy", "--env", "dev", "--function-code", code, "--json")
    assert back.code == 0, back.err
    choices = back.lines[-1]["choices"]
    assert (choices["concurrency"], choices["soft_deadline_hours"]) == (8, 6)


def test_removing_the_archive_itself_is_explained_and_never_done(aws: CommandLine) -> None:
    told = aws("aws", "destroy", "--env", "prod", "--storage", "--yes")
    assert (told.code, told.out) == (2, "")
    assert "never deletes an archive" in told.err
    assert "update-termination-protection" in told.err


def test_before_a_table_or_a_bucket_is_replaced_somebody_is_asked(
    aws: CommandLine, emulator: Ministack, code: Path
) -> None:
    """A storage stack with another bucket in it than the template has: nothing of it goes."""
    emulator.client("cloudformation").create_stack(
        StackName="CloudSync-prod-storage",
        TemplateBody='{"Resources": {"Older": {"Type": "AWS::S3::Bucket",'
        ' "Properties": {"BucketName": "an-older-archive"}}}}',
    )
    deploy = ("aws", "deploy", "--env", "prod", "--function-code", code, "--bootstrap")
    told = aws(*deploy)
    assert told.code == 2, told.err
    assert "Older" in told.err
    assert "HOLDS DATA" in told.err
    assert "--yes" in told.err
    names = [each["Name"] for each in emulator.client("s3").list_buckets()["Buckets"]]
    assert "an-older-archive" in names


@pytest.mark.parametrize(
    ("settings", "arguments", "code", "said"),
    [
        ({"AWS_REGION": ""}, (), 2, "no region is set"),
        (
            {
                "AWS_ACCESS_KEY_ID": "",
                "AWS_SECRET_ACCESS_KEY": "",
                "AWS_EC2_METADATA_DISABLED": "true",
            },
            (),
            4,
            "no usable credentials",
        ),
        ({"AWS_PROFILE": "nobody"}, (), 2, "AWS settings cannot be used"),
        ({}, ("--account", "123456789012"), 2, f"those of account {ACCOUNT}"),
        ({}, ("--concurrency", "41"), 2, "concurrency cannot be 41"),
        ({}, ("--storage-plan", "7/14"), 2, "90 days"),
        ({}, ("--function-code", "/nowhere/at/all"), 2, "is no folder"),
    ],
)
def test_what_is_missing_or_wrong_is_named_before_anything_is_made(
    aws: CommandLine,
    emulator: Ministack,
    settings: dict[str, str],
    arguments: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    given = arguments if "--function-code" in arguments else (*arguments, "--function-code", "/")
    told = aws.using(**settings)("aws", "deploy", "--env", "staging", "--bootstrap", *given)
    assert (told.code, told.out) == (code, ""), told.err
    assert said in told.err
    assert "next: " in told.err
    stacks = emulator.client("cloudformation").describe_stacks()["Stacks"]
    assert not [each for each in stacks if "staging" in each["StackName"]]


@pytest.mark.parametrize("command", ["deploy", "diff", "destroy"])
def test_an_environment_that_does_not_exist_is_refused(bare: CommandLine, command: str) -> None:
    told = bare("aws", command, "--env", "production")
    assert (told.code, told.out) == (2, "")
    assert "dev, staging, prod" in told.err


def test_a_choice_of_the_file_that_cannot_be_is_named_with_its_place(aws: CommandLine) -> None:
    table = aws.home / "cloud-sync" / "config.toml"
    table.parent.mkdir()
    table.write_text("[aws.dev]\nconcurency = 6\n", encoding="utf-8")
    told = aws("aws", "deploy", "--env", "dev")
    assert told.code == 2
    assert "concurency" in told.err
    assert f"[aws.dev] of {table}" in told.err
