"""Who may do what: every statement of every role, against the lists written here."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assemblies import ENVIRONMENTS, Assemblies, Template
from cloud_sync.deployment.permissions import EVERYWHERE
from documentation import code, read, section, tables

pytestmark = pytest.mark.xdist_group("cdk")

EXPECTED = {
    "token-validator": {"Login", "LoginHistory", "WriteEncrypted"},
    "media-lister": {
        "Login",
        "TrackerItems",
        "TrackerIndex",
        "Manifest",
        "Unfinished",
        "WriteEncrypted",
    },
    "video-downloader": {
        "Login",
        "TrackerItems",
        "TrackerIndex",
        "Originals",
        "Bucket",
        "WriteEncrypted",
    },
    "run-summary": {"TrackerItems", "Manifest", "WriteEncrypted"},
    "failure-marker": {"TrackerItems", "WriteEncrypted"},
}
PAGE = "docs/reference/aws-permissions.md"


def documents(assemblies: Assemblies, name: str) -> dict[str, list[dict[str, Any]]]:
    return documents_of(assemblies.workflow(name))


def documents_of(template: Template) -> dict[str, list[dict[str, Any]]]:
    """The statements of every role, by its logical id."""
    roles = template.all("AWS::IAM::Role")
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


def test_a_vpc_brings_network_interfaces_and_nothing_else(assemblies: Assemblies) -> None:
    """The emulator proves the roles of `dev`; this is all that another environment adds to them."""

    def allowed(name: str) -> set[tuple[str, str]]:
        found = statements(assemblies, name)
        return {(one["Sid"], action) for one in found for action in listed(one["Action"])}

    for name in ("staging", "prod"):
        assert allowed(name) == allowed("dev")
    more = allowed("everything") - allowed("dev")
    assert {sid for sid, _ in more} == {"NetworkInterfaces"}


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
    children = by_sid["Children"]["Resource"]
    for resource in (*listed(children), *listed(by_sid["Redrive"]["Resource"])):
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


def allowing(node: Any) -> Iterator[dict[str, Any]]:
    """Every statement that allows something, wherever in a template it stands."""
    if isinstance(node, dict):
        if node.get("Effect") == "Allow" and ("Action" in node or "NotAction" in node):
            yield node
        for each in node.values():
            yield from allowing(each)
    elif isinstance(node, list):
        for each in node:
            yield from allowing(each)


def test_no_policy_of_any_template_allows_with_a_star(assemblies: Assemblies) -> None:
    """Roles, buckets, queues, topics and trails of all environments. The one exception hands a key
    over to the account's own IAM.
    """
    seen = 0
    for path in assemblies.templates():
        for name, resource in json.loads(path.read_text("utf-8"))["Resources"].items():
            for one in allowing(resource):
                seen += 1
                assert "NotAction" not in one, (path.name, name)
                starred = [action for action in listed(one["Action"]) if "*" in action]
                handed_over = resource["Type"] == "AWS::KMS::Key" and starred == ["kms:*"]
                assert not starred or handed_over, (path.name, name, starred)
    assert seen > 50


def test_nobody_but_a_service_or_the_account_itself_is_let_in(assemblies: Assemblies) -> None:
    """A policy of a resource, or a role's trust, that lets in everybody or another account."""
    for path in assemblies.templates():
        for name, resource in json.loads(path.read_text("utf-8"))["Resources"].items():
            for one in allowing(resource):
                if "Principal" not in one:
                    continue
                principal = one["Principal"]
                assert isinstance(principal, dict), (path.name, name)
                own = {"AWS"} == set(principal) and ":root" in json.dumps(principal)
                assert own or {"Service"} == set(principal), (path.name, name, principal)


KEPT = {"AWS::DynamoDB::Table": "table", "AWS::KMS::Key": "key"}


def plain(resource: Any, resources: dict[str, Any]) -> str:
    """A resource as the page names it: what it is, and the name or the place in it."""
    if isinstance(resource, str):
        return resource
    match resource:
        case {"Fn::Join": [_, list(parts)]}:
            whole = "".join(plain(part, resources) for part in parts)
            return re.sub(r"^arn:aws:[a-z0-9]+:[a-z0-9-]*:[0-9A-Z]*:+", "", whole)
        case {"Fn::GetAtt": [str(name), _]} | {"Ref": str(name)} if name in resources:
            properties = resources[name]["Properties"]
            kind = resources[name]["Type"]
            if kind in KEPT:
                return KEPT[kind]
            for key in ("FunctionName", "StateMachineName", "QueueName", "TopicName"):
                if key in properties:
                    return f"{key.removesuffix('Name').lower()} {properties[key]}"
            return f"log group {properties['LogGroupName']}"
        case {"Ref": "AWS::Partition"}:
            return "aws"
        case {"Ref": str(name)}:
            return {"AWS::Region": "region", "AWS::AccountId": "ACCOUNT"}[name]
        case {"Fn::ImportValue": str(name)}:
            known = {"GetAttTracker": "table", "GetAttKey": "key", "GetAttLogin": "secret"}
            (kept,) = (word for mark, word in known.items() if mark in name)
            return kept
    raise AssertionError(resource)


def told(workflow: Template) -> set[tuple[str, str, str, str]]:
    """Role, statement, actions and resources, as the rows of the page have them."""
    template = workflow.body["Resources"]
    acting = {
        (properties.get("Role") or properties.get("RoleArn") or properties["Target"]["RoleArn"])[
            "Fn::GetAtt"
        ][0]: name
        for properties, name in (
            (each["Properties"], each["Properties"][key])
            for each in template.values()
            for kind, key in (
                ("AWS::Lambda::Function", "FunctionName"),
                ("AWS::StepFunctions::StateMachine", "StateMachineName"),
                ("AWS::Scheduler::Schedule", "Name"),
            )
            if each["Type"] == kind
        )
    }
    rows = set()
    for role, found in documents_of(workflow).items():
        for one in found:
            where = sorted(plain(each, template) for each in listed(one["Resource"]))
            rows.add(
                (
                    acting[role].removesuffix("-dev"),
                    one["Sid"],
                    " ".join(sorted(listed(one["Action"]))),
                    " ".join(where),
                )
            )
    return rows


COPIES = "## The file-copy workflow"


def told_on(text: str) -> set[tuple[str, str, str, str]]:
    rows = [row for row in tables(text) if len(row) == 5]
    assert all(len(row[4].split()) > 2 for row in rows), "each row says why"
    return {
        (code(row[0])[0], code(row[1])[0], " ".join(code(row[2])), " ".join(code(row[3])))
        for row in rows
    }


def test_the_page_of_permissions_has_what_the_roles_have(assemblies: Assemblies) -> None:
    text = read(PAGE)
    archive = text.replace(section(text, COPIES), "")
    assert told_on(archive) == told(assemblies.workflow("everything"))


def test_the_page_of_permissions_has_what_the_roles_of_the_copies_have(
    copies_assemblies: Path,
) -> None:
    path = copies_assemblies / "everything/CloudSync-dev-copies.template.json"
    template = Template(json.loads(path.read_text("utf-8")))
    assert told_on(section(read(PAGE), COPIES)) == told(template)
