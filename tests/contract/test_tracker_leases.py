"""What every tracker promises of the run lease and of claims."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from cloud_sync.errors import LeaseHeld
from cloud_sync.model.tracking import Status, TrackedMedium
from cloud_sync.tracker.base import Tracker
from tracker_stores import (
    LATER,
    NOW,
    OWNER,
    RUN,
    Store,
    after,
    begin,
    entry,
    fail,
    finish,
    remember,
    summary,
    take,
    the,
)


@pytest.fixture
def other(store: Store, tracker: Tracker) -> Tracker:
    """A second instance over the store of `tracker`."""
    return store.open()


class TestRunLease:
    def test_a_second_run_is_told_who_holds_the_lease_until_when(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        begin(tracker, "run-1", "alice's laptop")
        for second in (tracker, other):
            with pytest.raises(LeaseHeld) as refused:
                second.begin_run("run-2", "bob", now=after(599), until=after(900))
            for part in ("run-1", "alice's laptop", "2024-06-01 12:10:00 UTC"):
                assert part in refused.value.message
            assert "wait" in refused.value.hint

    def test_who_is_at_work_can_be_seen_by_others_until_the_lease_is_over(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        assert other.run_at_work(now=NOW) is None
        begin(tracker, "run-1", "alice's laptop")
        for each in (tracker, other):
            seen = each.run_at_work(now=after(599))
            assert seen is not None
            assert (seen.run_id, seen.owner) == ("run-1", "alice's laptop")
            assert (seen.since, seen.until) == (NOW, after(600))
            assert each.run_at_work(now=after(600)) is None
        tracker.renew_run("run-1", until=after(900))
        renewed = other.run_at_work(now=after(600))
        assert renewed is not None
        assert renewed.until == after(900)

    def test_nobody_is_at_work_once_the_run_has_ended(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        begin(tracker)
        tracker.end_run(summary())
        assert tracker.run_at_work(now=NOW) is None
        assert other.run_at_work(now=NOW) is None

    def test_a_refused_run_leaves_the_holder_alone(self, tracker: Tracker, other: Tracker) -> None:
        begin(tracker)
        remember(tracker, entry("a"))
        taken = take(tracker, "a")
        with pytest.raises(LeaseHeld):
            begin(other, "run-2")
        other.close()
        tracker.renew_run(RUN, until=after(900))
        assert the(tracker, "a") == taken

    def test_an_ended_run_makes_room_at_once(self, tracker: Tracker, other: Tracker) -> None:
        begin(tracker)
        tracker.end_run(summary())
        begin(other, "run-2")
        with pytest.raises(LeaseHeld, match="run-2"):
            begin(tracker, "run-3")

    def test_a_lease_lives_until_its_time_is_up(self, tracker: Tracker, other: Tracker) -> None:
        begin(tracker, until=after(60))
        with pytest.raises(LeaseHeld):
            other.begin_run("run-2", "b", now=after(60) - timedelta(microseconds=1), until=LATER)
        other.begin_run("run-2", "b", now=after(60), until=LATER)

    def test_renewing_extends_the_lease(self, tracker: Tracker, other: Tracker) -> None:
        begin(tracker, until=after(60))
        tracker.renew_run(RUN, until=after(120))
        with pytest.raises(LeaseHeld):
            other.begin_run("run-2", "b", now=after(119), until=LATER)

    def test_a_lapsed_lease_that_nobody_took_can_be_renewed(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        begin(tracker, until=after(-60))
        tracker.renew_run(RUN, until=LATER)
        with pytest.raises(LeaseHeld):
            begin(other, "run-2")

    def test_a_run_that_lost_its_lease_cannot_renew_it(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        begin(tracker, until=after(60))
        other.begin_run("run-2", "bob", now=after(60), until=LATER)
        with pytest.raises(LeaseHeld, match=r"run-1 no longer.*run-2 of bob"):
            tracker.renew_run(RUN, until=LATER)
        other.renew_run("run-2", until=LATER)

    def test_a_run_that_has_ended_cannot_renew_its_lease(self, tracker: Tracker) -> None:
        begin(tracker)
        tracker.end_run(summary())
        with pytest.raises(LeaseHeld, match="no other run"):
            tracker.renew_run(RUN, until=LATER)

    def test_ending_a_run_that_lost_its_lease_does_not_end_the_other(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        begin(tracker, until=after(60))
        other.begin_run("run-2", "bob", now=after(60), until=LATER)
        tracker.end_run(summary())
        assert [run.run_id for run in tracker.runs()] == [RUN]
        other.renew_run("run-2", until=LATER)

    def test_the_same_run_may_begin_again(self, tracker: Tracker, other: Tracker) -> None:
        begin(tracker)
        begin(other, RUN, "retried", until=after(900))
        with pytest.raises(LeaseHeld, match="retried"):
            begin(tracker, "run-2")

    def test_a_dead_owner_blocks_nobody(self, store: Store) -> None:
        if not store.knows_dead_owners:
            return
        dead, successor = store.open(), store.open()
        remember(dead, entry("a"), entry("b"))
        begin(dead, "run-1")
        take(dead, "a", run_id="run-1", owner="dead")
        dead.close()
        begin(successor, "run-2")
        assert the(successor, "a").lease_until is None
        assert take(successor, "a", run_id="run-2", owner="alive").attempts == 2
        with pytest.raises(LeaseHeld):
            begin(store.open(), "run-3")

    def test_of_many_runs_that_begin_at_once_one_gets_the_lease(self, store: Store) -> None:
        trackers = [store.open() for _ in range(6)]
        start = threading.Barrier(len(trackers))

        def attempt(number: int) -> bool:
            start.wait()
            try:
                begin(trackers[number], f"run-{number}", "somebody")
            except LeaseHeld:
                return False
            return True

        with ThreadPoolExecutor(len(trackers)) as pool:
            assert sum(pool.map(attempt, range(len(trackers)))) == 1


class TestClocksThatDiffer:
    """Machines that share a tracker and disagree about the time.

    Whose clock is ahead holds others off for longer; whose clock is behind may be taken over while
    it works, and is refused from then on. Never do two write at the same time.
    """

    def test_a_dead_owner_whose_clock_was_ahead_holds_others_off_for_just_that_much_longer(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        ahead = 3600.0
        tracker.begin_run(RUN, "fast", now=after(ahead), until=after(ahead + 120))
        with pytest.raises(LeaseHeld, match="fast"):
            other.begin_run("run-2", "right", now=after(ahead + 119), until=after(ahead + 239))
        other.begin_run("run-2", "right", now=after(ahead + 120), until=after(ahead + 240))

    def test_an_owner_whose_clock_is_behind_by_less_than_its_lease_keeps_it(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        behind = 90.0
        tracker.begin_run(RUN, "slow", now=after(-behind), until=after(-behind + 120))
        with pytest.raises(LeaseHeld, match="slow"):
            other.begin_run("run-2", "right", now=after(0), until=after(120))
        tracker.renew_run(RUN, until=after(-behind + 140))

    def test_an_owner_whose_clock_is_far_behind_is_taken_over_and_writes_nothing_more(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        behind = 3600.0
        remember(tracker, entry("a", "k"), entry("b", "l"))
        tracker.begin_run(RUN, "slow", now=after(-behind), until=after(-behind + 120))
        take(tracker, "a", now=after(-behind), until=after(-behind + 86_400))
        other.begin_run("run-2", "right", now=after(0), until=after(120))
        with pytest.raises(LeaseHeld, match="right"):
            tracker.renew_run(RUN, until=after(-behind + 140))
        with pytest.raises(LeaseHeld):
            tracker.settle("a", OWNER, Status.FAILED, now=after(-behind + 30))
        with pytest.raises(LeaseHeld):
            tracker.claim("b", RUN, OWNER, now=after(-behind + 30), until=after(-behind + 60))
        take(other, "a", run_id="run-2", owner="worker-2", now=after(1), until=after(60))

    def test_the_leases_of_media_end_with_the_run_however_far_ahead_their_time_is(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        remember(tracker, entry("a"))
        tracker.begin_run(RUN, "fast", now=after(3600), until=after(3720))
        take(tracker, "a", now=after(3600), until=after(90_000))
        other.begin_run("run-2", "right", now=after(3720), until=after(3840))
        take(other, "a", run_id="run-2", owner="worker-2", now=after(3721), until=after(3800))


class TestClaim:
    def test_a_claim_takes_the_medium(self, tracker: Tracker, other: Tracker) -> None:
        remember(tracker, entry("a", "k"))
        begin(tracker)
        medium = take(tracker, "a", now=after(3), until=after(60))
        assert medium == the(other, "a")
        assert (medium.status, medium.attempts, medium.retry_count) == (Status.IN_PROGRESS, 1, 0)
        assert (medium.lease_owner, medium.lease_until) == (OWNER, after(60))
        assert medium.sync_timestamp == after(3)
        assert [file.key for file in medium.files] == ["k"]

    def test_an_unknown_medium_cannot_be_claimed(self, tracker: Tracker) -> None:
        begin(tracker)
        assert tracker.claim("a", RUN, OWNER, now=NOW, until=LATER) is None
        assert tracker.known(["a"]) == {}
        assert list(tracker.attempts("a")) == []

    @pytest.mark.parametrize("status", [Status.PENDING, Status.SKIPPED])
    def test_whatever_is_not_completed_can_be_claimed(
        self, tracker: Tracker, status: Status
    ) -> None:
        remember(tracker, entry("a", status=status))
        begin(tracker)
        assert take(tracker, "a").status is Status.IN_PROGRESS

    def test_a_failed_medium_is_claimed_without_its_old_reason(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        fail(tracker, "a")
        medium = take(tracker, "a")
        assert (medium.reason, medium.attempts, medium.retry_count) == (None, 2, 1)

    def test_a_completed_medium_cannot_be_claimed(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"))
        begin(tracker)
        finish(tracker, "a")
        assert tracker.claim("a", RUN, OWNER, now=LATER, until=after(10**6)) is None
        assert len(tracker.attempts("a")) == 1

    def test_a_live_lease_keeps_others_out(self, tracker: Tracker, other: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        taken = take(tracker, "a", until=after(60))
        assert other.claim("a", RUN, "worker-2", now=after(59), until=LATER) is None
        assert the(tracker, "a") == taken
        assert len(tracker.attempts("a")) == 1

    def test_a_lapsed_lease_lets_others_in_and_its_owner_out(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a", until=after(60))
        assert take(other, "a", owner="worker-2", now=after(60)).attempts == 2
        with pytest.raises(LeaseHeld, match="worker-2"):
            tracker.settle("a", OWNER, Status.FAILED, now=after(61))
        with pytest.raises(LeaseHeld):
            tracker.renew("a", OWNER, until=LATER)

    def test_the_holder_itself_may_claim_again(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a")
        assert take(tracker, "a", until=after(900)).attempts == 2
        assert the(tracker, "a").lease_until == after(900)

    def test_renewing_extends_the_mediums_lease(self, tracker: Tracker, other: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a", until=after(60))
        tracker.renew("a", OWNER, until=after(120))
        assert the(other, "a").lease_until == after(120)
        assert other.claim("a", RUN, "worker-2", now=after(119), until=LATER) is None

    def test_only_the_holder_renews(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        for media_id in ("a", "unknown"):
            with pytest.raises(LeaseHeld, match="nobody holds it"):
                tracker.renew(media_id, OWNER, until=LATER)
        taken = take(tracker, "a")
        with pytest.raises(LeaseHeld, match=OWNER):
            tracker.renew("a", "worker-2", until=LATER)
        assert the(tracker, "a") == taken

    def test_the_leases_of_an_ended_run_are_void(self, tracker: Tracker, other: Tracker) -> None:
        remember(tracker, entry("a"), entry("b"))
        begin(tracker)
        take(tracker, "a")
        take(tracker, "b")
        tracker.end_run(summary())
        assert the(other, "a").status is Status.IN_PROGRESS
        assert the(other, "a").lease_owner is None
        begin(other, "run-2")
        take(other, "a", run_id="run-2", owner="worker-2")
        remember(other, entry("b"))
        assert the(other, "b").status is Status.PENDING

    def test_the_leases_of_a_run_that_was_taken_over_are_void(
        self, tracker: Tracker, other: Tracker
    ) -> None:
        remember(tracker, entry("a"), entry("b", "k"))
        begin(tracker, until=after(60))
        for media_id in ("a", "b"):
            take(tracker, media_id, until=after(10**6))
        other.begin_run("run-2", "bob", now=after(60), until=LATER)
        with pytest.raises(LeaseHeld):
            tracker.settle("a", OWNER, Status.PENDING, now=after(61))
        with pytest.raises(LeaseHeld):
            tracker.record_file("b", OWNER, the(tracker, "b").files[0])
        take(other, "a", run_id="run-2", owner="worker-2", now=after(61))

    def test_a_run_without_the_lease_claims_nothing(self, tracker: Tracker, other: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker, until=after(60))
        other.begin_run("run-2", "bob", now=after(60), until=LATER)
        with pytest.raises(LeaseHeld, match=r"run-1 no longer.*run-2 of bob"):
            tracker.claim("a", RUN, OWNER, now=after(61), until=LATER)
        assert the(tracker, "a").status is Status.PENDING
        assert list(tracker.attempts("a")) == []

    def test_of_simultaneous_claims_exactly_one_succeeds(self, store: Store) -> None:
        trackers = [store.open(), store.open()]
        ids = [f"m{number:02}" for number in range(25)]
        remember(trackers[0], *(entry(media_id) for media_id in ids))
        begin(trackers[0])
        start = threading.Barrier(4)

        def claim_all(worker: int) -> list[TrackedMedium]:
            start.wait()
            claims = (
                trackers[worker % 2].claim(each, RUN, f"worker-{worker}", now=NOW, until=LATER)
                for each in ids
            )
            return [medium for medium in claims if medium is not None]

        with ThreadPoolExecutor(4) as pool:
            won = [medium for part in pool.map(claim_all, range(4)) for medium in part]
        assert sorted(medium.media_id for medium in won) == ids
        for medium in won:
            assert the(trackers[0], medium.media_id) == medium
            assert len(trackers[0].attempts(medium.media_id)) == 1


def test_closing_twice_is_allowed_and_a_closed_tracker_says_so(tracker: Tracker) -> None:
    tracker.close()
    tracker.close()
    with pytest.raises(ValueError, match="closed"):
        tracker.known(["a"])
