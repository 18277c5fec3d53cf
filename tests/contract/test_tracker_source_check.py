"""What every tracker promises of the verdicts on the source's own checksums."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud_sync.model.tracking import SourceCheck, Status
from cloud_sync.tracker.base import FileEntry, Tracker
from tracker_stores import OWNER, Store, begin, checkpoint, entry, part, remember, take, the

MATCHED, DIFFERS = SourceCheck.MATCHED, SourceCheck.DIFFERS


@pytest.fixture
def tracker(store: Store) -> Tracker:
    """A tracker with the claimed media `a`, of two files, and `b`."""
    tracker = store.open()
    remember(tracker, entry("a", "k/a"), entry("b", "k/b"))
    begin(tracker)
    take(tracker, "a")
    take(tracker, "b")
    tracker.give_keys("a", OWNER, [FileEntry(2, "2", ("k/2",))])
    return tracker


def record(
    tracker: Tracker,
    media_id: str,
    number: int,
    check: SourceCheck | None,
    rule: str | None,
    status: Status = Status.COMPLETED,
) -> None:
    file = next(file for file in the(tracker, media_id).files if file.number == number)
    tracker.record_file(
        media_id, OWNER, replace(file, status=status, source_check=check, source_rule=rule)
    )


@pytest.mark.parametrize("check", [None, *SourceCheck])
def test_a_verdict_comes_back_and_can_be_replaced(
    store: Store, tracker: Tracker, check: SourceCheck | None
) -> None:
    record(tracker, "a", 1, check, "rule")
    file = the(store.open(), "a").files[0]
    assert (file.source_check, file.source_rule) == (check, "rule")
    assert the(tracker, "a").files[1].source_check is None
    record(tracker, "a", 1, None, None)
    file = the(tracker, "a").files[0]
    assert (file.source_check, file.source_rule) == (None, None)


def test_rules_are_proven_by_matches_alone(store: Store, tracker: Tracker) -> None:
    assert tracker.source_rules_matched() == frozenset()
    record(tracker, "a", 1, DIFFERS, "x")
    record(tracker, "a", 2, SourceCheck.NOT_COMPARABLE, None)
    assert tracker.source_rules_matched() == frozenset()
    record(tracker, "a", 2, MATCHED, "y")
    record(tracker, "b", 1, MATCHED, "y")
    assert store.open().source_rules_matched() == {"y"}


def test_a_file_that_differs_is_suspect_as_soon_as_another_proves_its_rule(
    tracker: Tracker,
) -> None:
    record(tracker, "a", 1, DIFFERS, "x")
    record(tracker, "a", 2, DIFFERS, "y")
    assert tracker.source_suspects() == []
    record(tracker, "b", 1, MATCHED, "y")
    assert tracker.source_suspects() == [("a", the(tracker, "a").files[1])]
    record(tracker, "b", 1, MATCHED, "x")
    assert tracker.source_suspects() == [("a", the(tracker, "a").files[0])]


def test_suspects_are_stored_and_no_more_than_asked_for(tracker: Tracker) -> None:
    record(tracker, "b", 1, MATCHED, "x")
    record(tracker, "a", 1, DIFFERS, "x", Status.IN_PROGRESS)
    record(tracker, "a", 2, DIFFERS, "x")
    assert [(media_id, file.number) for media_id, file in tracker.source_suspects()] == [("a", 2)]
    record(tracker, "a", 1, DIFFERS, "x")
    assert [(media_id, file.number) for media_id, file in tracker.source_suspects(1)] == [("a", 1)]


def test_the_digest_of_a_part_comes_back_with_its_checkpoint(
    store: Store, tracker: Tracker
) -> None:
    digest = bytes(range(16))
    tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1), replace(part(2), md5=digest)))
    tracker.record_part("a", OWNER, 1, replace(part(3), md5=digest))
    tracker.record_part("a", OWNER, 1, replace(part(1), md5=digest))
    found = store.open().checkpoint("a", 1)
    assert found is not None
    assert [each.md5 for each in found.parts] == [digest] * 3
