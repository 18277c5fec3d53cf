"""One process that starts a run each day, and makes up for the one that the machine slept over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cloud_sync.clock import Clock
from cloud_sync.errors import Interrupted
from cloud_sync.schedule.daily import DailyStart
from cloud_sync.schedule.due import Turn, next_turn
from cloud_sync.transfer.stopping import Stop

GLANCE = 30.0
"""Seconds between two looks at the clock: a machine that slept, or whose clock was set, is late by
no more than that."""


def watch(
    start: DailyStart,
    clock: Clock,
    stop: Stop,
    run: Callable[[], bool],
    *,
    last_begun: datetime | None,
    tell: Callable[[Turn], None],
) -> None:
    """Run at every start until `run` answers False or the stop is asked for between two runs.

    Runs never overlap, for the next is looked for when the last has ended. `last_begun` is when the
    last run before this process began. `tell` hears of each turn before it is waited for.
    """
    going = True
    while going:
        turn = next_turn(start, last_begun, clock.now())
        tell(turn)
        try:
            _sleep_until(turn.at, clock, stop)
        except Interrupted:
            return
        last_begun = clock.now()
        going = run()


def _sleep_until(instant: datetime, clock: Clock, stop: Stop) -> None:
    """Raises Interrupted when the stop is asked for."""
    stop.check()
    while (left := (instant - clock.now()).total_seconds()) > 0:
        stop.wait(min(GLANCE, left))
