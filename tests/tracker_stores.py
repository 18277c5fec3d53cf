"""The trackers that the contract suite runs over, and the media that it remembers.

Another adapter joins the suite with one class that opens trackers over one store, and one line
in `STORES`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Outcome, Result, RunSummary
from cloud_sync.model.tracking import Checkpoint, PartRecord, Reason, Status, TrackedMedium
from cloud_sync.tracker.base import Entry, Tracker
from cloud_sync.tracker.dynamodb import DynamoTracker
from cloud_sync.tracker.memory import MemoryStore, MemoryTracker
from cloud_sync.tracker.sqlite import SqliteTracker
from dynamodb_tables import new_table
from ministack import shared


class Store(Protocol):
    """One store that any number of trackers can be opened over."""

    knows_dead_owners: bool
    """Whether a run that was left open counts as dead once its tracker is closed."""

    def open(self) -> Tracker:
        """A further tracker over the store; closed at the end of the test."""
        ...


class _Stores(ABC):
    knows_dead_owners = True

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.opened: list[Tracker] = []

    def open(self) -> Tracker:
        tracker = self.make()
        self.opened.append(tracker)
        return tracker

    @abstractmethod
    def make(self) -> Tracker: ...


class _Memory(_Stores):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.shared = MemoryStore()

    def make(self) -> Tracker:
        return MemoryTracker(self.shared)


class _Sqlite(_Stores):
    def make(self) -> Tracker:
        return SqliteTracker(self.folder / "tracker.db")


class _Dynamo(_Stores):
    knows_dead_owners = False

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.table = new_table(shared())

    def make(self) -> Tracker:
        return DynamoTracker(self.table, client_options=shared().options)


STORES: dict[str, type[_Stores]] = {"memory": _Memory, "sqlite": _Sqlite, "dynamodb": _Dynamo}


@contextmanager
def store_of(kind: str, folder: Path) -> Iterator[Store]:
    """A store of that kind; whatever was opened over it is closed at the end."""
    stores = STORES[kind](folder)
    try:
        yield stores
    finally:
        for tracker in stores.opened:
            tracker.close()


NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
RUN, OWNER = "run-1", "worker-1"


def after(seconds: float) -> datetime:
    """The instant that many seconds after `NOW`."""
    return NOW + timedelta(seconds=seconds)


LATER = after(600)


def listed(media_id: str, filename: str | None = None, **facts: object) -> MediaItem:
    """A clip as a provider lists it, changed by `facts`."""
    item = MediaItem(
        id=media_id,
        type="Video",
        filename=f"{media_id}.MP4" if filename is None else filename,
        extension="mp4",
        state="ready",
        ready=True,
        size=1_000,
        file_count=1,
        captured_at=datetime(2024, 5, 1, 10, tzinfo=UTC),
        uploaded_at=datetime(2024, 5, 2, 10, tzinfo=UTC),
        updated_at=datetime(2024, 5, 2, 11, tzinfo=UTC),
        duration_seconds=12.5,
    )
    return replace(item, **facts)  # type: ignore[arg-type]


def entry(
    media_id: str,
    *keys: str,
    status: Status = Status.PENDING,
    reason: Reason | None = None,
) -> Entry:
    """A due clip with these key candidates."""
    return Entry(listed(media_id), status, reason, keys)


def remember(tracker: Tracker, *entries: Entry, now: datetime = NOW) -> None:
    tracker.remember(entries, now=now)


def the(tracker: Tracker, media_id: str) -> TrackedMedium:
    """The medium as the tracker has it now."""
    return tracker.known([media_id])[media_id]


def begin(
    tracker: Tracker, run_id: str = RUN, owner: str = "host", until: datetime = LATER
) -> None:
    tracker.begin_run(run_id, owner, now=NOW, until=until)


def take(
    tracker: Tracker,
    media_id: str,
    *,
    run_id: str = RUN,
    owner: str = OWNER,
    now: datetime = NOW,
    until: datetime = LATER,
) -> TrackedMedium:
    """Claim a medium that must be free."""
    medium = tracker.claim(media_id, run_id, owner, now=now, until=until)
    assert medium is not None, f"{media_id} should be free to claim"
    return medium


def store_files(tracker: Tracker, medium: TrackedMedium, size: int = 1_000) -> None:
    """Record every file of a claimed medium as COMPLETED."""
    for file in medium.files:
        done = replace(file, status=Status.COMPLETED, size=size, checksum="c" * 12, etag="e")
        tracker.record_file(medium.media_id, OWNER, done)


def finish(tracker: Tracker, media_id: str, *, now: datetime = NOW, size: int = 1_000) -> None:
    """Claim a medium that has a key, and bring it to COMPLETED."""
    store_files(tracker, take(tracker, media_id), size)
    tracker.settle(media_id, OWNER, Status.COMPLETED, now=now)


def fail(tracker: Tracker, media_id: str, *, now: datetime = NOW) -> None:
    """Claim a medium, and settle it as FAILED."""
    take(tracker, media_id)
    reason = Reason("stream_broken", f"{media_id} broke off")
    tracker.settle(media_id, OWNER, Status.FAILED, now=now, reason=reason)


def part(number: int, length: int = 8 * 2**20) -> PartRecord:
    """A part as the engine records it, other bytes for each number."""
    return PartRecord(number, length, number.to_bytes(8, "big"), f'"receipt-{number}"')


def checkpoint(*parts: PartRecord) -> Checkpoint:
    """An upload that was begun, with these parts."""
    return Checkpoint("upload-1", 8 * 2**20, 80_000 * 2**20, '"source-etag"', parts)


def visible(tracker: Tracker) -> Sequence[TrackedMedium]:
    """All that a reader sees of all media."""
    return list(tracker.media())


def summary(run_id: str = RUN, started_at: datetime = NOW, **facts: object) -> RunSummary:
    """A run's summary, changed by `facts`."""
    report = RunSummary(
        run_id=run_id,
        result=Result.COMPLETED_WITH_FAILURES,
        archive="/archive of mine",
        started_at=started_at,
        duration_seconds=61.25,
        found=6,
        new=4,
        counts={Outcome.ARCHIVED: 3, Outcome.FAILED: 2, Outcome.ALREADY_ARCHIVED: 1},
        files_archived=5,
        bytes=123_456_789_012,
        listing_complete=True,
        reasons={"stream_broken": 2},
        message="größtenteils fertig",
    )
    return replace(report, **facts)  # type: ignore[arg-type]
