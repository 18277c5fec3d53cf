"""The decision table of `tracker/plan.py`, row by row, and what a plan writes."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest

from builders import NOON, item, tracked
from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Outcome
from cloud_sync.model.tracking import Reason, Status, TrackedFile, TrackedMedium
from cloud_sync.tracker.base import Entry
from cloud_sync.tracker.plan import (
    GROWTH,
    QUARANTINE_AFTER,
    RECHECK_AFTER,
    VANISHED,
    Plan,
    Policy,
    decide,
    filtered_by,
    plan_batch,
)

GONE = Reason("gone_at_source", "no longer there")
BARE = Reason("no_original", "no original is offered")
BROKEN = Reason("service_unavailable", "no answer")
HOUR = timedelta(hours=1)
NO_VIDEO = Policy(types=frozenset({"photo"}))
RETRY = Policy(retry_failed=True)
UNREADY = item(ready=False, state="transcoding")
CHANGED = item(updated_at=NOON)


def archived(*sizes: int) -> TrackedMedium:
    files = tuple(
        TrackedFile(number, f"key{number}", "GXa.MP4", Status.COMPLETED, size)
        for number, size in enumerate(sizes, 1)
    )
    return tracked(status=Status.COMPLETED, files=files)


def live(lease: timedelta = HOUR) -> TrackedMedium:
    return tracked(status=Status.IN_PROGRESS, lease_owner="other", lease_until=NOON + lease)


def skipped(reason: Reason, ago: timedelta = HOUR) -> TrackedMedium:
    return tracked(status=Status.SKIPPED, reason=reason, sync_timestamp=NOON - ago)


def broken(failures: int) -> TrackedMedium:
    return tracked(status=Status.FAILED, reason=BROKEN, attempts=99, failures=failures)


DUE = (Status.PENDING, None, None)
DONE = (Status.COMPLETED, Outcome.ALREADY_ARCHIVED, None)
ELSEWHERE = (Status.IN_PROGRESS, Outcome.PENDING, "claimed_elsewhere")
FILTERED = (Status.SKIPPED, Outcome.FILTERED, "filtered")
GREW = (Status.COMPLETED, Outcome.NEEDS_ATTENTION, "grown_at_source")
NOT_READY = (Status.PENDING, Outcome.PENDING, "not_ready")
STAYS_GONE = (Status.SKIPPED, Outcome.GONE, "gone_at_source")
STAYS_BARE = (Status.SKIPPED, Outcome.NEEDS_ATTENTION, "no_original")
QUARANTINED = (Status.FAILED, Outcome.NEEDS_ATTENTION, "quarantined")

TABLE = [
    # tracked as, listed as, policy, decision
    (tracked(status=Status.COMPLETED), item(), Policy(), DONE),
    (tracked(status=Status.COMPLETED), CHANGED, Policy(), DONE),
    (tracked(status=Status.COMPLETED), UNREADY, Policy(), DONE),
    (tracked(status=Status.COMPLETED), item(), NO_VIDEO, DONE),
    (archived(10, 20), item(file_count=2, size=30), Policy(), DONE),
    (archived(10, 20), item(file_count=3, size=None), Policy(), GREW),
    (archived(10, 20), item(file_count=3), NO_VIDEO, GREW),
    (archived(10, 20), item(file_count=1, size=3), Policy(), DONE),
    (archived(10), item(file_count=9, type="MultiClipEdit"), Policy(), DONE),
    (archived(10), item(size=10 + GROWTH), Policy(), DONE),
    (archived(10), item(size=11 + GROWTH), Policy(), GREW),
    (tracked(status=Status.COMPLETED), item(file_count=9, size=1 << 40), Policy(), DONE),
    (live(), item(), Policy(), ELSEWHERE),
    (live(), item(), NO_VIDEO, ELSEWHERE),
    (live(), UNREADY, Policy(), ELSEWHERE),
    (live(timedelta(0)), item(), Policy(), DUE),
    (None, item(), NO_VIDEO, FILTERED),
    (None, UNREADY, NO_VIDEO, FILTERED),
    (broken(9), item(), NO_VIDEO, FILTERED),
    (skipped(GONE), item(), NO_VIDEO, FILTERED),
    (None, UNREADY, Policy(), NOT_READY),
    (broken(9), UNREADY, Policy(), NOT_READY),
    (skipped(GONE), UNREADY, Policy(), NOT_READY),
    (skipped(GONE), item(), Policy(), STAYS_GONE),
    (skipped(BARE), item(), Policy(), STAYS_BARE),
    (skipped(BARE), CHANGED, Policy(), DUE),
    (skipped(BARE, RECHECK_AFTER), item(), Policy(), DUE),
    (skipped(BARE, RECHECK_AFTER - timedelta(seconds=1)), item(), Policy(), STAYS_BARE),
    (skipped(VANISHED), item(), Policy(), DUE),
    (skipped(Reason("filtered", "")), item(), Policy(), DUE),
    (broken(QUARANTINE_AFTER), item(), Policy(), QUARANTINED),
    (broken(QUARANTINE_AFTER), item(), RETRY, DUE),
    (broken(QUARANTINE_AFTER - 1), item(), Policy(), DUE),
    (None, item(), Policy(), DUE),
    (tracked(), item(), Policy(), DUE),
    (tracked(status=Status.IN_PROGRESS), item(), Policy(), DUE),
]


@pytest.mark.parametrize(("row", "listed", "policy", "expected"), TABLE)
def test_the_first_row_that_fits_decides(
    row: TrackedMedium | None,
    listed: MediaItem,
    policy: Policy,
    expected: tuple[Status, Outcome | None, str | None],
) -> None:
    decision = decide(listed, row, policy, NOON)
    code = decision.reason.code if decision.reason else None
    assert (decision.status, decision.outcome, code) == expected


def test_a_quarantined_medium_says_how_often_and_why_it_failed() -> None:
    reason = decide(item(), broken(7), Policy(), NOON).reason
    assert reason is not None
    assert reason.message == "failed in 7 runs in a row, last: no answer"


@pytest.mark.parametrize(
    ("listed", "policy", "why"),
    [
        (item(), Policy(since=date(2026, 5, 1)), ""),
        (item(), Policy(since=date(2026, 5, 2)), "from 2026-05-01, before --since 2026-05-02"),
        (item(), Policy(until=date(2026, 5, 1)), ""),
        (item(), Policy(until=date(2026, 4, 30)), "from 2026-05-01, after --until 2026-04-30"),
        (item(captured_at=None), Policy(until=date(2026, 5, 10)), "from 2026-05-11"),
        (item(captured_at=None, uploaded_at=None), Policy(since=date(2030, 1, 1)), ""),
        (item(type="TimeLapse"), Policy(types=frozenset({"timelapse"})), ""),
        (item(type=""), Policy(types=frozenset({"photo"})), "type unknown is not among --type"),
        (item(), Policy(include=("gx*.mp4",)), ""),
        (item(), Policy(include=("*.JPG", "*.MP4")), ""),
        (item(), Policy(include=("*.jpg",)), "the name fits no --include"),
        (item(), Policy(exclude=("GXB*", "gxa*")), "the name fits --exclude gxa*"),
        (item(), Policy(include=("*",), exclude=("*",)), "the name fits --exclude *"),
    ],
)
def test_filters_name_themselves(listed: MediaItem, policy: Policy, why: str) -> None:
    found = filtered_by(listed, policy)
    assert found.startswith(why)
    assert bool(found) == bool(why)


def test_days_are_the_camera_s_own_wherever_the_machine_stands() -> None:
    late = datetime(2026, 5, 1, 23, 30, tzinfo=timezone(timedelta(hours=-10)))
    assert filtered_by(item(captured_at=late), Policy(until=date(2026, 5, 1))) == ""


def plan_of(
    *rows: tuple[MediaItem, TrackedMedium | None],
    policy: Policy | None = None,
    limit: int | None = None,
) -> Plan:
    plan = Plan()
    known = {listed.id: row for listed, row in rows if row}
    plan_batch(plan, [listed for listed, _ in rows], known, policy or Policy(), NOON)
    plan.close(limit)
    return plan


def test_what_is_due_is_ordered_by_capture_date_oldest_first_and_undated_last() -> None:
    old = NOON - timedelta(days=400)
    plan = plan_of(
        (item("x", captured_at=None, uploaded_at=None), None),
        (item("c"), None),
        (item("a"), None),
        (item("o", captured_at=old), None),
        (item("u", captured_at=None, uploaded_at=old - HOUR), None),
    )
    assert [each.id for each in plan.due] == ["u", "o", "a", "c", "x"]


def test_a_limit_leaves_the_newest_named_and_pending() -> None:
    plan = plan_of((item("a"), None), (item("b"), None), (item("c"), None), limit=2)
    assert [each.id for each in plan.due] == ["a", "b"]
    (left,) = plan.skips
    assert (left.item.id, left.status, left.outcome) == ("c", Status.PENDING, Outcome.PENDING)
    assert left.reason == Reason("limit_reached", "left for the next run by --limit 2")
    assert {entry.item.id for entry in plan.entries} == {"a", "b", "c"}


def test_a_limit_leaves_a_failure_on_record() -> None:
    failure = tracked("b", Status.FAILED, reason=BROKEN, failures=2)
    plan = plan_of((item("a"), None), (item("b"), failure), limit=1)
    assert [(each.item.id, each.outcome) for each in plan.skips] == [("b", Outcome.PENDING)]
    assert [entry.item.id for entry in plan.entries] == ["a"]


def test_media_due_get_their_first_key_planned() -> None:
    (entry,) = plan_of((item("a"), None)).entries
    assert entry.key_candidates[0] == "gopro-videos/2026/05/GXa.MP4"
    assert entry.status is Status.PENDING


@pytest.mark.parametrize(
    ("listed", "row", "written"),
    [
        (item(), tracked(status=Status.COMPLETED), False),
        (item(), live(), False),
        (item(), skipped(BARE), False),
        (item(), broken(QUARANTINE_AFTER), False),
        (UNREADY, None, True),
        (UNREADY, tracked(), True),
        (
            UNREADY,
            tracked(
                reason=Reason("not_ready", "the cloud is not done with it (state 'transcoding')")
            ),
            False,
        ),
        (
            item(ready=False, state="transcoding", updated_at=NOON),
            tracked(
                reason=Reason("not_ready", "the cloud is not done with it (state 'transcoding')")
            ),
            True,
        ),
    ],
)
def test_an_entry_is_written_only_where_the_tracker_would_change(
    listed: MediaItem, row: TrackedMedium | None, written: bool
) -> None:
    entries: list[Entry] = plan_of((listed, row)).entries
    assert bool(entries) is written


def test_a_failure_stays_on_record_while_filters_leave_its_medium_out() -> None:
    assert plan_of((item(), broken(1)), policy=NO_VIDEO).entries == []


def test_media_are_counted_as_seen_first_only_once() -> None:
    plan = plan_of((item("a"), None), (item("b"), tracked("b", Status.COMPLETED)))
    assert (plan.seen_first, plan.already_archived) == (1, 1)


def test_a_medium_that_grew_after_it_was_archived_is_named_and_its_row_stays() -> None:
    plan = Plan()
    plan_batch(plan, [item(file_count=2)], {"a": archived(10)}, Policy(), NOON)
    (skip,) = plan.skips
    assert skip.reason is not None
    assert "2 files are listed, 1 (10 bytes) are archived" in skip.reason.message
    assert (plan.entries, plan.due, plan.already_archived) == ([], [], 0)


def test_a_medium_that_the_cloud_gave_up_says_so() -> None:
    decision = decide(item(ready=False, state="Failure"), None, Policy(), NOON)
    assert decision.reason is not None
    assert decision.reason.message == (
        "the cloud could not process it; look at it in the GoPro app (state 'Failure')"
    )
