"""Which moves a medium may make, and what each of them makes of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud_sync.errors import ExitCode, KeyTaken, LeaseHeld
from cloud_sync.model.tracking import (
    IllegalMove,
    Reason,
    Status,
    TrackedFile,
    TrackedMedium,
    check_move,
)
from cloud_sync.tracker import transitions
from cloud_sync.tracker.base import Entry
from tracker_stores import LATER, NOW, after, listed

LEGAL = {
    (Status.PENDING, Status.PENDING),
    (Status.PENDING, Status.IN_PROGRESS),
    (Status.PENDING, Status.SKIPPED),
    (Status.IN_PROGRESS, Status.PENDING),
    (Status.IN_PROGRESS, Status.IN_PROGRESS),
    (Status.IN_PROGRESS, Status.COMPLETED),
    (Status.IN_PROGRESS, Status.FAILED),
    (Status.IN_PROGRESS, Status.SKIPPED),
    (Status.FAILED, Status.PENDING),
    (Status.FAILED, Status.IN_PROGRESS),
    (Status.FAILED, Status.SKIPPED),
    (Status.SKIPPED, Status.PENDING),
    (Status.SKIPPED, Status.IN_PROGRESS),
    (Status.SKIPPED, Status.SKIPPED),
}


def medium(status: Status = Status.PENDING, **facts: object) -> TrackedMedium:
    bare = TrackedMedium(media_id="a", filename="a.MP4", status=status, sync_timestamp=NOW)
    return replace(bare, **facts)  # type: ignore[arg-type]


@pytest.mark.parametrize("old", Status)
@pytest.mark.parametrize("new", Status)
def test_exactly_the_legal_moves_are_allowed(old: Status, new: Status) -> None:
    if (old, new) in LEGAL:
        check_move(old, new)
    else:
        with pytest.raises(IllegalMove, match=f"{old} -> {new}"):
            check_move(old, new)


@pytest.mark.parametrize("old", [status for status in Status if status is not Status.COMPLETED])
def test_whatever_is_not_completed_can_be_claimed(old: Status) -> None:
    taken = transitions.claimed(medium(old, attempts=3), "w", now=NOW, until=LATER)
    assert taken is not None
    assert (taken.status, taken.attempts) == (Status.IN_PROGRESS, 4)


def test_a_completed_medium_is_never_claimed_not_even_by_its_last_holder() -> None:
    done = medium(Status.COMPLETED, lease_owner="w", lease_until=LATER)
    assert transitions.claimed(done, "w", now=NOW, until=LATER) is None


def test_a_lease_lives_until_its_very_end() -> None:
    leased = medium(Status.IN_PROGRESS, lease_owner="w", lease_until=after(1))
    assert transitions.lease_is_live(leased, after(0.999999))
    assert not transitions.lease_is_live(leased, after(1))
    assert not transitions.lease_is_live(medium(), NOW)


def test_remembering_keeps_what_the_listing_does_not_tell() -> None:
    file = TrackedFile(1, "k", "a.MP4", Status.COMPLETED, 5, "c", "e")
    old = medium(
        Status.FAILED, s3_key="k", attempts=3, failures=2, files=(file,), reason=Reason("x", "y")
    )
    entry = Entry(listed("a", "b.MP4"), Status.PENDING)
    assert transitions.remembered(old, entry, LATER) == TrackedMedium(
        media_id="a",
        filename="b.MP4",
        status=Status.PENDING,
        media_type=entry.item.type,
        s3_key="k",
        file_size=entry.item.size,
        captured_at=entry.item.captured_at,
        upload_date=entry.item.uploaded_at,
        source_updated_at=entry.item.updated_at,
        sync_timestamp=LATER,
        duration_seconds=entry.item.duration_seconds,
        attempts=3,
        failures=2,
        files=(file,),
    )


@pytest.mark.parametrize(
    "file_status", [status for status in Status if status is not Status.COMPLETED]
)
def test_a_medium_is_not_complete_before_its_files_are(file_status: Status) -> None:
    files = (
        TrackedFile(1, "k1", "a", Status.COMPLETED),
        TrackedFile(2, "k2", "b", file_status),
    )
    with pytest.raises(IllegalMove, match="1 of 2"):
        transitions.settled(
            medium(Status.IN_PROGRESS, files=files, attempts=1),
            Status.COMPLETED,
            now=NOW,
            reason=None,
            counts_as_attempt=True,
        )


@pytest.mark.parametrize(("counts", "left"), [(True, 2), (False, 1)])
def test_a_try_that_does_not_count_is_taken_back(counts: bool, left: int) -> None:
    ended = transitions.settled(
        medium(Status.IN_PROGRESS, attempts=2, lease_owner="w", lease_until=LATER),
        Status.PENDING,
        now=NOW,
        reason=None,
        counts_as_attempt=counts,
    )
    assert (ended.attempts, ended.lease_owner, ended.lease_until) == (left, None, None)


@pytest.mark.parametrize(
    ("status", "failures"),
    [(Status.FAILED, 4), (Status.PENDING, 3), (Status.SKIPPED, 0), (Status.COMPLETED, 0)],
)
@pytest.mark.parametrize("counts", [True, False])
def test_failed_runs_are_counted_in_a_row(status: Status, failures: int, counts: bool) -> None:
    files = (TrackedFile(1, "k", "a", Status.COMPLETED),)
    working = medium(Status.IN_PROGRESS, attempts=9, failures=3, files=files)
    ended = transitions.settled(working, status, now=NOW, reason=None, counts_as_attempt=counts)
    assert ended.failures == failures


def test_the_holder_keeps_a_lapsed_lease_until_somebody_takes_it() -> None:
    lapsed = medium(Status.IN_PROGRESS, lease_owner="w", lease_until=after(-1))
    assert transitions.check_holder(lapsed, "a", "w") is lapsed


def test_the_first_free_candidate_is_tried_first() -> None:
    tried: list[str] = []

    def take(key: str) -> bool:
        tried.append(key)
        return key == "k2"

    assert transitions.first_free("a", 1, ("k1", "k2", "k3"), take) == "k2"
    assert tried == ["k1", "k2"]


def test_exhausted_candidates_are_told_with_what_is_kept() -> None:
    with pytest.raises(KeyTaken) as taken:
        transitions.first_free("a", 2, ("k1", "k2"), lambda _: False)
    assert "file 2 of medium a" in taken.value.message
    assert "k2" in taken.value.message
    assert taken.value.kept


def test_the_refusal_of_a_run_says_who_since_and_until_when_and_what_to_do() -> None:
    held = transitions.run_lease_held("r1", "host 7", NOW, LATER)
    assert isinstance(held, LeaseHeld)
    assert held.exit_code is ExitCode.LEASE_HELD
    assert "run r1 of host 7, since 2024-06-01 12:00:00 UTC" in held.message
    assert "2024-06-01 12:10:00 UTC" in held.message
    assert "stop its process" in held.hint
