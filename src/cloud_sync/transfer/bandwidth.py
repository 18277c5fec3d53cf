"""A ceiling on bytes a second, shared by all workers of a run."""

from __future__ import annotations

import threading

from cloud_sync.clock import Clock
from cloud_sync.transfer.stopping import Stop


class BandwidthLimit:
    """Lets through at most `bytes_per_second` on average; None lets everything through."""

    def __init__(self, bytes_per_second: int | None, clock: Clock) -> None:
        self._rate = bytes_per_second
        self._clock = clock
        self._lock = threading.Lock()
        self._free_at = clock.monotonic()

    def spend(self, count: int, stop: Stop) -> None:
        """Wait until `count` more bytes fit under the ceiling; Interrupted when the run stops."""
        if self._rate is None:
            return
        with self._lock:
            now = self._clock.monotonic()
            self._free_at = max(self._free_at, now) + count / self._rate
            wait = self._free_at - now
        if wait > 0:
            stop.wait(wait)
