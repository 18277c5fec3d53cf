"""What every tracker promises of the checkpoints of unfinished transfers."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from cloud_sync.errors import LeaseHeld
from cloud_sync.model.tracking import Checkpoint, PartRecord, Status
from cloud_sync.tracker.base import FileEntry, Tracker
from tracker_stores import (
    LATER,
    NOW,
    OWNER,
    RUN,
    Store,
    after,
    begin,
    checkpoint,
    entry,
    finish,
    part,
    remember,
    summary,
    take,
    the,
)


@pytest.fixture
def tracker(store: Store) -> Tracker:
    """A tracker whose media `a` and `b` have a key each; `a` is claimed."""
    tracker = store.open()
    remember(tracker, entry("a", "k/a"), entry("b", "k/b"))
    begin(tracker)
    take(tracker, "a")
    return tracker


@pytest.fixture
def other(store: Store, tracker: Tracker) -> Tracker:
    """A second instance over the store of `tracker`."""
    return store.open()


class TestBeginning:
    def test_where_no_transfer_was_begun_there_is_no_checkpoint(self, tracker: Tracker) -> None:
        assert tracker.checkpoint("a", 1) is None
        assert tracker.checkpoint("a", 2) is None
        assert tracker.checkpoint("unknown", 1) is None

    @pytest.mark.parametrize("etag", [None, "", '"abc-12"', "\udce9"])
    def test_what_was_begun_comes_back_field_by_field(
        self, tracker: Tracker, other: Tracker, etag: str | None
    ) -> None:
        begun = Checkpoint("/tmp/é/\udce9.part", 2**33, 2**50, etag)
        tracker.begin_transfer("a", OWNER, 1, begun)
        assert other.checkpoint("a", 1) == begun

    def test_parts_that_come_with_it_are_kept_by_number(self, tracker: Tracker) -> None:
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(3), part(1), part(10), part(2)))
        assert tracker.checkpoint("a", 1) == checkpoint(part(1), part(2), part(3), part(10))

    def test_another_upload_takes_the_place_of_the_earlier_one_and_its_parts(
        self, tracker: Tracker
    ) -> None:
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))
        tracker.record_part("a", OWNER, 1, part(2))
        second = Checkpoint("upload-2", 5, 7, None)
        tracker.begin_transfer("a", OWNER, 1, second)
        assert tracker.checkpoint("a", 1) == second
        tracker.record_part("a", OWNER, 1, part(4))
        assert tracker.checkpoint("a", 1) == replace(second, parts=(part(4),))

    def test_the_file_must_have_a_key(self, tracker: Tracker) -> None:
        with pytest.raises(ValueError, match="file 2 of medium a has no key"):
            tracker.begin_transfer("a", OWNER, 2, checkpoint())
        assert tracker.checkpoint("a", 2) is None

    def test_each_file_has_a_checkpoint_of_its_own(self, tracker: Tracker) -> None:
        tracker.give_keys("a", OWNER, [FileEntry(2, "2", ("k/2",))])
        take(tracker, "b")
        places = [("a", 1), ("a", 2), ("b", 1)]
        for size, (media_id, number) in enumerate(places):
            tracker.begin_transfer(media_id, OWNER, number, replace(checkpoint(), size=size))
            tracker.record_part(media_id, OWNER, number, part(1, length=size))
        for size, (media_id, number) in enumerate(places):
            expected = replace(checkpoint(part(1, length=size)), size=size)
            assert tracker.checkpoint(media_id, number) == expected
        tracker.end_transfer("a", OWNER, 1)
        assert [tracker.checkpoint(*place) is None for place in places] == [True, False, False]


class TestParts:
    def test_a_part_is_added_and_another_instance_sees_it_at_once(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        tracker.begin_transfer("a", OWNER, 1, checkpoint())
        exact = PartRecord(7, 2**40, b"\x00\xff\x80\x00\x27\x00\x0a\x01", "ré\udce9ceipt")
        tracker.record_part("a", OWNER, 1, exact)
        assert other.checkpoint("a", 1) == checkpoint(exact)

    def test_parts_come_by_number_whatever_their_order_of_arrival(self, tracker: Tracker) -> None:
        parts = {number: part(number, length=20_000 - number) for number in (10, 2, 10_000, 1, 9)}
        tracker.begin_transfer("a", OWNER, 1, checkpoint())
        for each in parts.values():
            tracker.record_part("a", OWNER, 1, each)
        expected = checkpoint(*(parts[number] for number in (1, 2, 9, 10, 10_000)))
        assert tracker.checkpoint("a", 1) == expected

    def test_a_part_of_the_same_number_is_replaced(self, tracker: Tracker) -> None:
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1), part(2)))
        again = PartRecord(1, 3, b"changed!", "")
        tracker.record_part("a", OWNER, 1, again)
        assert tracker.checkpoint("a", 1) == checkpoint(again, part(2))

    def test_a_part_without_a_transfer_is_a_bug(self, tracker: Tracker) -> None:
        with pytest.raises(KeyError, match="file 1 of medium a"):
            tracker.record_part("a", OWNER, 1, part(1))
        tracker.begin_transfer("a", OWNER, 1, checkpoint())
        with pytest.raises(KeyError, match="file 2 of medium a"):
            tracker.record_part("a", OWNER, 2, part(1))
        tracker.end_transfer("a", OWNER, 1)
        with pytest.raises(KeyError):
            tracker.record_part("a", OWNER, 1, part(1))
        assert tracker.checkpoint("a", 1) is None

    def test_no_part_of_several_threads_is_lost(self, tracker: Tracker, other: Tracker) -> None:
        tracker.begin_transfer("a", OWNER, 1, checkpoint())
        start = threading.Barrier(4)

        def record(worker: int) -> None:
            start.wait()
            for number in range(worker + 1, 201, 4):
                (tracker, other)[worker % 2].record_part("a", OWNER, 1, part(number))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(record, range(4)))
        expected = checkpoint(*(part(number) for number in range(1, 201)))
        assert tracker.checkpoint("a", 1) == expected

    def test_ten_thousand_parts_come_back(self, tracker: Tracker) -> None:
        whole = checkpoint(*(part(number) for number in range(1, 10_001)))
        tracker.begin_transfer("a", OWNER, 1, whole)
        assert tracker.checkpoint("a", 1) == whole


class TestForgetting:
    @pytest.fixture(autouse=True)
    def begun(self, tracker: Tracker) -> None:
        """File 1 of `a` has two parts, file 2 a transfer without any."""
        tracker.give_keys("a", OWNER, [FileEntry(2, "2", ("k/2",))])
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1), part(2)))
        tracker.begin_transfer("a", OWNER, 2, checkpoint())

    def test_an_ended_transfer_is_forgotten_and_ending_it_again_is_no_trouble(
        self, tracker: Tracker
    ) -> None:
        for _ in range(2):
            tracker.end_transfer("a", OWNER, 1)
            assert tracker.checkpoint("a", 1) is None
        assert tracker.checkpoint("a", 2) == checkpoint()

    def test_the_parts_of_a_forgotten_transfer_do_not_come_back(self, tracker: Tracker) -> None:
        tracker.end_transfer("a", OWNER, 1)
        tracker.begin_transfer("a", OWNER, 1, checkpoint())
        assert tracker.checkpoint("a", 1) == checkpoint()

    def test_a_file_recorded_as_completed_forgets_its_checkpoint_and_no_other(
        self, tracker: Tracker
    ) -> None:
        tracker.record_file(
            "a", OWNER, replace(the(tracker, "a").files[0], status=Status.COMPLETED)
        )
        assert tracker.checkpoint("a", 1) is None
        assert tracker.checkpoint("a", 2) == checkpoint()

    @pytest.mark.parametrize("status", [each for each in Status if each is not Status.COMPLETED])
    def test_a_file_recorded_as_anything_else_keeps_it(
        self, tracker: Tracker, status: Status
    ) -> None:
        tracker.record_file("a", OWNER, replace(the(tracker, "a").files[0], status=status))
        assert tracker.checkpoint("a", 1) == checkpoint(part(1), part(2))

    def test_completed_under_a_wrong_key_forgets_nothing(self, tracker: Tracker) -> None:
        file = replace(the(tracker, "a").files[0], status=Status.COMPLETED, key="another")
        with pytest.raises(ValueError, match="key"):
            tracker.record_file("a", OWNER, file)
        assert tracker.checkpoint("a", 1) == checkpoint(part(1), part(2))

    @pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED])
    def test_a_medium_that_is_tried_again_goes_on_from_its_checkpoints(
        self, tracker: Tracker, status: Status
    ) -> None:
        tracker.settle("a", OWNER, status, now=NOW)
        assert tracker.checkpoint("a", 1) == checkpoint(part(1), part(2))
        remember(tracker, entry("a"), now=LATER)
        take(tracker, "a")
        tracker.record_part("a", OWNER, 1, part(3))
        assert tracker.checkpoint("a", 1) == checkpoint(part(1), part(2), part(3))
        assert tracker.checkpoint("a", 2) == checkpoint()

    def test_a_skipped_medium_forgets_the_checkpoints_of_all_its_files_and_no_others(
        self, tracker: Tracker
    ) -> None:
        take(tracker, "b")
        tracker.begin_transfer("b", OWNER, 1, checkpoint(part(1)))
        tracker.settle("a", OWNER, Status.SKIPPED, now=NOW)
        assert (tracker.checkpoint("a", 1), tracker.checkpoint("a", 2)) == (None, None)
        assert tracker.checkpoint("b", 1) == checkpoint(part(1))

    def test_a_completed_medium_has_no_checkpoint(self, tracker: Tracker) -> None:
        for file in the(tracker, "a").files:
            tracker.record_file("a", OWNER, replace(file, status=Status.COMPLETED))
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))
        tracker.settle("a", OWNER, Status.COMPLETED, now=NOW)
        assert tracker.checkpoint("a", 1) is None

    def test_a_settlement_that_is_refused_forgets_nothing(self, tracker: Tracker) -> None:
        with pytest.raises(LeaseHeld):
            tracker.settle("a", "somebody else", Status.SKIPPED, now=NOW)
        with pytest.raises(ValueError, match="not complete"):
            tracker.settle("a", OWNER, Status.COMPLETED, now=NOW)
        assert tracker.checkpoint("a", 1) == checkpoint(part(1), part(2))


WRITES: dict[str, Callable[[Tracker, str, str], None]] = {
    "begin_transfer": lambda t, media_id, owner: t.begin_transfer(
        media_id, owner, 1, replace(checkpoint(), token="another")
    ),
    "record_part": lambda t, media_id, owner: t.record_part(media_id, owner, 1, part(9)),
    "end_transfer": lambda t, media_id, owner: t.end_transfer(media_id, owner, 1),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
class TestOnlyTheHolderWrites:
    @pytest.fixture(autouse=True)
    def begun(self, tracker: Tracker) -> None:
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))

    def test_others_are_refused(
        self, tracker: Tracker, write: Callable[[Tracker, str, str], None]
    ) -> None:
        with pytest.raises(LeaseHeld, match=OWNER):
            write(tracker, "a", "somebody else")
        assert tracker.checkpoint("a", 1) == checkpoint(part(1))

    def test_a_medium_that_nobody_holds_or_knows_is_refused(
        self, tracker: Tracker, write: Callable[[Tracker, str, str], None]
    ) -> None:
        for media_id in ("b", "unknown"):
            with pytest.raises(LeaseHeld, match="nobody holds it"):
                write(tracker, media_id, OWNER)
            assert tracker.checkpoint(media_id, 1) is None

    def test_a_settled_claim_is_over(
        self, tracker: Tracker, write: Callable[[Tracker, str, str], None]
    ) -> None:
        tracker.settle("a", OWNER, Status.PENDING, now=NOW)
        with pytest.raises(LeaseHeld):
            write(tracker, "a", OWNER)
        assert tracker.checkpoint("a", 1) == checkpoint(part(1))

    def test_who_lost_the_medium_no_longer_touches_its_checkpoint(
        self, tracker: Tracker, other: Tracker, write: Callable[[Tracker, str, str], None]
    ) -> None:
        take(tracker, "a", until=after(60))
        take(other, "a", owner="worker-2", now=after(60))
        with pytest.raises(LeaseHeld, match="worker-2"):
            write(tracker, "a", OWNER)
        assert tracker.checkpoint("a", 1) == checkpoint(part(1))

    def test_who_lost_the_run_no_longer_touches_it_either(
        self, tracker: Tracker, other: Tracker, write: Callable[[Tracker, str, str], None]
    ) -> None:
        other.begin_run("run-2", "bob", now=LATER, until=after(900))
        with pytest.raises(LeaseHeld):
            write(tracker, "a", OWNER)
        assert other.checkpoint("a", 1) == checkpoint(part(1))


class TestSuccession:
    def go_on(self, tracker: Tracker, now_seconds: float = 0) -> None:
        """Read and finish what somebody else began."""
        take(tracker, "a", run_id="run-2", owner="worker-2", now=after(now_seconds))
        assert tracker.checkpoint("a", 1) == checkpoint(part(1), part(3))
        tracker.record_part("a", "worker-2", 1, part(2))
        assert tracker.checkpoint("a", 1) == checkpoint(part(1), part(2), part(3))
        done = replace(the(tracker, "a").files[0], status=Status.COMPLETED)
        tracker.record_file("a", "worker-2", done)
        assert tracker.checkpoint("a", 1) is None

    @pytest.fixture(autouse=True)
    def begun(self, tracker: Tracker) -> None:
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(3)))
        tracker.record_part("a", OWNER, 1, part(1))

    def test_the_successor_of_a_dead_run_goes_on_from_its_checkpoint(
        self, store: Store, tracker: Tracker, other: Tracker
    ) -> None:
        if not store.knows_dead_owners:
            return
        tracker.close()
        begin(other, "run-2")
        self.go_on(other)

    def test_the_successor_of_a_run_that_hangs_goes_on_from_its_checkpoint(
        self, other: Tracker
    ) -> None:
        other.begin_run("run-2", "bob", now=LATER, until=after(900))
        self.go_on(other, 600)

    def test_the_successor_of_an_ended_run_goes_on_from_its_checkpoint(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        tracker.end_run(summary(RUN))
        begin(other, "run-2")
        self.go_on(other)


def test_checkpoints_do_not_change_what_is_seen_of_a_medium(tracker: Tracker) -> None:
    before = the(tracker, "a")
    tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))
    assert the(tracker, "a") == before
    finish(tracker, "b")
    assert tracker.checkpoint("a", 1) == checkpoint(part(1))
