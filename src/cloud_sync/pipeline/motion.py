"""What was read of one original, and for how long."""

from __future__ import annotations

import threading

from cloud_sync.clock import Clock


class Motion:
    """Begins to count when it is made; told of bytes from several threads at once."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.monotonic()
        self._lock = threading.Lock()
        self.bytes = 0

    def read(self, count: int) -> None:
        """So many more bytes came."""
        with self._lock:
            self.bytes += count

    @property
    def seconds(self) -> float:
        """Since it was made."""
        return self._clock.monotonic() - self._began
