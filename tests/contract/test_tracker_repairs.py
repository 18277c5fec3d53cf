"""What every tracker promises to checks and repairs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloud_sync.errors import KeyTaken, LeaseHeld
from cloud_sync.model.tracking import IllegalMove, Reason, Status, TrackedFile
from cloud_sync.tracker.base import FileEntry, Tracker
from cloud_sync.tracker.repairs import AdoptedFile, KeyHolder
from tracker_stores import (
    OWNER,
    RUN,
    Store,
    after,
    begin,
    checkpoint,
    entry,
    fail,
    finish,
    part,
    remember,
    summary,
    take,
    the,
)

WHY = Reason("missing_in_archive", "it is no longer there")
FOUND = Reason("adopted", "found in the archive")


def adoption(media_id: str = "a", number: int = 1, key: str = "k/A.MP4") -> AdoptedFile:
    file = TrackedFile(
        number, key, f"ü{number}.MP4", Status.COMPLETED, 2**40, "AAAAAAAAAAA=", '"etag"'
    )
    captured_at = datetime(2024, 5, 1, tzinfo=UTC)
    return AdoptedFile(media_id, "ü.MP4", "Video", captured_at, file)


def archived(tracker: Tracker, media_id: str = "a", key: str = "k/A.MP4") -> None:
    remember(tracker, entry(media_id, key))
    finish(tracker, media_id)


class TestReleasing:
    def test_the_lease_is_free_and_the_history_of_runs_has_nothing_of_it(
        self, store: Store
    ) -> None:
        first, second = store.open(), store.open()
        begin(first)
        first.release_run(RUN, now=after(1))
        begin(second, "run-2")
        second.end_run(summary("run-2"))
        assert [run.run_id for run in first.runs()] == ["run-2"]

    def test_a_claim_of_the_released_run_is_void(self, tracker: Tracker) -> None:
        begin(tracker)
        remember(tracker, entry("a", "k"))
        take(tracker, "a")
        tracker.release_run(RUN, now=after(1))
        with pytest.raises(LeaseHeld):
            tracker.settle("a", OWNER, Status.FAILED, now=after(2))
        assert the(tracker, "a").lease_owner is None

    def test_another_run_that_took_the_lease_keeps_it(self, store: Store) -> None:
        first, second = store.open(), store.open()
        begin(first, until=after(1))
        second.begin_run("run-2", "other", now=after(2), until=after(600))
        first.release_run(RUN, now=after(3))
        with pytest.raises(LeaseHeld):
            first.begin_run("run-3", "third", now=after(3), until=after(600))


class TestLookups:
    def test_a_key_leads_to_its_file_also_in_other_letters(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k/Ä.MP4"), entry("b", "k/b.MP4"))
        file = the(tracker, "a").files[0]
        keys = ["k/ä.mp4", "k/nobody's", "k/b.MP4"]
        assert tracker.holders(keys) == {
            "k/ä.mp4": KeyHolder("a", file),
            "k/b.MP4": KeyHolder("b", the(tracker, "b").files[0]),
        }

    def test_more_keys_than_one_query_takes(self, tracker: Tracker) -> None:
        remember(tracker, *(entry(str(number), f"k/{number}") for number in range(1_200)))
        assert len(tracker.holders([f"k/{number}" for number in range(1_300)])) == 1_200

    def test_an_upload_is_known_while_its_checkpoint_is(self, tracker: Tracker) -> None:
        begin(tracker)
        remember(tracker, entry("a", "k"))
        take(tracker, "a")
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))
        assert tracker.recorded_uploads(["upload-1", "upload-2"]) == {"upload-1"}
        tracker.end_transfer("a", OWNER, 1)
        assert tracker.recorded_uploads(["upload-1"]) == frozenset()

    def test_the_media_that_failed_in_a_run_and_no_others(self, tracker: Tracker) -> None:
        begin(tracker)
        remember(tracker, *(entry(each, each) for each in "abc"))
        fail(tracker, "b")
        fail(tracker, "a")
        finish(tracker, "c")
        tracker.end_run(summary())
        begin(tracker, "run-2")
        assert tracker.failed_in(RUN) == ["a", "b"]
        assert tracker.failed_in("run-2") == []
        assert tracker.failed_in("never was") is None


class TestReopening:
    def test_the_file_is_due_with_its_key_and_without_its_proof(self, tracker: Tracker) -> None:
        begin(tracker)
        archived(tracker)
        before = the(tracker, "a")
        tracker.reopen("a", RUN, [1], WHY, now=after(5))
        medium = the(tracker, "a")
        assert (medium.status, medium.reason, medium.failures) == (Status.PENDING, WHY, 0)
        assert (medium.sync_timestamp, medium.attempts) == (after(5), before.attempts)
        assert medium.files == (TrackedFile(1, "k/A.MP4", before.files[0].filename),)

    def test_the_other_files_stay_archived(self, tracker: Tracker) -> None:
        begin(tracker)
        remember(tracker, entry("a", "k/A.MP4"))
        take(tracker, "a")
        for file in tracker.give_keys("a", OWNER, [FileEntry(2, "b", ("k/B.MP4",))]):
            tracker.record_file(
                "a", OWNER, replace(file, status=Status.COMPLETED, size=1, checksum="c")
            )
        tracker.settle("a", OWNER, Status.COMPLETED, now=after(1))
        tracker.reopen("a", RUN, [2], WHY, now=after(5))
        statuses = [file.status for file in the(tracker, "a").files]
        assert statuses == [Status.COMPLETED, Status.PENDING]
        take(tracker, "a")

    @pytest.mark.parametrize("numbers", [[], [2], [1, 2]])
    def test_only_files_that_are_archived_can_be_reopened(
        self, tracker: Tracker, numbers: list[int]
    ) -> None:
        begin(tracker)
        archived(tracker)
        before = the(tracker, "a")
        with pytest.raises(IllegalMove):
            tracker.reopen("a", RUN, numbers, WHY, now=after(5))
        with pytest.raises(IllegalMove):
            tracker.reopen("unknown", RUN, [1], WHY, now=after(5))
        assert the(tracker, "a") == before

    def test_it_takes_the_run_lease(self, tracker: Tracker) -> None:
        begin(tracker)
        archived(tracker)
        with pytest.raises(LeaseHeld):
            tracker.reopen("a", "run-2", [1], WHY, now=after(5))
        assert the(tracker, "a").status is Status.COMPLETED


class TestAdopting:
    def test_a_medium_that_was_lost_is_pending_with_its_files_archived(
        self, tracker: Tracker
    ) -> None:
        begin(tracker)
        second = adoption(number=2, key="k/A-2.MP4")
        tracker.adopt([second, adoption()], RUN, FOUND, now=after(1))
        medium = the(tracker, "a")
        assert (medium.status, medium.reason, medium.s3_key) == (Status.PENDING, FOUND, "k/A.MP4")
        assert medium.filename == "ü.MP4"
        assert medium.captured_at == adoption().captured_at
        assert medium.files == (adoption().file, second.file)
        take(tracker, "a")
        tracker.settle("a", OWNER, Status.COMPLETED, now=after(2))

    def test_a_file_that_was_cut_off_after_its_commit_is_completed(self, tracker: Tracker) -> None:
        begin(tracker)
        remember(tracker, entry("a", "k/A.MP4"))
        take(tracker, "a")
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))
        tracker.settle("a", OWNER, Status.FAILED, now=after(1), reason=WHY)
        tracker.adopt([adoption()], RUN, FOUND, now=after(2))
        medium = the(tracker, "a")
        assert (medium.status, medium.reason) == (Status.FAILED, WHY), "a known status stays"
        assert medium.files == (adoption().file,)
        assert tracker.checkpoint("a", 1) is None

    def test_a_key_of_another_file_is_refused_and_nothing_is_adopted(
        self, tracker: Tracker
    ) -> None:
        begin(tracker)
        remember(tracker, entry("b", "k/a.mp4"))
        with pytest.raises(KeyTaken):
            tracker.adopt(
                [adoption("c", key="k/C"), adoption("a", key="k/A.MP4")], RUN, FOUND, now=after(1)
            )
        assert set(tracker.known(["a", "b", "c"])) == {"b"}
        assert "k/C" not in tracker.holders(["k/C"])

    def test_what_is_archived_is_not_adopted_again_nor_under_another_key(
        self, tracker: Tracker
    ) -> None:
        begin(tracker)
        archived(tracker)
        remember(tracker, entry("b", "k/B.MP4"))
        for wrong in (adoption(), adoption("b", key="k/other.MP4")):
            with pytest.raises(ValueError, match="medium"):
                tracker.adopt([wrong], RUN, FOUND, now=after(1))
        unproven = replace(adoption("c", key="k/C"), file=TrackedFile(1, "k/C", "c"))
        with pytest.raises(ValueError, match="proof"):
            tracker.adopt([unproven], RUN, FOUND, now=after(1))

    def test_it_takes_the_run_lease(self, tracker: Tracker) -> None:
        with pytest.raises(LeaseHeld):
            tracker.adopt([adoption()], RUN, FOUND, now=after(1))
        assert tracker.known(["a"]) == {}


class TestMakingDue:
    def test_failures_are_counted_anew(self, tracker: Tracker) -> None:
        begin(tracker)
        remember(tracker, entry("a", "k"))
        for _ in range(5):
            fail(tracker, "a")
        tracker.make_due(["a", "unknown"], RUN, now=after(9))
        medium = the(tracker, "a")
        assert (medium.status, medium.failures, medium.reason) == (Status.PENDING, 0, None)
        assert medium.attempts == 5
        assert medium.sync_timestamp == after(9)

    def test_skipped_media_are_due_and_the_others_stay(self, tracker: Tracker) -> None:
        begin(tracker)
        remember(tracker, entry("s", status=Status.SKIPPED, reason=WHY), entry("p"), entry("i"))
        archived(tracker)
        take(tracker, "i")
        before = tracker.known(["p", "a", "i"])
        tracker.make_due(["s", "p", "a", "i"], RUN, now=after(9))
        assert the(tracker, "s").status is Status.PENDING
        assert tracker.known(["p", "a", "i"]) == before

    def test_it_takes_the_run_lease(self, tracker: Tracker) -> None:
        with pytest.raises(LeaseHeld):
            tracker.make_due(["a"], RUN, now=after(9))
