"""How many parts move at a time: more while that helps, fewer when the other side complains.

A connection to a content delivery network is often capped, so more of them move more bytes, up to
the capacity of the line or of this machine. The number grows while growing raised the throughput
and the processor has room; it goes back by one step when it did not, and is halved when a service
asks for fewer calls.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

WINDOW_SECONDS = 0.5
GAIN = 1.08
BUSY = 0.6
HOLD_WINDOWS = 20


@dataclass(frozen=True, slots=True)
class Streams:
    """The present number of streams within `least` and `most`, and what led to it.

    `best` is the throughput before the last step up, None when there was none to compare with;
    `hold` counts windows in which nothing is tried.
    """

    now: int
    least: int
    most: int
    best: float | None = None
    hold: int = 0


def after_window(streams: Streams, throughput: float, busy: float) -> Streams:
    """The streams for the next window.

    `throughput` is bytes a second of the last window, `busy` the share of one processor core that
    this process used in it.
    """
    if streams.hold:
        return replace(streams, hold=streams.hold - 1)
    if streams.best is not None and throughput < streams.best * GAIN:
        back = max(streams.least, _step_down(streams.now))
        return replace(streams, now=back, best=None, hold=HOLD_WINDOWS)
    if busy > BUSY or streams.now >= streams.most:
        return replace(streams, best=None)
    return replace(streams, now=min(streams.most, _step_up(streams.now)), best=throughput)


def after_complaint(streams: Streams) -> Streams:
    """The streams after a 429 or SlowDown."""
    fewer = max(1, streams.now // 2)
    return replace(streams, now=fewer, best=None, hold=HOLD_WINDOWS)


def _step_up(now: int) -> int:
    return now + max(1, now // 2)


def _step_down(now: int) -> int:
    return max(1, -(-now * 2 // 3))


class StreamGauge:
    """Measures windows of a running transfer and keeps the number of streams."""

    def __init__(self, streams: Streams, wall: float, cpu: float) -> None:
        self._streams = streams
        self._wall, self._cpu, self._bytes = wall, cpu, 0
        self._lock = threading.Lock()

    @property
    def now(self) -> int:
        """How many parts may move at present."""
        return self._streams.now

    def moved(self, count: int, wall: float, cpu: float) -> bool:
        """Count bytes at the given clocks (seconds); True when the number of streams changed."""
        with self._lock:
            self._bytes += count
            passed = wall - self._wall
            if passed < WINDOW_SECONDS:
                return False
            before = self._streams.now
            self._streams = after_window(
                self._streams, self._bytes / passed, (cpu - self._cpu) / passed
            )
            self._wall, self._cpu, self._bytes = wall, cpu, 0
            return self._streams.now != before

    def complained(self) -> None:
        """A service asked for fewer calls."""
        with self._lock:
            self._streams = after_complaint(self._streams)
