"""The summary as people and scripts read it."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from builders import summary
from cloud_sync.errors import ExitCode
from cloud_sync.model.report import Named, Outcome, Result
from cloud_sync.summary.render import (
    count,
    duration_text,
    headline,
    shown_name,
    size_text,
    summary_json,
    summary_text,
)

NAMED = (
    Named("a", "GX1.MP4", Outcome.FAILED, "key_taken", "something lies there"),
    Named("b", "", Outcome.NEEDS_ATTENTION, "no_original", "none offered"),
    Named("c", "GX3.MP4", Outcome.PENDING, "not_ready", "not done"),
)
MIXED = summary(
    Result.COMPLETED_WITH_FAILURES,
    found=10,
    new=4,
    counts={
        Outcome.ALREADY_ARCHIVED: 4,
        Outcome.ARCHIVED: 2,
        Outcome.FAILED: 1,
        Outcome.PENDING: 1,
        Outcome.GONE: 0,
        Outcome.NEEDS_ATTENTION: 1,
        Outcome.FILTERED: 1,
    },
    files_archived=3,
    bytes=1_500_000_000,
    duration_seconds=100.0,
    reasons={"key_taken": 1, "no_original": 1, "not_ready": 1, "filtered": 1},
    named=NAMED,
)


def test_the_json_summary_has_what_scripts_rely_on() -> None:
    found = json.loads(json.dumps(summary_json(MIXED)))
    promised = {
        "event": "run_summary",
        "run_id": "run-1",
        "result": "completed_with_failures",
        "found": 10,
        "new": 4,
        "already_archived": 4,
        "archived": 2,
        "failed": 1,
        "pending": 1,
        "gone": 0,
        "needs_attention": 1,
        "filtered": 1,
        "files_archived": 3,
        "bytes": 1_500_000_000,
        "duration_seconds": 100.0,
        "throughput_mbps": 120.0,
    }
    assert promised.items() <= found.items()
    assert found["found"] == sum(found[outcome.value] for outcome in Outcome)
    assert found["started_at"] == "2026-05-31T12:00:00Z"
    assert found["named"][0] == {
        "media_id": "a",
        "filename": "GX1.MP4",
        "outcome": "failed",
        "code": "key_taken",
        "message": "something lies there",
    }


def test_the_text_names_everything_that_is_missing() -> None:
    assert summary_text(MIXED).splitlines() == [
        "Done, but something is missing.",
        "  found     10 media in the cloud, 4 new",
        "  archived  2 media (3 files, 1.5 GB) in 1 min 40 s, 120 Mbit/s",
        "  before    4 archived by earlier runs",
        "  failed    1 medium: 1 key taken (GX1.MP4)",
        "  look at   1 medium: 1 no original (b)",
        "  pending   1 medium: 1 not ready (GX3.MP4)",
        "  filtered  1 medium",
        "  lies in   /archive",
    ]


def listing_warnings(**facts: object) -> list[str]:
    partly = summary(Result.COMPLETED_WITH_FAILURES, listing_complete=False, **facts)
    assert summary_json(partly)["listing_complete"] is False
    return [line for line in summary_text(partly).splitlines() if "warning" in line]


def test_media_missing_from_the_listing_ask_for_another_run() -> None:
    assert listing_warnings(listing_short_by=2) == [
        "  warning   the listing was incomplete, 2 media short; run again to find the rest"
    ]


def test_unreadable_rows_ask_for_a_report_and_not_for_another_run() -> None:
    (warning,) = listing_warnings(reasons={"unreadable_row": 1})
    assert warning == (
        "  warning   1 row of the listing could not be read, and running again does not help; "
        "report what --verbose prints"
    )


def test_both_kinds_of_an_incomplete_listing_are_told_apart() -> None:
    short, unreadable = listing_warnings(listing_short_by=1, reasons={"unreadable_row": 2})
    assert "1 medium short; run again" in short
    assert "2 rows" in unreadable
    assert "does not help" in unreadable


def test_a_listing_that_was_cut_off_asks_for_another_run() -> None:
    (warning,) = listing_warnings()
    assert "not read to its end; run again" in warning


def test_a_complete_listing_needs_no_warning() -> None:
    assert "warning" not in summary_text(summary())


def test_many_of_a_kind_are_shortened_but_counted() -> None:
    names = tuple(
        Named(str(n), f"GX{n}.MP4", Outcome.FAILED, "key_taken", "taken") for n in range(5)
    )
    counts = {**summary().counts, Outcome.FAILED: 9}
    text = summary_text(summary(counts=counts, named=names, reasons={"key_taken": 9}))
    assert "9 media: 9 key taken (GX0.MP4, GX1.MP4, GX2.MP4 and 6 more)" in text


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (Result.COMPLETED, ExitCode.DONE),
        (Result.COMPLETED_WITH_FAILURES, ExitCode.SOME_FAILED),
        (Result.AUTH_REQUIRED, ExitCode.AUTH_REQUIRED),
        (Result.FAILED, ExitCode.FAILED),
        (Result.INTERRUPTED, ExitCode.INTERRUPTED),
    ],
)
def test_every_result_has_a_headline_and_an_exit_code(result: Result, code: ExitCode) -> None:
    assert result.exit_code == code
    assert headline(summary(result)).endswith("0 media archived (0 B)")


def test_a_name_cannot_steer_the_terminal() -> None:
    named = Named("id", "\x1b[2Jevil\nname\u202e.MP4", Outcome.FAILED, "x", "y")
    assert shown_name(named) == "?[2Jevil?name?.MP4"
    assert shown_name(Named("id", " ", Outcome.FAILED, "x", "y")) == "id"
    assert shown_name(Named("", "", Outcome.FAILED, "x", "y")) == "a row without id"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (1_500_000, "1.5 MB"),
        (123_000_000, "123 MB"),
        (4_200_000_000, "4.2 GB"),
        (3 * 10**15, "3000 TB"),
    ],
)
def test_sizes(size: int, text: str) -> None:
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(4.2, "4.2 s"), (200, "3 min 20 s"), (7500, "2 h 5 min")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_counts_agree_with_their_nouns() -> None:
    assert [count(n, "medium", "media") for n in (0, 1, 2)] == ["0 media", "1 medium", "2 media"]
    assert summary(duration_seconds=0.0, bytes=5).throughput_mbps == 0.0


def test_a_listing_that_proves_nothing_says_why() -> None:
    (warning,) = listing_warnings(message="the cloud counts 0 media, but 7 were listed")
    assert warning == (
        "  warning   the listing was incomplete: the cloud counts 0 media, but 7 were listed; "
        "run again"
    )


def test_the_subject_of_a_notification_tells_an_incomplete_listing() -> None:
    partly = summary(Result.COMPLETED_WITH_FAILURES, listing_complete=False)
    assert headline(partly).startswith("done, but the listing was incomplete: 0 media archived")
    failed = replace(partly, counts={**partly.counts, Outcome.FAILED: 1})
    assert headline(failed).startswith("done, but media failed and the listing was incomplete:")
