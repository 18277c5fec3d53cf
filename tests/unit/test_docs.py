"""The documentation says what the program does: held against the code, table by table."""

from __future__ import annotations

import dataclasses
import json
import re
import tomllib
import typing
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pytest
import typer.main
from typer.core import TyperGroup

from cloud_sync.archive.audit import Depth, Examined
from cloud_sync.archive.s3_dialects import DIALECTS
from cloud_sync.archive.verify import Finding, Verdict
from cloud_sync.cli.application import app
from cloud_sync.cli.list_files import rows_of
from cloud_sync.cli.reconcile_run import reconciliation_json, repair_json
from cloud_sync.cli.status import standing_json
from cloud_sync.cli.verify_run import finding_json, verification_json
from cloud_sync.config.schema import HOME_ENV, SETTINGS
from cloud_sync.errors import CloudSyncError, ExitCode, InternalError
from cloud_sync.handlers import failure_reason
from cloud_sync.model.report import UNREADABLE_ROW, Outcome, Result, RunSummary
from cloud_sync.model.storage_plan import StoragePlan, Transition, parse_storage_plan
from cloud_sync.model.tracking import Status, TrackedFile, TrackedMedium
from cloud_sync.pipeline import run_end
from cloud_sync.pipeline.events import Event, FileProgress, RunEnded
from cloud_sync.pipeline.reconciling import Reconciliation, Repair
from cloud_sync.pipeline.standing import Standing
from cloud_sync.pipeline.transferring import LEFT
from cloud_sync.pipeline.vault import StoredFile
from cloud_sync.pipeline.verifying import FileFound, Verification
from cloud_sync.summary.render import summary_json
from cloud_sync.tracker import plan, repair_plan
from documentation import FENCE, NAMES, PAGES, code, read, rows_by_code, section, tables

MOMENT = datetime(2026, 11, 21, tzinfo=UTC)
TYPED = re.compile(r"(?:^|[\s/])cloud-sync ([a-z]+(?:-[a-z]+)*)(?![a-z-]*:)([^|;]*)")
"""A command as a page shows it typed, and what follows up to a pipe."""


@cache
def command_group() -> TyperGroup:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group


@cache
def commands() -> dict[str, Any]:
    """Every command by what is typed after `cloud-sync`, those of groups by several words."""
    return dict(below(command_group()))


def below(group: TyperGroup) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if isinstance(command, TyperGroup):
            yield from ((f"{name} {each}", value) for each, value in below(command))
        else:
            yield name, command


def options_of(command: Any) -> set[str]:
    """All spellings of the options, those of help included, which every command has."""
    params = command.params
    named = {name for each in params for name in (*each.opts, *each.secondary_opts)}
    return {name for name in named if name.startswith("-")} | {"-h", "--help"}


def documented_options(text: str) -> set[str]:
    return {
        piece.split()[0] for row in tables(text) for piece in code(row[0]) if piece.startswith("-")
    }


def subclasses(kind: type[CloudSyncError]) -> Iterator[type[CloudSyncError]]:
    for below in kind.__subclasses__():
        yield below
        yield from subclasses(below)


def error_classes() -> dict[str, type[CloudSyncError]]:
    """The errors that are raised, by code: those that stand for a group are not.

    Copies between buckets have codes of their own: see `test_docs_copies.py`.
    """
    ours = [
        kind
        for kind in subclasses(CloudSyncError)
        if kind.__module__.startswith("cloud_sync")
        and not kind.__module__.startswith("cloud_sync.replicate")
    ]
    assert InternalError in ours
    return {kind.code: kind for kind in ours if not set(kind.__subclasses__()) & set(ours)}


def test_every_setting_is_documented_as_the_schema_has_it() -> None:
    text = read("docs/reference/configuration.md")
    rows = rows_by_code(text.split("\n## ", 1)[0])
    assert list(rows) == [setting.name for setting in SETTINGS]
    flags = options_of(command_group().commands["sync"])
    for setting in SETTINGS:
        _, env, option, in_file, default, meaning = rows[setting.name]
        flag = "--" + setting.name.replace("_", "-")
        assert code(env) == [setting.env]
        assert code(option) == ([flag] if flag in flags else [])
        assert in_file == ("yes" if setting.in_file else "no")
        assert code(default) == ([setting.default] if setting.default else [])
        assert meaning
    assert section(text, f"## {HOME_ENV}")


