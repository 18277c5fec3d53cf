"""What `cloud-sync demo --aws` prints, from its events and from what it found."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from builders import tracked
from cloud_sync.cli.demo_aws.checks import Check
from cloud_sync.cli.demo_aws.display import json_of, line_of, shown
from cloud_sync.cli.demo_aws.events import (
    DemoEvent,
    ExecutionEnded,
    ExecutionStarted,
    MediumArchived,
    NoticeReceived,
    StateEntered,
    StepBegun,
    StepDone,
)
from cloud_sync.cli.demo_aws.execution import Ended, archived, outcome
from cloud_sync.cli.demo_aws.notices import Notice
from cloud_sync.cli.demo_aws.play import alert_told
from cloud_sync.cli.demo_aws.report import Facts, report
from cloud_sync.cli.demo_aws.run import require_well, tell_facts
from cloud_sync.emulator.template import LeftOut
from cloud_sync.errors import CloudSyncError
from cloud_sync.model.tracking import Status, TrackedFile

LINES: list[tuple[DemoEvent, str]] = [
    (StepBegun("building"), ""),
    (StepDone("stack", "S, 6 resources", 1.04), "stack      S, 6 resources (1.0 s)"),
    (ExecutionStarted("demo-1", "all"), "\nExecution demo-1: all"),
    (StateEntered("demo-1", "ListMedia", 2.5), "    2.5 s  ListMedia"),
    (MediumArchived("demo-1", "k", 1, 400_000, 1, 2), "           archived k (400 kB)"),
    (MediumArchived("demo-1", "k", 8, 400_000, 1, 2), "           archived k (400 kB, 8 files)"),
    (ExecutionEnded("demo-1", "SUCCEEDED", "x", 9.0), "    9.0 s  SUCCEEDED: x"),
    (NoticeReceived("Failure", "1 failed"), "  alert    Failure: 1 failed"),
]


@pytest.mark.parametrize(("event", "line"), LINES)
def test_every_event_has_its_line(event: DemoEvent, line: str) -> None:
    assert line_of(event) == line


def test_an_event_as_json_bears_its_name_and_all_that_it_tells() -> None:
    told = json_of(MediumArchived("demo-1", "k", 1, 400, 1, 2))
    assert told == {
        "event": "medium_archived",
        "execution": "demo-1",
        "key": "k",
        "files": 1,
        "bytes": 400,
        "done": 1,
        "due": 2,
    }


def test_plain_lines_hold_nothing_that_steers_a_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with shown(json=False, quiet=False) as observe:
        observe(ExecutionStarted("demo-1", "all"))
        observe(MediumArchived("demo-1", "a\x1b[2J\nb", 1, 1, 1, 1))
    assert capsys.readouterr().err == (
        "\nExecution demo-1: all\n           archived a?[2J?b (1 B)\n"
    )


def test_quiet_means_nothing_on_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    with shown(json=False, quiet=True) as observe:
        for event, _ in LINES:
            observe(event)
    assert capsys.readouterr() == ("", "")


def test_a_medium_is_told_with_all_its_files() -> None:
    files = tuple(
        TrackedFile(number, f"k{number}", "n", Status.COMPLETED, 100) for number in (1, 2)
    )
    row = tracked("a", Status.COMPLETED, s3_key="k1", files=files)
    assert archived("demo-1", row, 3, 4) == MediumArchived("demo-1", "k1", 2, 200, 3, 4)


SUMMARY = {"archived": 2, "files_archived": 3, "bytes": 400, "failed": 0}


@pytest.mark.parametrize(
    ("document", "states", "told"),
    [
        ({"summary": SUMMARY}, ("SyncComplete",), "2 media archived (3 files, 400 B)"),
        (
            {"summary": SUMMARY | {"failed": 1}},
            ("SyncComplete",),
            "2 media archived (3 files, 400 B), 1 failed",
        ),
        (
            {"media": {"new_count": 0, "already_synced": 2}, "summary": None},
            ("NoNewVideos",),
            "nothing left to do, 2 media archived before",
        ),
        ({}, ("A", "CriticalFailure"), "it ended in CriticalFailure"),
        ({}, (), "it ended in no state at all"),
    ],
)
def test_an_execution_is_told_by_its_last_document(
    document: dict[str, Any], states: tuple[str, ...], told: str
) -> None:
    assert outcome(Ended("demo-1", "arn", "SUCCEEDED", states, document, 1.0)) == told


def test_an_alert_is_told_by_its_counts_and_ids() -> None:
    document = {"archived": 1, "failed": 2, "failed_ids": ["a", "b"], "message": "long"}
    assert alert_told(Notice("s", document)) == "1 archived, 2 failed (a, b)"


def facts(*checks: Check, large: int = 0, left_out: tuple[LeftOut, ...] = ()) -> Facts:
    return Facts(checks, Path("/d/aws"), Path("/d/aws/ministack.log"), large, left_out)


def test_the_report_tells_what_held_what_is_not_shown_and_what_to_type_next() -> None:
    lines = list(report(facts(Check("39 originals")), 61))
    text = " ".join(lines)
    assert "ok         39 originals" in lines
    assert "DIFFERENT" not in text
    assert "An emulator is not AWS" in text
    assert "S3 Glacier Deep Archive" in text
    assert "1 min 1 s" in text
    assert "  cloud-sync aws deploy --env dev" in lines
    assert max(map(len, lines)) <= 100


def test_the_report_names_each_difference() -> None:
    lines = list(report(facts(Check("39 originals", ("k differs", "l differs"))), 1))
    assert lines[1:4] == ["DIFFERENT  39 originals", "           k differs", "           l differs"]


def test_the_report_names_what_stayed_out_and_why() -> None:
    left_out = (LeftOut("Trail", "T", "no trail"), LeftOut("Query", "Q", "no trail"))
    text = " ".join(report(facts(large=4, left_out=left_out), 1))
    assert "4 media with files above 8 MiB stayed out" in text
    assert "Not deployed, for no trail: Trail, Query." in text
    assert "stayed out" not in " ".join(report(facts(), 1))


def test_the_result_as_json_has_every_check_with_its_differences(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell_facts(facts(Check("39 originals", ("k differs",)), Check("28 rows")), 1.26, json=True)
    assert json.loads(capsys.readouterr().out) == {
        "event": "demo_aws_verified",
        "seconds": 1.3,
        "checks": [
            {"told": "39 originals", "differences": ["k differs"]},
            {"told": "28 rows", "differences": []},
        ],
    }


def test_a_demo_that_shows_anything_else_than_it_says_is_an_error_that_names_it() -> None:
    require_well(facts(Check("39 originals")))
    with pytest.raises(CloudSyncError, match=r"1 thing is .* k differs") as told:
        require_well(facts(Check("39 originals"), Check("28 rows", ("k differs",))))
    assert told.value.exit_code == 1
    assert "ministack.log" in told.value.hint
