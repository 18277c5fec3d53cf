"""How a run is asked to stop, and how the work notices."""

from __future__ import annotations

import threading
from enum import StrEnum

from cloud_sync.clock import Clock
from cloud_sync.errors import Interrupted


class StopReason(StrEnum):
    """Why a run stops before its work is done."""

    INTERRUPTED = "interrupted"
    BLOCKED = "blocked"
    LOGIN = "login"
    """For a login that works; the one reason that may be lifted again."""
    OUT_OF_TIME = "out_of_time"


class Stop:
    """Set once, by whoever comes first; looked at between chunks by every worker.

    `seconds` is the time after which it sets itself; None for never. `work` is what a person is
    told of as not complete.
    """

    def __init__(
        self, clock: Clock, seconds: float | None = None, work: str = "the transfer"
    ) -> None:
        self._clock = clock
        self._work = work
        self._deadline = None if seconds is None else clock.monotonic() + seconds
        self._event = threading.Event()
        self._lock = threading.Lock()
        self._reasons: tuple[StopReason, ...] = ()

    def request(self, reason: StopReason) -> None:
        """Ask for the stop; the first reason stays."""
        with self._lock:
            self._reasons += (reason,)
            self._event.set()

    def lift(self, reason: StopReason) -> None:
        """Take `reason` back; what else was asked for meanwhile stays."""
        with self._lock:
            self._reasons = tuple(asked for asked in self._reasons if asked is not reason)
            if not self._reasons:
                self._event.clear()

    @property
    def reason(self) -> StopReason | None:
        """Why work must stop, None while it may go on."""
        late = self._deadline is not None and self._clock.monotonic() >= self._deadline
        if late and not self._reasons:
            self.request(StopReason.OUT_OF_TIME)
        return next(iter(self._reasons), None)

    @property
    def remaining(self) -> float | None:
        """Seconds of the run's own time that are left; None where it is not limited."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._clock.monotonic())

    def check(self) -> None:
        """Raise Interrupted when work must stop."""
        if self.reason is not None:
            raise Interrupted(f"stopped before {self._work} was complete")

    def wait(self, seconds: float) -> None:
        """Sleep, but not beyond a stop; raises Interrupted then."""
        if self._deadline is not None:
            seconds = min(seconds, self._deadline - self._clock.monotonic())
        self._event.wait(max(0.0, seconds))
        self.check()

    def wait_until_requested(self) -> None:
        """Sleep until the stop is asked for."""
        while not self._event.wait(1.0):
            if self.reason is not None:
                return