def test_no_page_names_a_setting_that_does_not_exist() -> None:
    known = {setting.env for setting in SETTINGS} | {HOME_ENV}
    for page in PAGES:
        named = set(re.findall(r"CLOUD_SYNC_[A-Z0-9_]+", page.read_text("utf-8")))
        assert named <= known, page


def test_the_example_of_the_settings_file_can_be_read() -> None:
    in_file = {setting.name: setting for setting in SETTINGS if setting.in_file}
    blocks = [
        content
        for name in ("docs/reference/configuration.md", "docs/how-to/schedule.md")
        for language, content in FENCE.findall(read(name))
        if language == "toml"
    ]
    assert len(blocks) == 2
    for block in blocks:
        for name, value in tomllib.loads(block).items():
            in_file[name].check(str(value))


def test_every_command_and_option_is_documented_and_no_other() -> None:
    text = read("docs/reference/commands.md")
    group = command_group()
    told = re.findall(r"^## cloud-sync (\w[\w -]*)$", text, re.MULTILINE)
    assert sorted(told) == sorted(commands())
    common = documented_options(section(text, "## Options of every command"))
    assert documented_options(section(text, "## cloud-sync")) == options_of(group)
    for name, command in commands().items():
        own = documented_options(section(text, f"## cloud-sync {name}"))
        assert own | common == options_of(command), name
        assert not own & common, name


@pytest.mark.parametrize("name", NAMES)
def test_every_example_can_be_typed(name: str) -> None:
    """No page shows a command or an option that the program does not have."""
    text = read(name)
    shown = [block for _, block in FENCE.findall(text)]
    shown += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    known = commands()
    for line in (line.split("#")[0] for block in shown for line in block.splitlines()):
        for command, rest in TYPED.findall(line):
            own, _, passed = rest.partition(" -- ")
            options = set(re.findall(r"(?<=\s)--?[a-z][\w-]*", own))
            assert options <= options_of(typed(command, own, line)), line
            passed_on = set(re.findall(r"--?[a-z][\w-]*", passed))
            assert passed_on <= options_of(known["sync"]), line


def typed(command: str, rest: str, line: str) -> Any:
    """The command that a page shows; a group by itself stands for what it has in common."""
    known = commands()
    words = rest.split()
    longer = (" ".join([command, *words[:number]]) for number in (2, 1))
    full = next((each for each in longer if each in known), command)
    assert full in known or (full in command_group().commands and not words), line
    return known.get(full, command_group().commands[command])


def test_examples_are_recognised_as_such() -> None:
    """Were they not, no wrong one would be found."""
    typed = TYPED.findall(read("docs/reference/commands.md"))
    assert {command for command, _ in typed} >= {"sync", "status", "doctor"}


def test_every_error_is_documented_with_its_exit_code() -> None:
    text = section(read("docs/reference/exit-codes-and-messages.md"), "## Errors")
    rows = rows_by_code(text)
    errors = error_classes()
    assert set(rows) == set(errors)
    for name, kind in errors.items():
        assert rows[name][2] == str(int(kind.exit_code)), name


@pytest.mark.parametrize("name", ["README.md", "docs/reference/exit-codes-and-messages.md"])
def test_every_exit_code_is_documented(name: str) -> None:
    told = [row[0] for row in tables(read(name)) if row[0].isdecimal()]
    assert told == [str(int(number)) for number in ExitCode]


def test_every_result_is_documented() -> None:
    told = {piece for row in tables(read("docs/reference/json.md")) for piece in code(row[1])}
    assert {result.value for result in Result} <= told


def test_every_reason_is_documented_and_no_other() -> None:
    text = read("docs/reference/statuses.md")
    planned = {plan.FILTERED, plan.NOT_READY, plan.QUARANTINED, plan.LIMIT_REACHED}
    planned |= {plan.GROWN, plan.ELSEWHERE.code, UNREADABLE_ROW, plan.VANISHED.code}
    planned |= {reason.code for reason in LEFT.values()}
    planned |= {plan.NOT_ASKED_FOR.code, repair_plan.ADOPTED.code, repair_plan.MISSING.code}
    planned |= failure_reason.CODES | {run_end.CUT_OFF.code, run_end.OUT_OF_TIME.code}
    rows = rows_by_code(section(text, "## Reasons"))
    assert set(rows) == planned | set(error_classes())
    for name, (_, outcome, status, next_run) in rows.items():
        assert outcome in {member.value for member in Outcome}, name
        assert status in {*Status, "–"}, name
        assert next_run, name


