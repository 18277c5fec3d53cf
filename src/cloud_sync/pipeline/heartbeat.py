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
def kept_alive(rooms: Leasing, run_id: str, stop: Stop, observe: Observer) -> Iterator[None]:
    """Renew the lease of `run_id` every 20 s until the block ends."""
    done = threading.Event()

    def beat() -> None:
        while not done.wait(BEAT_SECONDS):
            try:
                rooms.tracker.renew_run(run_id, until=rooms.clock.now() + LEASE_FOR)
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
