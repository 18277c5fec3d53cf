"""How often a service may be called: as often as it likes, learned from what it refuses.

Nothing holds calls back until one is refused. From then on all threads share one rate: it falls to
a part of what was got through when a call is refused, and rises a little with each call that is
let in, so a limit that no header tells is found, kept below, and tried again now and then. A wait
that the service names holds all calls.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from cloud_sync.clock import Clock
from cloud_sync.transfer.stopping import Stop

CUT = 0.7
GAIN = 1.02
LEAST = 0.2
SUPPOSED = 5.0
WINDOW_SECONDS = 1.0
_REMEMBERED = 200


@dataclass(frozen=True, slots=True)
class Pace:
    """The present pace; instants are monotonic seconds.

    `rate` is calls a second, None while nothing was refused yet. `next_at` is when the next call
    has its turn, `held_until` how long the service asked all calls to wait. `cut_at` is when the
    rate last fell, `let_in` the instants at which recent calls were answered.
    """

    rate: float | None = None
    next_at: float = 0.0
    held_until: float = 0.0
    cut_at: float = float("-inf")
    let_in: tuple[float, ...] = ()


def reserved(pace: Pace, now: float) -> tuple[Pace, float]:
    """The pace with one more turn given away, and the instant of that turn."""
    turn = max(now, pace.next_at, pace.held_until)
    gap = 1 / pace.rate if pace.rate else 0.0
    return replace(pace, next_at=turn + gap), turn


def after_answer(pace: Pace, now: float) -> Pace:
    """The pace after a call that was let in, whatever its answer was."""
    recent = (*(at for at in pace.let_in if now - at < WINDOW_SECONDS), now)
    rate = None if pace.rate is None else pace.rate * GAIN
    return replace(pace, rate=rate, let_in=recent[-_REMEMBERED:])


def is_news(pace: Pace, begun: float) -> bool:
    """Whether a refusal says something that the last one did not: its call began after it."""
    return begun > pace.cut_at


def after_refusal(pace: Pace, begun: float, now: float, asked: float | None) -> Pace:
    """The pace after a call that began at `begun` was refused; `asked` is the wait named with it.

    Calls that were on their way when the rate fell do not let it fall again.
    """
    if is_news(pace, begun):
        got_through = sum(now - at < WINDOW_SECONDS for at in pace.let_in) / WINDOW_SECONDS
        # few calls before the first refusal say little about what the service can bear
        before = max(got_through, SUPPOSED) if pace.rate is None else pace.rate
        pace = replace(pace, rate=max(LEAST, before * CUT), cut_at=now)
    gap = 1 / (pace.rate or LEAST)
    held = max(pace.held_until, now + (gap if asked is None else asked))
    return replace(pace, held_until=held)


class Pacer:
    """One service's pace, shared by all threads that call it."""

    def __init__(self, clock: Clock, stop: Stop) -> None:
        self._clock = clock
        self._stop = stop
        self._lock = threading.Lock()
        self._pace = Pace()

    def await_turn(self) -> float:
        """Wait for a turn; the instant at which it came. Interrupted when the run stops."""
        waited_out: float | None = None
        while waited_out != self._pace.held_until:
            with self._lock:
                now = self._clock.monotonic()
                waited_out = self._pace.held_until
                self._pace, turn = reserved(self._pace, now)
            if turn > now:
                self._stop.wait(turn - now)
        return self._clock.monotonic()

    def answered(self) -> None:
        """A call was let in."""
        with self._lock:
            self._pace = after_answer(self._pace, self._clock.monotonic())

    def refused(self, begun: float, asked: float | None) -> bool:
        """A call was refused; True when that says something that the last refusal did not."""
        with self._lock:
            news = is_news(self._pace, begun)
            self._pace = after_refusal(self._pace, begun, self._clock.monotonic(), asked)
        return news
