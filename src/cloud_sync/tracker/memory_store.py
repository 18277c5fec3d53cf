"""What trackers in memory share, and how their leases and attempts end."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from cloud_sync.errors import LeaseHeld
from cloud_sync.model.report import RunSummary
from cloud_sync.model.tracking import Attempt, Checkpoint, PartRecord, TrackedMedium
from cloud_sync.tracker import transitions


class Holder(Protocol):
    """Who holds the run lease; a closed one counts as dead."""

    @property
    def closed(self) -> bool: ...


@dataclass(slots=True)
class OpenRun:
    run_id: str
    owner: str
    since: datetime
    until: datetime
    holder: Holder

    def held(self) -> LeaseHeld:
        """The refusal of another run while this one is at work."""
        return transitions.run_lease_held(self.run_id, self.owner, self.since, self.until)


@dataclass(slots=True)
class Transfer:
    begun: Checkpoint
    parts: dict[int, PartRecord]


@dataclass(slots=True)
class MemoryStore:
    """What several `MemoryTracker`s share, as processes share a database.

    `media` have their files within; `key_forms` are the collision forms of all keys given;
    `transfers` are kept by medium and file number; `run_order` numbers the runs as they became
    known, and `began_at` is when each was first begun.
    """

    turn: threading.RLock = field(default_factory=threading.RLock)
    media: dict[str, TrackedMedium] = field(default_factory=dict)
    lease_runs: dict[str, str] = field(default_factory=dict)
    key_forms: set[str] = field(default_factory=set)
    transfers: dict[tuple[str, int], Transfer] = field(default_factory=dict)
    attempts: dict[str, tuple[Attempt, ...]] = field(default_factory=dict)
    run_order: dict[str, int] = field(default_factory=dict)
    began_at: dict[str, datetime] = field(default_factory=dict)
    summaries: dict[str, RunSummary] = field(default_factory=dict)
    open_run: OpenRun | None = None


def check_open(store: MemoryStore, run_id: str) -> OpenRun:
    run = store.open_run
    if run is not None and run.run_id == run_id:
        return run
    holder = run.held() if run else None
    raise transitions.run_lease_lost(run_id, holder)


def void_leases(store: MemoryStore, run_id: str, now: datetime) -> None:
    """Take the leases of a run that is over from its media, and close its attempts."""
    for media_id in [each for each, run in store.lease_runs.items() if run == run_id]:
        del store.lease_runs[media_id]
        medium = store.media[media_id]
        store.media[media_id] = replace(medium, lease_owner=None, lease_until=None)
        cut_short(store, media_id, now)


def cut_short(store: MemoryStore, media_id: str, now: datetime) -> None:
    end_attempts(store, media_id, now, transitions.INTERRUPTED, transitions.INTERRUPTED_MESSAGE)


def end_attempts(
    store: MemoryStore, media_id: str, now: datetime, outcome: str, message: str
) -> None:
    store.attempts[media_id] = tuple(
        replace(each, ended_at=now, outcome=outcome, message=message)
        if each.ended_at is None
        else each
        for each in store.attempts.get(media_id, ())
    )
