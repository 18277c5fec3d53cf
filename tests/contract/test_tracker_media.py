"""What every tracker promises of remembering and settling media."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest

from cloud_sync.errors import KeyTaken, LeaseHeld
from cloud_sync.model.tracking import IllegalMove, Reason, Status, TrackedFile, TrackedMedium
from cloud_sync.tracker.base import Entry, FileEntry, Tracker
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
    listed,
    remember,
    store_files,
    take,
    the,
    visible,
)


class TestRemember:
    def test_every_listing_fact_comes_back_field_by_field(self, tracker: Tracker) -> None:
        east = timezone(timedelta(hours=5, minutes=45))
        item = listed(
            "Xy-9_é",
            "Früh 🎥 \x00 \ud83d.MP4",
            type="TimeLapseVideo",
            size=2**62,
            captured_at=datetime(2024, 2, 29, 23, 59, 59, 250, tzinfo=east),
            uploaded_at=datetime(2024, 3, 1, 1, 2, 3, tzinfo=east),
            updated_at=datetime(2024, 3, 2, 1, 2, 3, 999_999, tzinfo=east),
            duration_seconds=0.1 + 0.2,
        )
        reason = Reason("not_ready", "noch nicht bereit 🕒 \udc00")
        remember(tracker, Entry(item, Status.PENDING, reason, ("gopro-videos/ü.mp4",)))
        assert visible(tracker) == [
            TrackedMedium(
                media_id="Xy-9_é",
                filename=item.filename,
                status=Status.PENDING,
                media_type="TimeLapseVideo",
                s3_key="gopro-videos/ü.mp4",
                file_size=2**62,
                captured_at=item.captured_at,
                upload_date=item.uploaded_at,
                source_updated_at=item.updated_at,
                sync_timestamp=NOW,
                duration_seconds=0.1 + 0.2,
                reason=reason,
                attempts=0,
                lease_owner=None,
                lease_until=None,
                files=(TrackedFile(1, "gopro-videos/ü.mp4", item.filename),),
            )
        ]

    def test_capture_keeps_the_offset_that_the_provider_wrote(self, tracker: Tracker) -> None:
        west = timezone(-timedelta(hours=9, minutes=30))
        item = listed("a", captured_at=datetime(2024, 1, 1, tzinfo=west))
        remember(tracker, Entry(item, Status.PENDING))
        captured_at = the(tracker, "a").captured_at
        assert captured_at is not None
        assert captured_at.utcoffset() == west.utcoffset(None)
        assert captured_at.isoformat() == "2024-01-01T00:00:00-09:30"

    def test_facts_that_the_provider_does_not_tell_stay_unknown(self, tracker: Tracker) -> None:
        item = listed(
            "a",
            "",
            size=None,
            captured_at=None,
            uploaded_at=None,
            updated_at=None,
            duration_seconds=None,
        )
        remember(tracker, Entry(item, Status.PENDING))
        assert the(tracker, "a") == TrackedMedium(
            media_id="a", filename="", status=Status.PENDING, media_type="Video", sync_timestamp=NOW
        )

    def test_ids_that_differ_in_letter_case_are_two_media(self, tracker: Tracker) -> None:
        remember(tracker, entry("abC"), entry("abc"))
        assert [medium.media_id for medium in visible(tracker)] == ["abC", "abc"]

    def test_what_one_instance_writes_another_sees_at_once(self, store: Store) -> None:
        first, second = store.open(), store.open()
        remember(first, entry("a", "k"))
        assert the(second, "a") == the(first, "a")

    def test_a_tracked_medium_takes_status_and_facts_but_keeps_files_and_key(
        self, tracker: Tracker
    ) -> None:
        remember(tracker, entry("a", "2024/05/old.MP4"))
        files = the(tracker, "a").files
        changed = listed("a", "new.MP4", size=7, captured_at=after(-(10**8)))
        gone = Reason("gone_at_source", "no longer there")
        remember(tracker, Entry(changed, Status.SKIPPED, gone, ("2021/new.MP4",)), now=LATER)
        medium = the(tracker, "a")
        assert (medium.filename, medium.file_size) == ("new.MP4", 7)
        assert medium.captured_at == after(-(10**8))
        assert (medium.status, medium.reason) == (Status.SKIPPED, gone)
        assert medium.sync_timestamp == LATER
        assert medium.s3_key == "2024/05/old.MP4"
        assert medium.files == files

    def test_the_sync_timestamp_is_that_of_the_last_change_of_status(
        self, tracker: Tracker
    ) -> None:
        remember(tracker, entry("a"))
        remember(tracker, entry("a"), now=LATER)
        assert the(tracker, "a").sync_timestamp == NOW

    def test_a_key_can_be_given_when_the_medium_is_remembered_again(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        assert the(tracker, "a").files == ()
        assert the(tracker, "a").s3_key is None
        remember(tracker, entry("a", "k"))
        assert the(tracker, "a").s3_key == "k"

    def test_the_last_of_two_entries_for_one_medium_counts(self, tracker: Tracker) -> None:
        first = Entry(listed("a", "one.MP4"), Status.PENDING, None, ("k1",))
        second = Entry(listed("a", "two.MP4"), Status.SKIPPED, None, ("k2",))
        remember(tracker, first, second)
        medium = the(tracker, "a")
        assert (medium.filename, medium.status) == ("two.MP4", Status.SKIPPED)
        assert [file.key for file in medium.files] == ["k1"]

    def test_a_completed_medium_is_left_as_it_is(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"))
        begin(tracker)
        finish(tracker, "a")
        before = the(tracker, "a")
        changed = Entry(listed("a", "other.MP4", size=1), Status.PENDING, None, ("k2",))
        remember(tracker, changed, now=LATER)
        assert the(tracker, "a") == before

    def test_a_medium_under_a_live_lease_is_left_as_it_is(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        before = take(tracker, "a", until=after(60))
        changed = Entry(listed("a", "other.MP4", size=1), Status.PENDING, None, ("k2",))
        remember(tracker, changed, now=after(59))
        assert the(tracker, "a") == before

    def test_a_medium_whose_lease_has_lapsed_is_due_again(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a", until=after(60))
        remember(tracker, entry("a", "k"), now=after(60))
        medium = the(tracker, "a")
        assert (medium.status, medium.lease_owner, medium.lease_until) == (
            Status.PENDING,
            None,
            None,
        )
        assert medium.attempts == 1
        with pytest.raises(LeaseHeld):
            tracker.settle("a", OWNER, Status.FAILED, now=after(61))

    def test_a_failed_medium_becomes_due_and_forgets_its_reason(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        fail(tracker, "a")
        remember(tracker, entry("a"))
        medium = the(tracker, "a")
        assert (medium.status, medium.reason, medium.attempts) == (Status.PENDING, None, 1)

    @pytest.mark.parametrize("status", [Status.IN_PROGRESS, Status.COMPLETED, Status.FAILED])
    def test_only_pending_and_skipped_can_be_remembered(
        self, tracker: Tracker, status: Status
    ) -> None:
        with pytest.raises(IllegalMove):
            remember(tracker, entry("a"), entry("b", status=status))
        assert visible(tracker) == []

    def test_it_is_all_or_nothing(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "taken"))
        before = visible(tracker)
        with pytest.raises(KeyTaken):
            remember(
                tracker,
                Entry(listed("a", "changed.MP4"), Status.SKIPPED),
                *(entry(f"b{number}", f"b{number}") for number in range(1_200)),
                entry("c", "TAKEN"),
                now=LATER,
            )
        assert visible(tracker) == before
        remember(tracker, entry("d", "b7"))
        assert the(tracker, "d").s3_key == "b7"

    def test_nothing_to_remember_is_no_trouble(self, tracker: Tracker) -> None:
        remember(tracker)
        assert tracker.known([]) == {}


class TestSettle:
    @pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED, Status.SKIPPED])
    def test_the_claim_ends_with_status_reason_and_time(
        self, tracker: Tracker, status: Status
    ) -> None:
        remember(tracker, entry("a", "k"))
        begin(tracker)
        taken = take(tracker, "a")
        reason = Reason("stream_broken", "5 of 9 bytes")
        tracker.settle("a", OWNER, status, now=after(5), reason=reason)
        assert the(tracker, "a") == replace(
            taken,
            status=status,
            failures=1 if status is Status.FAILED else 0,
            reason=reason,
            sync_timestamp=after(5),
            lease_owner=None,
            lease_until=None,
        )
        assert the(tracker, "a").error_message == "5 of 9 bytes"

    def test_completed_needs_at_least_one_file(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        before = take(tracker, "a")
        with pytest.raises(IllegalMove, match="0 of 0"):
            tracker.settle("a", OWNER, Status.COMPLETED, now=NOW)
        assert the(tracker, "a") == before

    def test_completed_needs_every_file_completed(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "one"))
        begin(tracker)
        medium = take(tracker, "a")
        tracker.give_keys("a", OWNER, [FileEntry(2, "2", ("two",))])
        store_files(tracker, medium)
        with pytest.raises(IllegalMove, match="1 of 2"):
            tracker.settle("a", OWNER, Status.COMPLETED, now=NOW)
        store_files(tracker, the(tracker, "a"))
        tracker.settle("a", OWNER, Status.COMPLETED, now=NOW)
        assert the(tracker, "a").status is Status.COMPLETED

    def test_in_progress_ends_no_claim(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        before = take(tracker, "a")
        with pytest.raises(IllegalMove):
            tracker.settle("a", OWNER, Status.IN_PROGRESS, now=NOW)
        assert the(tracker, "a") == before

    def test_a_try_can_be_taken_back_and_stays_in_history(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        fail(tracker, "a")
        take(tracker, "a", now=after(1))
        assert the(tracker, "a").attempts == 2
        tracker.settle("a", OWNER, Status.PENDING, now=after(2), counts_as_attempt=False)
        assert (the(tracker, "a").attempts, the(tracker, "a").retry_count) == (1, 0)
        assert len(tracker.attempts("a")) == 2

    def test_failed_runs_in_a_row_are_counted_until_another_end(self, store: Store) -> None:
        tracker = store.open()
        remember(tracker, entry("a", "k"))
        begin(tracker)

        def ended(status: Status) -> int:
            take(tracker, "a")
            tracker.settle("a", OWNER, status, now=NOW, reason=Reason("why", "so"))
            return the(store.open(), "a").failures

        assert [ended(Status.FAILED), ended(Status.FAILED)] == [1, 2]
        assert ended(Status.PENDING) == 2, "a parked run changes nothing"
        assert ended(Status.FAILED) == 3
        remember(tracker, entry("a"))
        take(tracker, "a", now=after(1))
        assert the(tracker, "a").failures == 3, "being due, or at work, changes nothing"
        tracker.settle("a", OWNER, Status.SKIPPED, now=after(1), reason=Reason("gone", "gone"))
        assert the(tracker, "a").failures == 0
        assert ended(Status.FAILED) == 1
        finish(tracker, "a", now=after(2))
        assert (the(tracker, "a").failures, the(tracker, "a").attempts) == (0, 7)

    def test_only_the_holder_settles_and_only_once(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a")
        with pytest.raises(LeaseHeld):
            tracker.settle("a", "somebody else", Status.FAILED, now=NOW)
        tracker.settle("a", OWNER, Status.PENDING, now=NOW)
        with pytest.raises(LeaseHeld):
            tracker.settle("a", OWNER, Status.FAILED, now=NOW)
        assert the(tracker, "a").status is Status.PENDING
        with pytest.raises(LeaseHeld):
            tracker.settle("unknown", OWNER, Status.FAILED, now=NOW)

    def test_finished_media_are_never_taken_again(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"))
        begin(tracker)
        finish(tracker, "a")
        before = the(tracker, "a")
        assert tracker.claim("a", RUN, OWNER, now=LATER, until=after(10**6)) is None
        assert the(tracker, "a") == before
