"""The pages about deployments say what the commands print and take."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud_sync.aws.stack_changes import Action, ResourceChange, StackEvent
from cloud_sync.aws.stacks import Stacks
from cloud_sync.cli import aws, aws_copies
from cloud_sync.cli.aws_deploy_run import DeployedStack, deploy_json
from cloud_sync.cli.aws_deployables import ARCHIVE, COPIES, Deployable
from cloud_sync.cli.aws_destroy_run import destroy_json
from cloud_sync.cli.aws_diff_run import diff_json
from cloud_sync.cli.aws_display import change_json, event_json
from cloud_sync.cli.aws_plan import Plan
from cloud_sync.deployment.choices import Known, settled
from documentation import code, read, rows_by_code, section

MOMENT = datetime(2026, 11, 21, tzinfo=UTC)


def plan() -> Plan:
    stacks = Stacks(client_options={"region_name": "eu-central-1"})
    stacks.close()
    return Plan("dev", "1", "eu-central-1", settled({}, {}, "f", {}), {}, Path(), stacks)


@pytest.mark.parametrize("name", ["deploy", "diff"])
def test_a_command_that_two_deployments_have_is_declared_once(name: str) -> None:
    """Else an option that one of them gains is missing in the other."""
    declared = {
        command.callback.__code__
        for app in (aws.app, aws_copies.app)
        for command in app.registered_commands
        if command.callback and command.callback.__name__ == name
    }
    assert len(declared) == 1


def test_every_object_of_a_deployment_is_documented_with_its_fields() -> None:
    text = section(read("docs/reference/json.md"), "## aws deploy, diff and destroy")
    printed = [
        event_json(StackEvent("s", MOMENT, "r", "k", "CREATE_COMPLETE")),
        change_json(ResourceChange("s", Action.ADD, "r", "k")),
        deploy_json(plan(), [DeployedStack("s", True, {})]),
        diff_json(plan(), []),
        destroy_json("dev", "1", "eu-central-1", [], {}),
    ]
    told = {name: code(row[1]) for name, row in rows_by_code(text).items()}
    assert told == {
        str(each["event"]): [name for name in each if name != "event"] for each in printed
    }
    assert all(f"`{action.value}`" in text for action in Action)


@pytest.mark.parametrize(
    ("heading", "known", "more"),
    [
        ("## [aws.dev], [aws.staging] and [aws.prod]", ARCHIVE.known, ("account", "region")),
        ("## [aws.dev.copies]", COPIES.known, ()),
    ],
)
def test_every_choice_of_an_environment_is_documented_with_its_first_value(
    heading: str, known: Known, more: tuple[str, ...]
) -> None:
    rows = rows_by_code(section(read("docs/reference/configuration.md"), heading))
    assert list(rows) == [*known, *more]
    for name, choice in known.items():
        _, _, first, meaning = rows[name]
        assert meaning == choice.metadata["help"]
        # not looked up: nought is False to a dictionary
        expected = "false" if choice.default is False else f"`{choice.default}`"
        expected = "none" if choice.default in ((), "") else expected
        assert first == expected, name


@pytest.mark.parametrize("command", ["deploy", "diff"])
@pytest.mark.parametrize("what", [ARCHIVE, COPIES], ids=["archive", "copies"])
def test_every_choice_has_an_option_whose_meaning_is_the_choices_own(
    command: str, what: Deployable
) -> None:
    text = section(read("docs/reference/commands.md"), f"## {what.command} {command}")
    for choice in what.known.values():
        assert choice.metadata["help"] in text, choice.name
