"""What every tracker promises of look-ups, counts, runs and attempts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cloud_sync.model.report import Named, Outcome, Result
from cloud_sync.model.tracking import Attempt, Reason, Status
from cloud_sync.tracker.base import FileEntry, Tally, Tracker
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


class TestLookUps:
    def test_known_finds_the_tracked_ones_among_more_than_a_thousand(
        self, tracker: Tracker
    ) -> None:
        tracked = [f"m{number:04}" for number in range(0, 2_500, 2)]
        remember(tracker, *(entry(media_id, media_id) for media_id in tracked))
        known = tracker.known([f"m{number:04}" for number in range(2_500)])
        assert sorted(known) == tracked
        assert all(medium.media_id == media_id for media_id, medium in known.items())
        assert all(len(medium.files) == 1 for medium in known.values())

    def test_media_come_by_id_whatever_their_order_of_arrival(self, tracker: Tracker) -> None:
        ids = [f"m{number:04}" for number in range(1_201)]
        remember(tracker, *(entry(media_id, media_id) for media_id in reversed(ids)))
        assert [medium.media_id for medium in tracker.media()] == ids
        assert all(medium.s3_key == medium.media_id for medium in tracker.media())
        assert all(medium.files[0].key == medium.media_id for medium in tracker.media())

    def test_media_can_be_of_one_status_or_of_one_id(self, tracker: Tracker) -> None:
        remember(tracker, entry("c"), entry("a"), entry("b", status=Status.SKIPPED))
        pending = tracker.media(status=Status.PENDING)
        assert [medium.media_id for medium in pending] == ["a", "c"]
        assert [medium.media_id for medium in tracker.media(media_id="b")] == ["b"]
        assert list(tracker.media(status=Status.PENDING, media_id="b")) == []
        assert list(tracker.media(media_id="unknown")) == []
        assert list(tracker.media(status=Status.FAILED)) == []

    def test_the_tracker_may_be_written_to_while_media_are_read(self, tracker: Tracker) -> None:
        remember(tracker, *(entry(f"m{number:04}") for number in range(1_100)))
        begin(tracker)
        for medium in tracker.media(status=Status.PENDING):
            fail(tracker, medium.media_id)
            if medium.media_id == "m0003":
                break
        assert tracker.tallies()[Status.FAILED].media == 4

    def test_recent_failures_come_newest_first(self, tracker: Tracker) -> None:
        remember(tracker, *(entry(media_id) for media_id in "abcde"))
        begin(tracker)
        for media_id, second in {"c": 1, "a": 1.5, "d": 3, "b": 2}.items():
            fail(tracker, media_id, now=after(second))
        assert [medium.media_id for medium in tracker.recent_failures()] == ["d", "b", "a", "c"]
        assert [medium.media_id for medium in tracker.recent_failures(limit=2)] == ["d", "b"]
        assert tracker.recent_failures()[0] == the(tracker, "d")

    def test_without_failures_there_are_none(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        assert list(tracker.recent_failures()) == []


class TestTallies:
    def test_an_empty_tracker_has_a_zero_for_every_status(self, tracker: Tracker) -> None:
        assert tracker.tallies() == {status: Tally(0, 0, 0) for status in Status}

    def test_media_and_files_go_by_the_mediums_status_and_bytes_by_the_files(
        self, tracker: Tracker
    ) -> None:
        remember(tracker, entry("a", "a"), entry("b", "b"), entry("c"), entry("d", "d"))
        begin(tracker)
        finish(tracker, "a", size=2**40)
        take(tracker, "b")
        first, _ = tracker.give_keys("b", OWNER, [FileEntry(2, "2", ("b2",))])
        tracker.record_file("b", OWNER, replace(first, status=Status.COMPLETED, size=30))
        tracker.settle("b", OWNER, Status.FAILED, now=NOW)
        file = take(tracker, "d").files[0]
        tracker.record_file("d", OWNER, replace(file, status=Status.IN_PROGRESS, size=99))
        assert tracker.tallies() == {
            Status.PENDING: Tally(1, 0, 0),
            Status.IN_PROGRESS: Tally(1, 1, 0),
            Status.COMPLETED: Tally(1, 1, 2**40),
            Status.FAILED: Tally(1, 2, 30),
            Status.SKIPPED: Tally(0, 0, 0),
        }


class TestRuns:
    def test_a_summary_comes_back_whole_but_for_the_named_media(
        self, tracker: Tracker, store: Store
    ) -> None:
        told = summary(named=(Named("a", "a.MP4", Outcome.FAILED, "stream_broken", "broke off"),))
        begin(tracker)
        tracker.end_run(told)
        assert list(store.open().runs()) == [replace(told, named=())]

    def test_runs_come_newest_first(self, tracker: Tracker) -> None:
        for number, second in enumerate((0.0, 20.0, 10.0, 10.5)):
            begin(tracker, f"run-{number}")
            tracker.end_run(summary(f"run-{number}", after(second)))
        assert [run.run_id for run in tracker.runs()] == ["run-1", "run-3", "run-2", "run-0"]
        assert [run.run_id for run in tracker.runs(limit=2)] == ["run-1", "run-3"]

    def test_of_runs_that_began_together_the_later_one_is_newer(self, tracker: Tracker) -> None:
        for number in range(3):
            begin(tracker, f"run-{number}")
            tracker.end_run(summary(f"run-{number}"))
        assert [run.run_id for run in tracker.runs()] == ["run-2", "run-1", "run-0"]

    def test_a_run_at_work_has_no_summary_yet(self, tracker: Tracker) -> None:
        begin(tracker)
        assert list(tracker.runs()) == []

    @pytest.mark.parametrize("result", list(Result))
    def test_every_result_and_outcome_can_be_kept(self, tracker: Tracker, result: Result) -> None:
        told = summary(
            result=result,
            counts={outcome: number for number, outcome in enumerate(Outcome)},
            listing_complete=False,
            reasons={},
            message="",
        )
        begin(tracker)
        tracker.end_run(told)
        assert list(tracker.runs()) == [told]


class TestAttempts:
    def test_an_attempt_runs_until_it_is_settled(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a", now=after(1))
        running = Attempt("a", RUN, after(1), None, "IN_PROGRESS", "")
        assert list(tracker.attempts("a")) == [running]
        reason = Reason("stream_broken", "broke off \ud800")
        tracker.settle("a", OWNER, Status.FAILED, now=after(2), reason=reason)
        failed = Attempt("a", RUN, after(1), after(2), "FAILED", "broke off \ud800")
        assert list(tracker.attempts("a")) == [failed]

    def test_history_keeps_every_attempt_oldest_first(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"), entry("b", "k2"))
        begin(tracker)
        fail(tracker, "a", now=after(1))
        finish(tracker, "b")
        tracker.end_run(summary())
        begin(tracker, "run-2")
        take(tracker, "a", run_id="run-2", now=after(5))
        tracker.settle("a", OWNER, Status.PENDING, now=after(6), counts_as_attempt=False)
        history = [(each.run_id, each.outcome) for each in tracker.attempts("a")]
        assert history == [(RUN, "FAILED"), ("run-2", "PENDING")]
        assert [each.outcome for each in tracker.attempts("b")] == ["COMPLETED"]
        assert list(tracker.attempts("unknown")) == []

    def test_an_attempt_that_nobody_settled_ends_with_its_run(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a")
        told = summary()
        tracker.end_run(told)
        attempt = tracker.attempts("a")[0]
        assert attempt.outcome == "INTERRUPTED"
        assert attempt.message
        assert attempt.ended_at == after(told.duration_seconds)

    def test_an_attempt_that_nobody_settled_ends_when_its_run_is_taken_over(
        self, tracker: Tracker, store: Store
    ) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a")
        store.open().begin_run("run-2", "bob", now=LATER, until=after(900))
        attempt = tracker.attempts("a")[0]
        assert (attempt.outcome, attempt.ended_at) == ("INTERRUPTED", LATER)

    def test_an_attempt_whose_lease_lapsed_ends_with_the_next_claim(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a", until=after(10))
        take(tracker, "a", owner="worker-2", now=after(20))
        first, second = tracker.attempts("a")
        assert (first.outcome, first.ended_at) == ("INTERRUPTED", after(20))
        assert (second.outcome, second.ended_at) == ("IN_PROGRESS", None)

    def test_an_attempt_whose_lease_lapsed_ends_when_the_medium_is_due_again(
        self, tracker: Tracker
    ) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a", until=after(10))
        remember(tracker, entry("a"), now=after(20))
        attempt = tracker.attempts("a")[0]
        assert (attempt.outcome, attempt.ended_at) == ("INTERRUPTED", after(20))
