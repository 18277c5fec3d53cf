"""What every tracker promises of files and their keys."""

from __future__ import annotations

import unicodedata
from dataclasses import replace

import pytest

from cloud_sync.errors import KeyTaken, LeaseHeld
from cloud_sync.model.tracking import Status, TrackedFile
from cloud_sync.tracker.base import Entry, FileEntry, Tracker
from tracker_stores import (
    LATER,
    NOW,
    OWNER,
    after,
    begin,
    entry,
    listed,
    remember,
    take,
    the,
    visible,
)


class TestKeys:
    def test_the_first_free_candidate_is_given(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"), entry("b", "k", "k-b"), entry("c", "k", "k-b", "k-c"))
        assert [medium.s3_key for medium in visible(tracker)] == ["k", "k-b", "k-c"]

    @pytest.mark.parametrize(
        "same",
        [
            "2024/été.mp4",
            "2024/ÉTÉ.MP4",
            unicodedata.normalize("NFD", "2024/été.MP4"),
            unicodedata.normalize("NFD", "2024/ÉTÉ.mp4"),
        ],
    )
    def test_letter_case_and_normalisation_make_no_other_key(
        self, tracker: Tracker, same: str
    ) -> None:
        remember(tracker, entry("a", "2024/été.MP4"))
        remember(tracker, entry("b", same, "2024/b.MP4"))
        assert the(tracker, "b").s3_key == "2024/b.MP4"

    def test_exhausted_candidates_name_the_medium_and_the_last_of_them(
        self, tracker: Tracker
    ) -> None:
        remember(tracker, entry("a", "k"), entry("b", "k-b"))
        with pytest.raises(KeyTaken, match=r"medium c\b.*k-b"):
            remember(tracker, entry("c", "k", "k-b"))

    def test_a_key_once_given_never_changes(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"))
        renamed = listed("a", "renamed.MP4", captured_at=after(10**7))
        remember(tracker, Entry(renamed, Status.PENDING, None, ("other",)), now=LATER)
        begin(tracker)
        take(tracker, "a")
        given = tracker.give_keys("a", OWNER, [FileEntry(1, "real.MP4", ("another",))])
        assert [file.key for file in given] == ["k"]
        tracker.settle("a", OWNER, Status.PENDING, now=NOW)
        take(tracker, "a")
        assert tracker.give_keys("a", OWNER, [FileEntry(1, "x", ("x",))])[0].key == "k"
        assert the(tracker, "a").s3_key == "k"

    def test_a_key_that_was_passed_over_stays_free_for_others(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"))
        remember(tracker, entry("a", "unused"))
        remember(tracker, entry("b", "unused"))
        assert the(tracker, "b").s3_key == "unused"

    def test_all_files_come_back_by_number(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "one"))
        begin(tracker)
        take(tracker, "a")
        given = tracker.give_keys(
            "a", OWNER, [FileEntry(3, "3.MP4", ("three",)), FileEntry(2, "2.MP4", ("two",))]
        )
        assert given == (
            TrackedFile(1, "one", "a.MP4"),
            TrackedFile(2, "two", "2.MP4"),
            TrackedFile(3, "three", "3.MP4"),
        )
        assert the(tracker, "a").files == given
        assert tracker.give_keys("a", OWNER, []) == given

    def test_the_first_files_key_is_the_mediums(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a")
        tracker.give_keys("a", OWNER, [FileEntry(2, "2", ("two",)), FileEntry(1, "1", ("one",))])
        assert the(tracker, "a").s3_key == "one"

    def test_files_of_one_medium_do_not_share_a_key(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a")
        given = tracker.give_keys(
            "a", OWNER, [FileEntry(1, "x.MP4", ("x.MP4",)), FileEntry(2, "X.mp4", ("X.mp4", "x-2"))]
        )
        assert [file.key for file in given] == ["x.MP4", "x-2"]

    def test_the_name_that_the_files_tell_replaces_the_listings(self, tracker: Tracker) -> None:
        remember(tracker, Entry(listed("a", ""), Status.PENDING, None, ("k",)))
        begin(tracker)
        take(tracker, "a")
        assert tracker.give_keys("a", OWNER, [FileEntry(1, "GX01.MP4", ("k",))]) == (
            TrackedFile(1, "k", "GX01.MP4"),
        )
        assert tracker.give_keys("a", OWNER, [FileEntry(1, "", ("k",))])[0].filename == "GX01.MP4"

    def test_giving_keys_is_all_or_nothing(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "taken"), entry("b", "b1"))
        begin(tracker)
        take(tracker, "b")
        with pytest.raises(KeyTaken, match=r"file 3 of medium b\b.*Taken"):
            tracker.give_keys(
                "b",
                OWNER,
                [
                    FileEntry(1, "new name", ("b1",)),
                    FileEntry(2, "b2", ("b2",)),
                    FileEntry(3, "b3", ("Taken",)),
                ],
            )
        assert the(tracker, "b").files == (TrackedFile(1, "b1", "b.MP4"),)
        assert tracker.give_keys("b", OWNER, [FileEntry(4, "b4", ("b2",))])[1].key == "b2"

    def test_a_file_without_candidates_is_a_bug(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        take(tracker, "a")
        with pytest.raises(ValueError, match="without key candidates"):
            tracker.give_keys("a", OWNER, [FileEntry(1, "a", ())])

    def test_only_the_holder_gives_keys(self, tracker: Tracker) -> None:
        remember(tracker, entry("a"))
        begin(tracker)
        with pytest.raises(LeaseHeld):
            tracker.give_keys("a", OWNER, [FileEntry(1, "a", ("k",))])
        take(tracker, "a")
        with pytest.raises(LeaseHeld, match=rf"medium a .*{OWNER} holds it until 2024-06-01 12:10"):
            tracker.give_keys("a", "somebody else", [FileEntry(1, "a", ("k",))])
        assert the(tracker, "a").files == ()


class TestRecordFile:
    def test_status_size_checksum_and_etag_are_stored(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"))
        begin(tracker)
        file = take(tracker, "a").files[0]
        for recorded in (
            replace(file, status=Status.IN_PROGRESS, size=2**40, checksum="AAAAAAAAAAA="),
            replace(file, status=Status.COMPLETED, size=5, checksum="BBBBBBBBBBB=", etag='"e-1"'),
            replace(file, status=Status.PENDING),
        ):
            tracker.record_file("a", OWNER, recorded)
            assert the(tracker, "a").files == (recorded,)

    def test_other_files_stay(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "one"))
        begin(tracker)
        take(tracker, "a")
        first, second = tracker.give_keys("a", OWNER, [FileEntry(2, "2", ("two",))])
        done = replace(second, status=Status.COMPLETED, size=1)
        tracker.record_file("a", OWNER, done)
        assert the(tracker, "a").files == (first, done)

    def test_the_key_must_be_the_files_own(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"))
        begin(tracker)
        before = take(tracker, "a")
        with pytest.raises(ValueError, match="key"):
            tracker.record_file("a", OWNER, TrackedFile(1, "K", "a", Status.COMPLETED))
        with pytest.raises(ValueError, match="no key"):
            tracker.record_file("a", OWNER, TrackedFile(2, "k", "a", Status.COMPLETED))
        assert the(tracker, "a") == before

    def test_only_the_holder_records(self, tracker: Tracker) -> None:
        remember(tracker, entry("a", "k"))
        begin(tracker)
        medium = take(tracker, "a")
        with pytest.raises(LeaseHeld):
            tracker.record_file("a", "somebody else", replace(medium.files[0], size=1))
        tracker.settle("a", OWNER, Status.PENDING, now=NOW)
        with pytest.raises(LeaseHeld):
            tracker.record_file("a", OWNER, replace(medium.files[0], size=1))
        assert the(tracker, "a").files == medium.files
