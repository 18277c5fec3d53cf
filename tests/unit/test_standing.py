"""What `status` and `list` tell of an archive, from the tracker alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from builders import NOON, item, summary, tracked
from cloud_sync.cli.list_files import line_of, rows_of
from cloud_sync.cli.status import standing_json, standing_text
from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import outlook
from cloud_sync.model.report import Outcome, Result
from cloud_sync.model.tracking import Reason, Status, TrackedFile
from cloud_sync.pipeline.standing import Standing, standing
from cloud_sync.secret import Secret
from cloud_sync.summary.render import age_text
from cloud_sync.tracker.base import Entry, Tally
from cloud_sync.tracker.memory import MemoryTracker
from cloud_sync.tracker.plan import GROWN
from cloud_sync.tracker.repair_plan import FETCH_AGAIN

BROKEN = Reason("service_unavailable", "no answer")
LOGIN = outlook(StoredCredential(Secret("s3cr3t"), NOON - timedelta(days=3), "the file"), ())
BARE = Reason("no_original", "only a proxy")


def standing_of(failures: int = 0, bare: int = 0, **login: object) -> Standing:
    empty = dict.fromkeys(Status, Tally(0, 0, 0))
    return Standing(
        archive="/archive",
        now=NOON,
        tallies={**empty, Status.COMPLETED: Tally(2, 3, 1_500_000)},
        last_run=summary(
            found=2, counts={**summary().counts, Outcome.ARCHIVED: 2}, bytes=1_500_000
        ),
        failures=[
            tracked(f"f{n}", Status.FAILED, reason=BROKEN, attempts=2) for n in range(failures)
        ],
        without_original=[tracked(f"b{n}", Status.SKIPPED, reason=BARE) for n in range(bare)],
        login=LOGIN if login else None,
    )


def test_it_is_gathered_without_calling_anybody() -> None:
    tracker = MemoryTracker()
    tracker.begin_run("run-1", "me", now=NOON, until=NOON + timedelta(seconds=60))
    tracker.end_run(summary(Result.COMPLETED))
    credential = StoredCredential(Secret("s3cr3t"), NOON, "the file")
    found = standing(tracker, "/archive", credential, NOON)
    assert found.last_run == summary(Result.COMPLETED)
    assert found.login is not None
    assert (found.login.origin, found.login.stored_at) == ("the file", NOON)
    assert set(found.tallies) == set(Status)
    assert "s3cr3t" not in repr(found)
    assert standing(MemoryTracker(), "/archive", None, NOON).last_run is None


def test_the_text_is_a_few_lines() -> None:
    assert standing_text(standing_of(1, stored=True), brief=False).splitlines() == [
        "Archive /archive",
        "  COMPLETED    2 media, 3 files, 1.5 MB",
        "  last run     2026-05-31T12:00:00Z: done: 2 media archived (1.5 MB)",
        "  login        3 days old, from the file",
        "  needs you    GXf0.MP4: no answer",
    ]
    assert "cloud-sync login" in standing_text(standing_of(), brief=False)
    many = standing_text(standing_of(9), brief=True)
    assert many.count("needs you") == 5
    assert "cloud-sync list --status FAILED" in many


def test_media_without_an_original_need_a_person_too() -> None:
    text = standing_text(standing_of(1, 1), brief=True)
    assert text.splitlines()[-2:] == [
        "  needs you    GXf0.MP4: no answer",
        "  needs you    GXb0.MP4: only a proxy",
    ]
    many = standing_text(standing_of(0, 6), brief=True)
    assert many.count("needs you") == 5
    assert "cloud-sync list --status SKIPPED" in many
    found = standing_json(standing_of(1, 1))["needs_attention"]
    assert isinstance(found, list)
    assert [each["code"] for each in found] == ["service_unavailable", "no_original"]


def test_files_that_do_not_give_the_sources_checksum_need_a_person() -> None:
    """They are stored, so nothing else would ever name them."""
    suspects = [("a", TrackedFile(1, f"k/{n}.MP4", f"{n}.MP4")) for n in range(6)]
    found = replace(standing_of(), source_suspects=suspects)
    text = standing_text(found, brief=True)
    assert text.count("needs you    k/") == 5
    assert "cloud-sync status --json" in text
    assert text.endswith(f"next: where one is damaged, {FETCH_AGAIN}")
    named = standing_json(found)["needs_attention"]
    assert isinstance(named, list)
    assert [(each["filename"], each["code"]) for each in named] == [
        (f"{n}.MP4", "source_damaged") for n in range(6)
    ]


def test_media_that_grew_need_a_person_until_a_complete_listing_says_otherwise() -> None:
    """They are COMPLETED, so only what a run saw can name them; one cut short saw nothing."""
    tracker = MemoryTracker()
    runs = [({GROWN: 1}, True), ({GROWN: 2, "filtered": 7}, True), ({}, False)]
    for number, (reasons, complete) in enumerate(runs):
        run_id, now = f"run-{number}", NOON + timedelta(hours=number)
        tracker.begin_run(run_id, "me", now=now, until=now + timedelta(seconds=60))
        ended = summary(run_id=run_id, started_at=now, reasons=reasons, listing_complete=complete)
        tracker.end_run(ended)
    found = standing(tracker, "/archive", None, NOON)
    assert found.grown == 2
    assert standing_text(found, brief=True).splitlines()[-1] == (
        "  needs you    2 archived media grew in the cloud; cloud-sync sync names them"
    )
    assert standing_json(found)["grown_at_source"] == 2
    assert "grew" not in standing_text(standing_of(), brief=True)


def test_of_what_was_skipped_only_media_without_an_original_need_a_person() -> None:
    tracker = MemoryTracker()
    reasons = {"a": BARE, "b": Reason("filtered", "no"), "c": Reason("gone_at_source", "gone")}
    tracker.remember(
        [Entry(item(each), Status.SKIPPED, reason) for each, reason in reasons.items()], now=NOON
    )
    found = standing(tracker, "/archive", None, NOON)
    assert [medium.media_id for medium in found.without_original] == ["a"]
    assert found.failures == []


def test_a_name_in_the_status_stays_on_its_line() -> None:
    found = standing_of()
    evil = tracked("x", Status.FAILED, filename="a\nCOMPLETED  b\x1b[2J", reason=BROKEN)
    text = standing_text(
        Standing(found.archive, found.now, found.tallies, None, [evil], [], None),
        brief=True,
    )
    assert text.splitlines()[-1] == "  needs you    a?COMPLETED  b?[2J: no answer"


def test_the_json_has_counts_login_and_failures() -> None:
    found = standing_json(standing_of(1, stored=True))
    assert found["login"] == {
        "origin": "the file",
        "stored_at": "2026-05-28T12:00:00Z",
        "age_seconds": 3 * 86400.0,
        "last_worked_at": None,
        "refused_at": None,
        "learned_life_seconds": None,
        "warning": "",
    }
    assert found["needs_attention"] == [
        {
            "media_id": "f0",
            "filename": "GXf0.MP4",
            "code": "service_unavailable",
            "message": "no answer",
            "attempts": 2,
        }
    ]
    statuses = found["statuses"]
    assert isinstance(statuses, dict)
    assert statuses["COMPLETED"] == {"media": 2, "files": 3, "bytes": 1_500_000}
    assert statuses["FAILED"] == {"media": 0, "files": 0, "bytes": 0}
    assert standing_json(standing_of())["login"] is None


@pytest.mark.parametrize(
    ("age", "text"),
    [
        (timedelta(seconds=-5), "0 minutes"),
        (timedelta(minutes=1), "1 minute"),
        (timedelta(hours=5), "5 hours"),
        (timedelta(days=3), "3 days"),
    ],
)
def test_ages(age: timedelta, text: str) -> None:
    assert age_text(age) == text


def test_list_gives_one_object_per_file() -> None:
    medium = tracked(
        "a",
        Status.FAILED,
        reason=BROKEN,
        attempts=2,
        captured_at=NOON,
        file_size=99,
        files=(
            TrackedFile(1, "2026/a.MP4", "a.MP4", Status.COMPLETED, 0, "crc="),
            TrackedFile(2, "2026/a-2.MP4", "", Status.PENDING),
        ),
    )
    first, second = rows_of(medium)
    assert first == {
        "media_id": "a",
        "file_number": 1,
        "filename": "a.MP4",
        "status": "COMPLETED",
        "key": "2026/a.MP4",
        "size": 0,
        "checksum_crc64nvme": "crc=",
        "captured_at": "2026-05-31T12:00:00+00:00",
        "attempts": 2,
        "source_check": None,
        "error": None,
    }
    assert second["status"] == "FAILED"
    assert second["filename"] == "GXa.MP4"
    assert second["size"] is None
    assert second["error"] == {"code": "service_unavailable", "message": "no answer"}


def test_list_shows_a_medium_whose_files_are_not_known_yet() -> None:
    medium = tracked("a", Status.PENDING, reason=Reason("not_ready", "wait"), file_size=99)
    (row,) = rows_of(medium)
    assert (row["key"], row["size"], row["status"]) == (None, 99, "PENDING")
    assert row["error"] == {"code": "not_ready", "message": "wait"}
    assert line_of(row) == f"{'PENDING':<11}  {99:>14}  GXa.MP4  (wait)"
