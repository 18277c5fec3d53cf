"""What a run shows: plain lines for people, JSON lines for scripts, and no name steers either."""

from __future__ import annotations

import json

import pytest

from builders import summary
from cloud_sync.cli.display import JsonDisplay, PlainDisplay, QuietDisplay, plain_line
from cloud_sync.cli.terminal import one_line, printable, tell_error, tell_fault
from cloud_sync.errors import ArchiveUnusable, ExitCode
from cloud_sync.model.report import Named, Outcome
from cloud_sync.pipeline.events import (
    Event,
    FileArchived,
    FileFailed,
    FileProgress,
    FileStarted,
    MediumSettled,
    PageListed,
    PlanMade,
    RunEnded,
    RunStarted,
    Warned,
)

EVIL = "\x1b[2J\r\nGX\x07\u202e.MP4"
NAMED = Named("a", EVIL, Outcome.FAILED, "key_taken", "something lies there")

EVENTS: list[tuple[Event, dict[str, object]]] = [
    (RunStarted("run-1", "/archive"), {"event": "run_started", "run_id": "run-1"}),
    (PageListed(2, None), {"event": "page_listed", "found": 2, "total_items": None}),
    (PlanMade(2, 9, 1), {"event": "plan_made", "due": 2, "due_bytes": 9, "already_archived": 1}),
    (
        FileStarted("a", 1, EVIL, "k", 5, 0),
        {"event": "file_started", "media_id": "a", "filename": EVIL, "size": 5},
    ),
    (
        FileArchived("a", 1, EVIL, "k", 5, "crc="),
        {
            "event": "file_archived",
            "media_id": "a",
            "file_number": 1,
            "filename": EVIL,
            "key": "k",
            "size": 5,
            "checksum_crc64nvme": "crc=",
        },
    ),
    (
        FileFailed("a", 1, EVIL, "throttled", "slow down", None),
        {"event": "file_failed", "code": "throttled", "message": "slow down", "retry_in": None},
    ),
    (
        MediumSettled("a", EVIL, Outcome.FAILED, NAMED),
        {"event": "medium_settled", "media_id": "a", "outcome": "failed"},
    ),
    (Warned("careful"), {"event": "warned", "message": "careful"}),
    (RunEnded(summary(found=0)), {"event": "run_summary", "result": "completed", "found": 0}),
]


@pytest.mark.parametrize(("event", "fields"), EVENTS)
def test_every_event_is_one_json_object_on_a_line(
    event: Event, fields: dict[str, object], capsys: pytest.CaptureFixture[str]
) -> None:
    JsonDisplay().observe(event)
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    assert out.strip().isascii()
    assert fields.items() <= json.loads(out).items()


def test_the_progress_of_bytes_is_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    for display in (JsonDisplay(), PlainDisplay(), QuietDisplay()):
        display.observe(FileProgress("a", 1, 100))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "event",
    [
        FileArchived("a", 1, EVIL, f"2026/{EVIL}", 5, "crc="),
        FileFailed("a", 1, EVIL, "throttled", EVIL, 1.5),
        MediumSettled("a", EVIL, Outcome.FAILED, NAMED),
        Warned(EVIL),
    ],
)
def test_control_characters_in_names_never_reach_the_terminal(
    event: Event, capsys: pytest.CaptureFixture[str]
) -> None:
    PlainDisplay().observe(event)
    out, err = capsys.readouterr()
    assert out == "", "standard output bears results only"
    assert err.endswith("\n")
    assert err.rstrip("\n").isprintable()
    assert "GX" in err


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (PageListed(1000, 5000), "listing: 1000 of 5000 media"),
        (PageListed(900, 5000), ""),
        (PlanMade(0, 0, 4), "plan: nothing to archive, 4 archived by earlier runs"),
        (FileArchived("a", 1, "x", "2026/x", 1500, ""), "archived 2026/x (1.5 kB)"),
        (FileFailed("a", 1, "x", "c", "no answer", 1.5), "retrying x in 1.5 s: no answer"),
        (FileFailed("a", 1, "", "c", "no answer", 1.5), "retrying a in 1.5 s: no answer"),
        (FileFailed("a", 1, "x", "c", "no answer", None), ""),
        (
            MediumSettled("a", "x", Outcome.GONE, Named("a", "x", Outcome.GONE, "g", "not there")),
            "left x: not there",
        ),
        (MediumSettled("a", "x", Outcome.ARCHIVED, None), ""),
        (Warned("careful"), "warning: careful"),
    ],
)
def test_plain_lines(event: Event, line: str) -> None:
    assert plain_line(event) == line


def test_texts_of_several_lines_keep_them_and_names_do_not() -> None:
    assert printable("a\nb\x1b\ud800") == "a\nb??"
    assert one_line("a\nb\t") == "a?b?"


def test_an_error_says_what_happened_what_was_kept_and_what_to_type(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = ArchiveUnusable("writing: disk full", kept="Everything so far.", hint="make room")
    assert tell_error(error, verbose=False) is ExitCode.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "error: writing: disk full\n kept: Everything so far.\n next: make room\n"
        " more: cloud-sync explain archive_unusable\n"
    )


def test_a_traceback_is_shown_on_request_only_and_without_secrets(
    capsys: pytest.CaptureFixture[str],
) -> None:
    error = ValueError("GET https://cdn.example/x?sig=s3cr3t")
    assert tell_fault(error, verbose=False) is ExitCode.FAILED
    quiet = capsys.readouterr().err
    assert "https" not in quiet
    assert "ValueError" in quiet
    tell_fault(error, verbose=True)
    loud = capsys.readouterr().err
    assert "https://cdn.example/x?[redacted]" in loud
    assert "s3cr3t" not in loud
