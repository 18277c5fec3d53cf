"""Who may do what: every statement of every role, against the lists written here."""

from __future__ import annotations

import json
from typing import Any

import pytest

from assemblies import ENVIRONMENTS, Assemblies
from cloud_sync.archive.s3 import PROBE as ARCHIVE_PROBE
from cloud_sync.deployment.permissions import EVERYWHERE, PROBE

pytestmark = pytest.mark.xdist_group("cdk")

TRACKER = {"TrackerItems", "TrackerIndex"}
EXPECTED = {
    "token-validator": {"Login", *TRACKER, "WriteEncrypted"},
    "media-lister": {"Login", *TRACKER, "Manifest", "Unfinished", "WriteEncrypted"},
    "video-downloader": {
        "Login",
        *TRACKER,
        "Originals",
        "Probe",
        "Bucket",
        "WriteEncrypted",
    },
    "run-summary": {*TRACKER, "Manifest", "Bucket", "WriteEncrypted"},
    "failure-marker": {*TRACKER, "Unfinished", "WriteEncrypted"},
}


def documents(assemblies: Assemblies, name: str) -> dict[str, list[dict[str, Any]]]:
    """The statements of every role, by its logical id."""
    roles = assemblies.workflow(name).all("AWS::IAM::Role")
    return {
        role: [
            statement
            for policy in properties.get("Policies", [])
            for statement in policy["PolicyDocument"]["Statement"]
        ]
        for role, properties in roles.items()
    }


def statements(assemblies: Assemblies, name: str) -> list[dict[str, Any]]:
    return [each for group in documents(assemblies, name).values() for each in group]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


@pytest.mark.parametrize("name", [*ENVIRONMENTS, "everything"])
def test_no_role_has_an_action_with_a_star(assemblies: Assemblies, name: str) -> None:
    actions = [each for one in statements(assemblies, name) for each in listed(one["Action"])]
    assert actions
    assert [each for each in actions if "*" in each] == []


@pytest.mark.parametrize("name", [*ENVIRONMENTS, "everything"])
def test_everywhere_is_only_where_there_is_a_reason(assemblies: Assemblies, name: str) -> None:
    wide = {one["Sid"] for one in statements(assemblies, name) if "*" in listed(one["Resource"])}
    assert wide <= set(EVERYWHERE)
    assert wide >= {"Tracing", "LogDelivery"}


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_cdk_adds_no_policy_behind_our_back(assemblies: Assemblies, name: str) -> None:
    workflow = assemblies.workflow(name)
    assert workflow.all("AWS::IAM::Policy") == {}
    assert all("ManagedPolicyArns" not in each for each in workflow.all("AWS::IAM::Role").values())


@pytest.mark.parametrize("function", sorted(EXPECTED))
def test_a_function_may_do_its_own_work_and_no_other(assemblies: Assemblies, function: str) -> None:
    workflow = assemblies.workflow("dev")
    (properties,) = (
        each
        for each in workflow.all("AWS::Lambda::Function").values()
        if each["FunctionName"] == f"{function}-dev"
    )
    role = properties["Role"]["Fn::GetAtt"][0]
    found = {one["Sid"] for one in documents(assemblies, "dev")[role]}
    assert found == {"OwnLogs", "Tracing"} | EXPECTED[function]


def test_only_the_downloader_writes_originals_and_nobody_deletes_by_key(
    assemblies: Assemblies,
) -> None:
    """Without s3:DeleteObject no role can hide an original; a version can only be removed by its
    own id, which is how a write that failed its check is taken back.
    """
    holders = [
        role
        for role, found in documents(assemblies, "dev").items()
        for one in found
        if "s3:PutObject" in listed(one["Action"])
        and "gopro-videos/" in json.dumps(one["Resource"])
    ]
    assert len(holders) == 1
    assert "videodownloader" in holders[0]
    actions = [each for one in statements(assemblies, "dev") for each in listed(one["Action"])]
    assert "s3:DeleteObject" not in actions


def test_no_function_may_change_the_login(assemblies: Assemblies) -> None:
    actions = {each for one in statements(assemblies, "dev") for each in listed(one["Action"])}
    assert {each for each in actions if each.startswith("secretsmanager:")} == {
        "secretsmanager:GetSecretValue"
    }


def test_the_machine_may_run_its_own_children_alone(assemblies: Assemblies) -> None:
    by_sid = {one["Sid"]: one for one in statements(assemblies, "dev")}
    started = json.dumps(by_sid["Executions"]["Resource"])
    assert ":stateMachine:gopro-sync-orchestrator-dev" in started
    for resource in listed(by_sid["Children"]["Resource"]):
        assert ":execution:gopro-sync-orchestrator-dev" in json.dumps(resource)


def test_roles_trust_one_service_of_this_account(assemblies: Assemblies) -> None:
    for properties in assemblies.workflow("dev").all("AWS::IAM::Role").values():
        (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
        service = trust["Principal"]["Service"]
        if service == "lambda.amazonaws.com":
            continue
        assert trust["Condition"] == {
            "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        }


def test_the_key_is_the_accounts_and_no_one_elses(assemblies: Assemblies) -> None:
    """`kms:*` for the account itself is how a key's policy hands over to IAM; nothing else may."""
    policy = assemblies.storage("dev").one("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    wide = [one for one in policy if any("*" in action for action in listed(one["Action"]))]
    assert len(wide) == 1
    assert ":root" in json.dumps(wide[0]["Principal"])


def test_the_probe_that_may_be_written_is_the_one_that_the_archive_writes() -> None:
    assert PROBE == ARCHIVE_PROBE
