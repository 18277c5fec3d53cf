"""Builders of the product's nouns for tests: every field has a plain default."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count

from cloud_sync.archive.base import Archive
from cloud_sync.archive.memory import MemoryArchive
from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Outcome, Result, RunSummary
from cloud_sync.model.tracking import Status, TrackedMedium
from cloud_sync.notify.base import Notifier, Pulse
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.pipeline.events import Event
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.run import RunReport, sync
from cloud_sync.provider.base import Provider
from cloud_sync.provider.memory import MemoryProvider
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.memory import MemoryTracker
from cloud_sync.tracker.plan import Policy
from cloud_sync.transfer.circuit_breaker import OutagePolicy
from cloud_sync.transfer.retry import RetryPolicy
from cloud_sync.transfer.stopping import Stop

NOON = datetime(2026, 5, 31, 12, 0, tzinfo=UTC)

_ITEM = MediaItem(
    id="",
    type="Video",
    filename="",
    extension="mp4",
    state="ready",
    ready=True,
    size=None,
    file_count=1,
    captured_at=NOON - timedelta(days=30),
    uploaded_at=NOON - timedelta(days=20),
    updated_at=NOON - timedelta(days=20),
    duration_seconds=12.5,
)


def item(media_id: str = "a", **facts: object) -> MediaItem:
    """A ready video called `GX{id}.MP4`, captured 30 days before `NOON`; `facts` override."""
    named = replace(_ITEM, id=media_id, filename=f"GX{media_id}.MP4")
    return replace(named, **facts)  # type: ignore[arg-type]


def tracked(media_id: str = "a", status: Status = Status.PENDING, **facts: object) -> TrackedMedium:
    """The row of `item(media_id)`; `facts` override."""
    row = TrackedMedium(
        media_id=media_id,
        filename=f"GX{media_id}.MP4",
        status=status,
        source_updated_at=_ITEM.updated_at,
        sync_timestamp=NOON - timedelta(days=1),
    )
    return replace(row, **facts)  # type: ignore[arg-type]


def summary(result: Result = Result.COMPLETED, **facts: object) -> RunSummary:
    """A run that found nothing; `facts` override."""
    plain = RunSummary(
        run_id="run-1",
        result=result,
        archive="/archive",
        started_at=NOON,
        duration_seconds=10.0,
        found=0,
        new=0,
        counts=dict.fromkeys(Outcome, 0),
        files_archived=0,
        bytes=0,
        listing_complete=True,
    )
    return replace(plain, **facts)  # type: ignore[arg-type]


@dataclass
class ManualClock:
    """A clock that stands still until it is told to go on."""

    instant: datetime = NOON
    ticks: float = 1000.0

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.ticks

    def advance(self, seconds: float) -> None:
        self.instant += timedelta(seconds=seconds)
        self.ticks += seconds


class LeapingStop(Stop):
    """A stop whose waits are over at once, on a clock that leaps to their end."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self._leaping = clock

    def wait(self, seconds: float) -> None:
        self._leaping.advance(max(0.0, seconds))
        self.check()


QUICK = RetryPolicy(tries=3, seconds=60.0, first_wait=0.0, longest_wait=0.0)
"""Three tries without a wait."""


def quick_options(number: int, policy: Policy | None = None) -> RunOptions:
    """The options of the run with that number, by a process of its own."""
    return RunOptions(
        owner=f"test-{number}",
        new_run_id=lambda: f"run-{number}",
        policy=policy or Policy(),
        concurrency=3,
        retries=QUICK,
        # on a clock that stands still an outage would never end
        outage=OutagePolicy(suspects=10**6),
    )


@dataclass
class Bench:
    """Everything that a run is made of; each `run` is a run of the same process."""

    provider: Provider = field(default_factory=MemoryProvider)
    tracker: Tracker = field(default_factory=MemoryTracker)
    archive: Archive = field(default_factory=MemoryArchive)
    notifier: Notifier = field(default_factory=MemoryNotifier)
    clock: ManualClock = field(default_factory=ManualClock)
    pulse: Pulse | None = None
    digest: bool = False
    events: list[Event] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def run(
        self,
        policy: Policy | None = None,
        *,
        limit: int | None = None,
        stop: Stop | None = None,
        concurrency: int = 3,
    ) -> RunReport:
        """One run, an hour after the last; its events are in `events`, the earlier ones are not."""
        self.clock.advance(3600)
        self.events.clear()
        number = next(self._numbers)
        options = replace(quick_options(number, policy), limit=limit, concurrency=concurrency)
        options = replace(options, digest=self.digest)
        rooms = Rooms(
            self.provider, self.tracker, self.archive, self.notifier, self.clock, None, self.pulse
        )
        return sync(rooms, options, stop or Stop(self.clock), self.events.append)

    def row(self, media_id: str) -> TrackedMedium:
        """The medium's row in the tracker."""
        return self.tracker.known([media_id])[media_id]
