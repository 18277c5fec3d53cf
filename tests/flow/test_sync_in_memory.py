"""Whole runs over adapters in memory: what a run promises, whatever the cloud does."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import NOON, Bench, ManualClock, item
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.memory import MemoryArchive, MemoryObject, MemoryUpload
from cloud_sync.errors import (
    ArchiveUnusable,
    AuthRequired,
    AuthTrouble,
    GoneAtSource,
    InternalError,
    NotReady,
    ServiceUnavailable,
    Throttled,
    UrlExpired,
)
from cloud_sync.model.media import Account, MediaFile, MediaItem, Page
from cloud_sync.model.report import Outcome, Result, RunSummary
from cloud_sync.model.tracking import Status, TrackedFile
from cloud_sync.notify.base import Severity
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.pipeline.events import FileArchived, FileFailed, RunEnded, Warned
from cloud_sync.provider.memory import MemoryProvider, MemoryStream, Original
from cloud_sync.tracker.memory import MemoryTracker
from cloud_sync.tracker.plan import QUARANTINE_AFTER, Policy
from cloud_sync.transfer.stopping import Stop, StopReason

KEY_A = "gopro-videos/2026/05/GXa.MP4"


def content(media_id: str, number: int = 1) -> bytes:
    """Bytes that differ for every original."""
    return f"{media_id}/{number} ".encode() * 100


def clip(media_id: str, files: int = 1, **facts: object) -> tuple[MediaItem, list[Original]]:
    originals = [Original(content(media_id, number)) for number in range(1, files + 1)]
    size = sum(len(original.content) for original in originals)
    return item(media_id, **{"size": size, "file_count": files, **facts}), originals


def library(*media: tuple[MediaItem, list[Original]], per_page: int = 2) -> MemoryProvider:
    return MemoryProvider(dict(media), per_page=per_page)


def objects(bench: Bench) -> dict[str, bytes]:
    assert isinstance(bench.archive, MemoryArchive)
    assert bench.archive.open_uploads == 0, "an upload was left behind"
    return {key: each.content for key, each in bench.archive.objects.items()}


def check_invariant(summary: RunSummary) -> None:
    """found = already_archived + archived + failed + pending + gone + needs_attention + filtered"""
    assert summary.found == sum(summary.counts.values())


def warnings(bench: Bench) -> list[str]:
    return [each.message for each in bench.events if isinstance(each, Warned)]


def failed(bench: Bench) -> dict[str, str]:
    return {
        each.media_id: each.reason.code
        for each in bench.tracker.media(status=Status.FAILED)
        if each.reason
    }


def test_everything_is_archived_once_with_its_proof() -> None:
    bench = Bench(library(clip("a"), clip("b", 2), clip("c")))
    report = bench.run()

    assert report.blocker is None
    assert report.summary.result is Result.COMPLETED
    assert report.summary.counts[Outcome.ARCHIVED] == 3
    assert report.summary.files_archived == 4
    assert report.summary.new == 3
    stored = objects(bench)
    assert sorted(stored.values()) == sorted(
        [content("a"), content("b"), content("b", 2), content("c")]
    )
    assert report.summary.bytes == sum(map(len, stored.values()))
    check_invariant(report.summary)
    for medium in bench.tracker.media():
        assert medium.status is Status.COMPLETED
        for file in medium.files:
            assert file.size == len(stored[file.key])
            assert file.checksum == to_text(part_checksum(stored[file.key]))
    assert bench.events[-1] == RunEnded(report.summary)
    archived = [event for event in bench.events if isinstance(event, FileArchived)]
    assert {event.key: event.size for event in archived} == {
        key: len(each) for key, each in stored.items()
    }


def test_a_second_run_moves_nothing_and_calls_only_pages() -> None:
    provider = library(clip("a"), clip("b"), clip("c"))
    bench = Bench(provider)
    bench.run()
    provider.calls.clear()
    report = bench.run()

    assert dict(provider.calls) == {"check_login": 1, "list_page": 2}
    assert report.summary.result is Result.COMPLETED
    assert report.summary.counts[Outcome.ALREADY_ARCHIVED] == report.summary.found == 3
    assert (report.summary.new, report.summary.files_archived, report.summary.bytes) == (0, 0, 0)


def test_a_medium_that_is_not_ready_stays_pending_and_is_archived_when_it_is() -> None:
    medium, originals = clip("a")
    provider = library((replace(medium, ready=False, state="transcoding"), originals))
    bench = Bench(provider)
    report = bench.run()

    assert report.summary.result is Result.COMPLETED
    assert report.summary.counts[Outcome.PENDING] == 1
    assert [each.code for each in report.summary.named] == ["not_ready"]
    reason = bench.row("a").reason
    assert (bench.row("a").status, reason and reason.code) == (Status.PENDING, "not_ready")
    assert objects(bench) == {}

    provider.add(medium, *originals)
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 1
    assert objects(bench) == {KEY_A: content("a")}


def test_a_medium_without_an_original_is_named_and_no_proxy_is_taken() -> None:
    bench = Bench(library((item("a"), []), clip("b")))
    report = bench.run()

    assert report.summary.result is Result.COMPLETED
    named = report.summary.named[0]
    assert (named.media_id, named.outcome, named.code) == (
        "a",
        Outcome.NEEDS_ATTENTION,
        "no_original",
    )
    assert bench.row("a").status is Status.SKIPPED
    assert list(objects(bench).values()) == [content("b")]
    assert bench.run().summary.reasons == {"no_original": 1}


def test_originals_that_are_announced_only_are_waited_for_and_use_up_no_try() -> None:
    provider = library(clip("a"))
    bench = Bench(provider)
    provider.faults.on("resolve", NotReady("original 1 is announced but not available yet"))
    report = bench.run()

    assert report.summary.result is Result.COMPLETED
    assert report.summary.counts[Outcome.PENDING] == 1
    assert report.summary.reasons == {"not_ready": 1}
    row = bench.row("a")
    assert (row.status, row.attempts, row.failures) == (Status.PENDING, 0, 0)
    assert row.reason is not None
    assert row.reason.code == "not_ready"
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 1


class GoneBeforeItsTurn(MemoryProvider):
    """Its owner deletes `a` after it was listed."""

    def resolve(self, item: MediaItem) -> tuple[MediaFile, ...]:
        if item.id == "a" and "a" in self._items:
            self.remove("a")
        return super().resolve(item)


def test_a_medium_deleted_after_it_was_listed_is_gone_and_named() -> None:
    bench = Bench(GoneBeforeItsTurn(dict([clip("a"), clip("b")])))
    report = bench.run()

    assert report.summary.result is Result.COMPLETED
    assert report.summary.counts[Outcome.GONE] == report.summary.counts[Outcome.ARCHIVED] == 1
    assert [(each.media_id, each.code) for each in report.summary.named] == [
        ("a", "gone_at_source")
    ]


def test_a_due_medium_that_vanished_from_the_listing_is_gone_and_an_archived_one_stays() -> None:
    provider = library(clip("a"), clip("b", ready=False))
    bench = Bench(provider)
    bench.run()
    provider.remove("a")
    provider.remove("b")
    report = bench.run()

    assert [(each.media_id, each.outcome) for each in report.summary.named] == [("b", Outcome.GONE)]
    check_invariant(report.summary)
    assert bench.row("a").status is Status.COMPLETED
    assert objects(bench) == {KEY_A: content("a")}
    assert bench.run().summary.found == 0


def test_a_medium_that_vanished_and_is_listed_again_is_archived_at_once() -> None:
    provider = library(clip("a", ready=False))
    bench = Bench(provider)
    bench.run()
    provider.remove("a")
    assert bench.run().summary.counts[Outcome.GONE] == 1
    assert bench.row("a").status is Status.SKIPPED

    provider.add(*_single("a"))
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 1


class BrokenFor(MemoryProvider):
    """Originals of the media in `broken` never arrive."""

    broken: frozenset[str] = frozenset({"b"})

    def open(
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> MemoryStream:
        if file.url.reveal().split(":", 3)[3] in self.broken:
            self.calls["broken"] += 1
            raise ServiceUnavailable("opening an original: the connection was refused")
        return super().open(file, start, length, etag)


def test_a_failing_medium_is_failed_by_name_and_the_others_go_on() -> None:
    provider = BrokenFor(dict([clip("a"), clip("b"), clip("c")]))
    bench = Bench(provider)
    report = bench.run()

    assert report.summary.result is Result.COMPLETED_WITH_FAILURES
    assert report.summary.counts[Outcome.ARCHIVED] == 2
    assert failed(bench) == {"b": "service_unavailable"}
    assert provider.calls["broken"] == 3, "tries are bounded by the policy"
    told = [event.retry_in for event in bench.events if isinstance(event, FileFailed)]
    assert told == [0.0, 0.0, None], "two retries, and the end of it"

    provider.broken = frozenset()
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 1
    assert failed(bench) == {}
    assert [each.outcome for each in bench.tracker.attempts("b")] == ["FAILED", "COMPLETED"]


def test_a_medium_that_failed_in_five_runs_waits_for_a_person() -> None:
    provider = BrokenFor(dict([clip("b")]))
    bench = Bench(provider)
    for _ in range(QUARANTINE_AFTER):
        assert bench.run().summary.counts[Outcome.FAILED] == 1
    provider.calls.clear()
    report = bench.run()

    assert report.summary.reasons == {"quarantined": 1}
    assert report.summary.counts[Outcome.NEEDS_ATTENTION] == 1
    assert report.summary.result is Result.COMPLETED_WITH_FAILURES
    assert "failed in 5 runs in a row" in report.summary.named[0].message
    assert provider.calls["resolve"] == provider.calls["broken"] == 0
    assert failed(bench) == {"b": "service_unavailable"}, "the row keeps what went wrong"

    provider.broken = frozenset()
    report = bench.run(Policy(retry_failed=True))
    assert report.summary.counts[Outcome.ARCHIVED] == 1


def test_only_failed_runs_lead_to_quarantine_and_not_tries_that_were_cut_short() -> None:
    """A process that is killed uses up tries; that says nothing about the medium."""
    provider = BrokenFor(dict([clip("b")]))
    bench = Bench(provider)
    bench.run()
    for number in range(QUARANTINE_AFTER):
        bench.clock.advance(3600)
        now, run_id = bench.clock.now(), f"killed-{number}"
        until = now + timedelta(seconds=60)
        bench.tracker.begin_run(run_id, "killed", now=now, until=until)
        assert bench.tracker.claim("b", run_id, run_id, now=now, until=until)
    assert bench.row("b").attempts > QUARANTINE_AFTER

    for failures in range(2, QUARANTINE_AFTER + 1):
        assert bench.run().summary.counts[Outcome.FAILED] == 1
        assert bench.row("b").failures == failures
    assert bench.run().summary.reasons == {"quarantined": 1}


class DiesAt(MemoryProvider):
    """Its login is dead from the first `call` on, until the next run."""

    def __init__(
        self, call: str, dead: AuthRequired, media: dict[MediaItem, list[Original]]
    ) -> None:
        super().__init__(media)
        self.faults.on(call, dead)
        self._dead = dead

    def check_login(self) -> Account:
        if self.calls["check_login"] == 1:
            self.faults.on("check_login", self._dead)
        return super().check_login()


@pytest.mark.parametrize("call", ["resolve", "open"])
def test_a_dead_login_in_mid_run_parks_the_run_and_marks_nothing_failed(call: str) -> None:
    dead = AuthRequired("the token was refused", trouble=AuthTrouble.EXPIRED)
    bench = Bench(DiesAt(call, dead, dict([clip("a"), clip("b"), clip("c")])))
    report = bench.run(concurrency=1)

    assert report.blocker is dead
    assert report.summary.result is Result.AUTH_REQUIRED
    assert report.summary.counts[Outcome.PENDING] == 3
    check_invariant(report.summary)
    for medium in bench.tracker.media():
        assert (medium.status, medium.attempts) == (Status.PENDING, 0)
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 3


def test_a_dead_login_at_the_start_lists_nothing() -> None:
    provider = library(clip("a"))
    provider.faults.on(
        "check_login", AuthRequired("no login", trouble=AuthTrouble.MISSING, hint="log in")
    )
    bench = Bench(provider)
    report = bench.run()
    assert report.summary.result is Result.AUTH_REQUIRED
    assert report.summary.message == "no login"
    assert provider.calls["list_page"] == 0
    assert list(bench.tracker.media()) == []


class StopsWhenOpened(MemoryProvider):
    """Somebody interrupts the run while the second original is on its way."""

    stop: Stop | None = None

    def open(
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> MemoryStream:
        stream = super().open(file, start, length, etag)
        if self.stop is not None and self.calls["open"] == 2:
            self.stop.request(StopReason.INTERRUPTED)
        return stream


def test_files_of_a_medium_that_was_stopped_half_way_are_counted() -> None:
    provider = StopsWhenOpened(dict([clip("a", 2)]))
    bench = Bench(provider)
    provider.stop = Stop(bench.clock)
    report = bench.run(stop=provider.stop)

    assert report.summary.result is Result.INTERRUPTED
    assert report.summary.reasons == {"interrupted": 1}
    assert (report.summary.files_archived, report.summary.bytes) == (1, len(content("a")))
    assert list(objects(bench).values()) == [content("a")]
    assert (bench.row("a").status, bench.row("a").attempts) == (Status.PENDING, 0)
    check_invariant(report.summary)

    provider.stop = None
    assert bench.run().summary.files_archived == 1


def test_an_interrupted_run_keeps_what_is_stored_and_the_next_one_goes_on() -> None:
    provider = StopsWhenOpened(dict([clip("a"), clip("b"), clip("c")]))
    bench = Bench(provider)
    provider.stop = Stop(bench.clock)
    report = bench.run(stop=provider.stop, concurrency=1)

    assert report.summary.result is Result.INTERRUPTED
    assert report.summary.counts[Outcome.ARCHIVED] == 1
    assert report.summary.reasons == {"interrupted": 2}
    check_invariant(report.summary)
    assert len(objects(bench)) == 1
    assert sorted(each.attempts for each in bench.tracker.media()) == [0, 0, 1]

    provider.stop = None
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 2
    assert len(objects(bench)) == 3


def test_a_run_that_is_out_of_time_is_no_failure() -> None:
    bench = Bench(library(clip("a")))
    stop = Stop(bench.clock, seconds=7200)

    class Slow(MemoryProvider):
        def list_page(self, number: int) -> Page:
            bench.clock.advance(7200)
            return super().list_page(number)

    bench.provider = Slow(dict([clip("a")]))
    report = bench.run(stop=stop)
    assert report.summary.result is Result.COMPLETED
    assert report.summary.reasons == {"out_of_time": 1}


class FullAfter(MemoryArchive):
    """A disk with room for `room` objects."""

    room = 1

    def begin(self, key: str, description: ObjectDescription, *, part_size: int) -> MemoryUpload:
        if len(self.objects) >= self.room:
            raise ArchiveUnusable("writing: no space left", hint="make room")
        return super().begin(key, description, part_size=part_size)


def test_a_full_archive_ends_the_run_and_leaves_the_rest_due() -> None:
    archive = FullAfter()
    bench = Bench(library(clip("a"), clip("b"), clip("c")), archive=archive)
    report = bench.run(concurrency=1)

    assert isinstance(report.blocker, ArchiveUnusable)
    assert report.summary.result is Result.FAILED
    assert report.summary.counts[Outcome.ARCHIVED] == 1
    assert report.summary.reasons == {"run_blocked": 2}
    assert failed(bench) == {}

    archive.room = 10
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 2


class Shrunken(MemoryProvider):
    """Says that it holds more than it lists."""

    def list_page(self, number: int) -> Page:
        page = super().list_page(number)
        return replace(page, total_items=(page.total_items or 0) + 1)


def test_an_incomplete_listing_is_never_called_done_and_nothing_is_called_gone() -> None:
    provider = Shrunken(dict([clip("a")]))
    bench = Bench(provider)
    bench.tracker.remember([], now=NOON)
    report = bench.run()
    assert report.summary.counts[Outcome.ARCHIVED] == 1
    assert not report.summary.listing_complete
    assert report.summary.result is Result.COMPLETED_WITH_FAILURES
    assert report.summary.listing_short_by == 1
    (warning,) = warnings(bench)
    assert "the cloud counts 2 media, 1 were listed; run again" in warning

    provider.add(*_unready("b"))
    bench.run()
    provider.remove("b")
    assert bench.run().summary.counts[Outcome.GONE] == 0
    assert bench.row("b").status is Status.PENDING


def _unready(media_id: str) -> tuple[MediaItem, Original]:
    medium, originals = clip(media_id, ready=False)
    return medium, originals[0]


class WithUnreadableRow(MemoryProvider):
    def list_page(self, number: int) -> Page:
        page = super().list_page(number)
        return replace(
            page, unreadable=("a row without id",), total_items=(page.total_items or 0) + 1
        )


def test_an_unreadable_row_is_counted_and_named_and_nobody_is_told_to_run_again() -> None:
    bench = Bench(WithUnreadableRow(dict([clip("a")])))
    report = bench.run()
    (warning,) = warnings(bench)
    assert "1 row of the listing could not be read (first: a row without id)" in warning
    assert "running again does not help" in warning
    assert (report.summary.listing_complete, report.summary.listing_short_by) == (False, 0)
    assert report.summary.found == 2
    assert report.summary.reasons == {"unreadable_row": 1}
    assert report.summary.result is Result.COMPLETED_WITH_FAILURES
    check_invariant(report.summary)


class ForgetsOnce(MemoryTracker):
    """The process dies between making an object visible and recording that it is whole."""

    armed = True

    def record_file(self, media_id: str, owner: str, file: TrackedFile) -> None:
        if self.armed and file.status is Status.COMPLETED:
            self.armed = False
            raise KeyboardInterrupt
        super().record_file(media_id, owner, file)


def test_an_object_that_was_committed_but_not_recorded_is_adopted_without_moving_it() -> None:
    provider, tracker = library(clip("a")), ForgetsOnce()
    bench = Bench(provider, tracker)
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    assert objects(bench) == {KEY_A: content("a")}
    assert bench.row("a").status is Status.IN_PROGRESS

    provider.calls.clear()
    report = bench.run()
    assert provider.calls["open"] == 0
    assert report.summary.counts[Outcome.ARCHIVED] == 1
    assert (report.summary.files_archived, report.summary.bytes) == (0, 0)
    assert bench.row("a").status is Status.COMPLETED
    assert bench.row("a").files[0].size == len(content("a"))


def _foreign(data: bytes) -> MemoryObject:
    description = ObjectDescription("somebody", 1, "video/mp4", {}, {})
    return MemoryObject(data, to_text(part_checksum(data)), description)


def test_a_foreign_object_at_the_key_fails_the_medium_and_is_left_alone() -> None:
    archive = MemoryArchive()
    archive.objects[KEY_A] = _foreign(b"not ours")
    bench = Bench(library(clip("a"), clip("b")), archive=archive)
    report = bench.run()

    assert failed(bench) == {"a": "key_taken"}
    assert archive.objects[KEY_A].content == b"not ours"
    assert report.summary.counts[Outcome.ARCHIVED] == 1


def test_a_tampered_object_is_not_adopted() -> None:
    """After a crash the archive holds other bytes of the same size: the medium is not done."""
    tracker, archive = ForgetsOnce(), MemoryArchive()
    bench = Bench(library(clip("a")), tracker, archive)
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    archive.objects[KEY_A] = _foreign(b"x" * len(content("a")))
    bench.run()
    assert failed(bench) == {"a": "key_taken"}


def test_an_address_that_ran_out_is_resolved_again() -> None:
    provider = library(clip("a"))
    provider.faults.on("open", UrlExpired("the address has run out"))
    assert Bench(provider).run().summary.counts[Outcome.ARCHIVED] == 1
    assert provider.calls["resolve"] == 2


@pytest.mark.parametrize("fault", ["stream_ends_after", "stream_breaks_after"])
def test_a_truncated_body_is_never_an_archived_file(fault: str) -> None:
    provider = library(clip("a"))
    setattr(provider.faults, fault, 17)
    bench = Bench(provider)
    report = bench.run()
    assert report.summary.counts[Outcome.FAILED] == 1
    assert objects(bench) == {}

    setattr(provider.faults, fault, None)
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 1
    assert objects(bench) == {KEY_A: content("a")}


def test_an_original_far_from_the_listed_size_is_refused_with_both_numbers() -> None:
    bench = Bench(library(clip("a", size=5_000_000)))
    report = bench.run()
    assert failed(bench) == {"a": "size_mismatch"}
    message = report.summary.named[0].message
    assert "5000000" in message
    assert str(len(content("a"))) in message
    assert objects(bench) == {}


def test_a_small_drift_of_the_listed_size_is_archived_with_a_warning() -> None:
    bench = Bench(library(clip("a", size=len(content("a")) + 100)))
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 1
    assert any(
        isinstance(each, Warned) and str(len(content("a"))) in each.message for each in bench.events
    )


class BreaksFrom(MemoryProvider):
    """Originals from number `first` on never arrive."""

    first = 2

    def open(
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> MemoryStream:
        if file.number >= self.first:
            raise ServiceUnavailable("opening: no answer")
        return super().open(file, start, length, etag)


def test_files_that_are_stored_are_not_moved_again_when_their_medium_goes_on() -> None:
    provider = BreaksFrom(dict([clip("a", 2)]))
    bench = Bench(provider)
    report = bench.run()
    assert (report.summary.counts[Outcome.FAILED], report.summary.files_archived) == (1, 1)
    provider.first = 99
    provider.calls.clear()
    report = bench.run()
    assert provider.calls["open"] == report.summary.files_archived == 1
    assert len(objects(bench)) == 2


def test_a_medium_that_lost_an_original_fails_by_name_and_takes_no_other_along() -> None:
    provider = BreaksFrom(dict([clip("a", 2)]))
    bench = Bench(provider)
    bench.run()
    provider.add(*_shortened("a"))
    provider.add(*_single("b"))
    report = bench.run()
    assert failed(bench) == {"a": "source_not_understood"}
    assert "without file 2" in report.summary.named[0].message
    assert report.summary.counts[Outcome.ARCHIVED] == 1


def _shortened(media_id: str) -> tuple[MediaItem, Original]:
    medium, originals = clip(media_id, 2)
    return medium, originals[0]


def _single(media_id: str) -> tuple[MediaItem, Original]:
    medium, originals = clip(media_id)
    return medium, originals[0]


def test_a_limit_leaves_failed_media_as_they_are() -> None:
    provider = BrokenFor(dict([clip("b"), clip("a", captured_at=NOON - timedelta(days=300))]))
    provider.broken = frozenset({"a", "b"})
    bench = Bench(provider)
    bench.run()
    report = bench.run(limit=1)
    assert report.summary.reasons == {"service_unavailable": 1, "limit_reached": 1}
    assert failed(bench) == {"a": "service_unavailable", "b": "service_unavailable"}
    assert (bench.row("a").failures, bench.row("b").failures) == (2, 1)


class Faulty(MemoryProvider):
    """Our own client has a fault in it."""

    armed = True

    def list_page(self, number: int) -> Page:
        if self.armed:
            raise KeyError("https://host/?Signature=SECRET")
        return super().list_page(number)


def test_a_fault_of_our_own_while_planning_ends_with_a_summary_and_frees_the_lease() -> None:
    provider = Faulty(dict([clip("a")]))
    bench = Bench(provider)
    report = bench.run()

    assert isinstance(report.blocker, InternalError)
    assert report.summary.result is Result.FAILED
    assert not report.summary.listing_complete
    assert "KeyError" in report.summary.message
    assert "SECRET" not in repr(report)
    assert [run.run_id for run in bench.tracker.runs()] == ["run-1"]

    provider.armed = False
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 1


class EndlessListing(MemoryProvider):
    """Listing takes more time than the run has."""

    clock: ManualClock | None = None

    def list_page(self, number: int) -> Page:
        if self.clock:
            self.clock.advance(7200)
        return super().list_page(number)


def test_a_run_that_is_out_of_time_before_the_listing_ended_is_never_called_done() -> None:
    provider = EndlessListing(dict([clip("a"), clip("b"), clip("c")]), per_page=1)
    bench = Bench(provider)
    provider.clock = bench.clock
    report = bench.run(stop=Stop(bench.clock, seconds=7200))
    assert report.summary.result is Result.COMPLETED_WITH_FAILURES
    assert not report.summary.listing_complete
    assert list(bench.tracker.media(status=Status.COMPLETED)) == []


def test_a_limit_takes_the_oldest_and_names_the_rest() -> None:
    old = clip("b", captured_at=NOON - timedelta(days=300))
    bench = Bench(library(clip("a"), old, clip("c")))
    report = bench.run(limit=1)
    assert report.summary.reasons == {"limit_reached": 2}
    assert list(objects(bench).values()) == [content("b")]
    assert report.summary.result is Result.COMPLETED


def test_media_of_one_name_get_keys_of_their_own() -> None:
    bench = Bench(library(clip("a", filename="GX1.MP4"), clip("b", filename="gx1.mp4")))
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 2
    assert sorted(objects(bench).values()) == [content("a"), content("b")]
    assert len({key.casefold() for key in objects(bench)}) == 2


def test_a_person_hears_once_of_each_change_of_state() -> None:
    provider, notifier = BrokenFor(dict([clip("b")])), MemoryNotifier()
    bench = Bench(provider, notifier=notifier)
    bench.run()
    bench.run()
    assert len(notifier.sent) == 1
    provider.broken = frozenset()
    bench.run()
    bench.run()
    assert len(notifier.sent) == 2
    assert "done, but something is missing" in notifier.sent[0][0]
    assert notifier.sent[1][0].startswith("cloud-sync: done: ")


class DeafNotifier:
    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        raise ServiceUnavailable("sending a notification: no answer")


def test_a_message_that_cannot_be_sent_does_not_change_the_run() -> None:
    bench = Bench(BrokenFor(dict([clip("b"), clip("c")])), notifier=DeafNotifier())
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 1
    assert isinstance(bench.events[-2], Warned), "the summary comes last"


def test_throttling_of_the_listing_is_waited_for_and_told() -> None:
    provider = library(clip("a"))
    provider.faults.on("list_page", Throttled("too many calls", retry_after=0.0))
    bench = Bench(provider)
    assert bench.run().summary.counts[Outcome.ARCHIVED] == 1
    assert any(
        isinstance(each, Warned) and "too many calls" in each.message for each in bench.events
    )


@st.composite
def media(draw: st.DrawFn) -> tuple[list[tuple[MediaItem, list[Original]]], frozenset[str]]:
    """A library of up to eight media in every condition, and the ids whose originals break."""
    made = []
    broken = set()
    for number in range(draw(st.integers(0, 8))):
        media_id = f"m{number}"
        name = draw(st.sampled_from(["", "GX1.MP4", "gx1.mp4", "G/../X.JPG", f"N{number}.mp4"]))
        medium, originals = clip(
            media_id,
            draw(st.integers(0, 3)),
            filename=name,
            ready=draw(st.booleans()),
            type=draw(st.sampled_from(["Video", "Photo", "MultiClipEdit"])),
            captured_at=draw(st.sampled_from([None, NOON, NOON - timedelta(days=400)])),
        )
        made.append((medium, originals))
        if draw(st.booleans()):
            broken.add(media_id)
    return made, frozenset(broken)


@settings(deadline=None, max_examples=60)
@given(media(), st.none() | st.integers(1, 4), st.sampled_from([(), ("*.mp4",), ("*.jpg",)]))
def test_every_medium_found_has_one_outcome_and_everything_arrives_in_the_end(
    made: tuple[list[tuple[MediaItem, list[Original]]], frozenset[str]],
    limit: int | None,
    exclude: tuple[str, ...],
) -> None:
    rows, broken = made
    provider = BrokenFor(dict(rows), per_page=3)
    provider.broken = broken
    bench = Bench(provider, clock=ManualClock())
    for _ in range(2):
        check_invariant(bench.run(Policy(exclude=exclude), limit=limit).summary)
    provider.broken = frozenset()
    report = bench.run()
    check_invariant(report.summary)
    wanted = [each for medium, originals in rows if medium.ready for each in originals]
    assert sorted(objects(bench).values()) == sorted(each.content for each in wanted)
    assert report.summary.found == len(rows)


class GoesAway(MemoryProvider):
    """The medium is deleted in the cloud while it is on its way."""

    def open(
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> MemoryStream:
        if start:
            raise ServiceUnavailable("opening: no answer")
        return super().open(file, start, length, etag)


@pytest.mark.parametrize("listed_still", [True, False])
def test_a_half_transferred_medium_that_goes_away_leaves_no_unfinished_upload(
    listed_still: bool,
) -> None:
    archive = MemoryArchive()
    large = Original(b"x" * (20 * 2**20))
    provider = GoesAway({item("a"): [large]})
    bench = Bench(provider, archive=archive)
    assert bench.run().summary.counts[Outcome.FAILED] == 1
    assert archive.open_uploads == 1, "the begun upload is kept for the next run"
    if listed_still:
        provider.faults.on("resolve", GoneAtSource("resolving a: it is gone"))
    else:
        provider.remove("a")
    assert bench.run().summary.counts[Outcome.GONE] == 1
    assert archive.open_uploads == 0
    assert bench.tracker.checkpoint("a", 1) is None
