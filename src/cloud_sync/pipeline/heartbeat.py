"""Keeps the run's lease alive while the run works, and stops the run when it has lost it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Protocol

from cloud_sync.clock import Clock
from cloud_sync.errors import CloudSyncError, LeaseHeld
from cloud_sync.pipeline.events import Observer, Warned
from cloud_sync.tracker.base import Tracker
from cloud_sync.transfer.stopping import Stop, StopReason

LEASE_FOR = timedelta(seconds=120)
LEASE_BETWEEN_CALLS = timedelta(hours=1)
"""For a run of many processes: longer than its silences, which are waits of minutes at most. So
long a run that was ended by force keeps others out."""

BEAT_SECONDS = 20.0
CLAIM_FOR = timedelta(hours=24)
"""A claim is void as soon as its run has ended; this bounds a run that never ends."""


class Leasing(Protocol):
    """What a lease is kept with."""

    @property
    def tracker(self) -> Tracker: ...

    @property
    def clock(self) -> Clock: ...


@contextmanager
def kept_alive(
    rooms: Leasing,
    run_id: str,
    stop: Stop,
    observe: Observer,
    lease: timedelta = LEASE_FOR,
) -> Iterator[None]:
    """Renew the lease of `run_id` every 20 s, for the length of `lease`, until the block ends."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(BEAT_SECONDS):
            try:
                rooms.tracker.renew_run(run_id, until=rooms.clock.now() + lease)
            except LeaseHeld as error:
                observe(Warned(f"this run stops: {error.message}"))
                stop.request(StopReason.BLOCKED)
                return
            except CloudSyncError as error:
                observe(Warned(f"renewing the run's lease: {error.message}"))

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