def test_every_status_and_outcome_is_documented() -> None:
    text = read("docs/reference/statuses.md")
    assert set(rows_by_code(text.split("\n## ", 1)[0])) == set(Status)
    assert set(rows_by_code(section(text, "## Outcomes"))) == set(Outcome)


def test_the_numbers_of_the_plan_are_the_ones_documented() -> None:
    text = read("docs/reference/statuses.md")
    assert plan.QUARANTINE_AFTER == 5
    assert "five failing runs in a row" in text
    assert f"{plan.RECHECK_AFTER.days} days" in text


def test_every_event_is_documented_with_its_fields() -> None:
    text = section(read("docs/reference/json.md"), "## sync")
    rows = rows_by_code(text.split("\n### ", 1)[0])
    printed = [kind for kind in typing.get_args(Event) if kind not in (FileProgress, RunEnded)]
    events = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", kind.__name__).lower(): [
            field.name for field in dataclasses.fields(kind)
        ]
        for kind in printed
    }
    assert {name: code(row[1]) for name, row in rows.items()} == events


def summary() -> RunSummary:
    return RunSummary(
        "r", Result.COMPLETED, "/a", MOMENT, 1.0, 0, 0, dict.fromkeys(Outcome, 0), 0, 0, True
    )


def field_names(text: str) -> list[str]:
    return [piece for row in tables(text) for piece in code(row[0])]


def test_every_field_of_the_summary_is_documented() -> None:
    text = read("docs/reference/json.md")
    assert field_names(section(text, "### run_summary")) == list(summary_json(summary()))


def test_the_example_of_a_summary_has_the_fields_and_adds_up() -> None:
    text = section(read("docs/reference/json.md"), "### run_summary")
    example = json.loads(FENCE.findall(text)[0][1])
    assert list(example) == list(summary_json(summary()))
    assert example["found"] == sum(example[outcome.value] for outcome in Outcome)


def test_every_field_of_list_and_status_is_documented() -> None:
    text = read("docs/reference/json.md")
    row = next(rows_of(TrackedMedium("m", "GX01.MP4", Status.PENDING)))
    listed = section(text, "## list")
    assert field_names(listed) == list(row)
    assert list(json.loads(FENCE.findall(listed)[0][1])) == list(row)
    standing = Standing("/a", MOMENT, {}, None, (), (), None)
    assert field_names(section(text, "## status")) == list(standing_json(standing))


def test_the_dialects_of_s3_are_the_ones_documented() -> None:
    text = section(read("docs/how-to/destinations.md"), "## Other services")
    rows = rows_by_code(text.split("\n### ", 1)[0])
    assert set(rows) == set(DIALECTS)
    for name, dialect in DIALECTS.items():
        assert rows[name][2].startswith("yes" if dialect.crc64nvme else "no"), name
        assert rows[name][4] == ("yes" if dialect.tags else "no"), name


def test_lifecycle_rules_do_what_the_storage_plans_say() -> None:
    text = read("docs/how-to/destinations.md")
    blocks = [json.loads(block) for language, block in FENCE.findall(text) if language == "json"]
    rules = [rule for block in blocks for rule in block.get("Rules", [block]) if "ID" in rule]
    moves = {rule["ID"]: rule["Transitions"] for rule in rules if "Transitions" in rule}

    def documented(rule: str) -> tuple[Transition, ...]:
        return tuple(Transition(move["Days"], move["StorageClass"]) for move in moves[rule])

    def transitions(name: str) -> tuple[Transition, ...]:
        found: StoragePlan = parse_storage_plan(name)
        return found.transitions

    assert documented("cloud-sync-grace-30") == transitions("grace:30")
    assert documented("cloud-sync-founding-97") == transitions("founding-97")


def test_every_field_of_verify_and_reconcile_is_documented() -> None:
    file = TrackedFile(1, "k", "n", Status.COMPLETED, 1, "c")
    examined = Examined(Finding(Verdict.MISSING, "m"), None)
    repair = Repair(repair_plan.KEEP, "k")
    printed = {
        "verify": [
            finding_json(FileFound(StoredFile("a", file), examined)),
            verification_json(Verification("/a", Depth.RECORDS)),
        ],
        "reconcile": [repair_json(repair), reconciliation_json(Reconciliation("/a", False))],
    }
    for command, objects in printed.items():
        text = section(read("docs/reference/json.md"), f"## {command}")
        told = {piece: code(row[1]) for row in tables(text) for piece in code(row[0])}
        for each in objects:
            assert told[str(each.pop("event"))] == list(each), command
