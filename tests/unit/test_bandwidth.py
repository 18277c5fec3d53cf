"""The ceiling on bytes a second holds over all workers together."""

from __future__ import annotations

import pytest

from builders import ManualClock
from cloud_sync.errors import Interrupted
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.stopping import Stop, StopReason


class ClockStop(Stop):
    """Waiting moves the clock."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self._manual = clock

    def wait(self, seconds: float) -> None:
        self._manual.advance(seconds)
        self.check()


def test_the_average_stays_under_the_ceiling() -> None:
    clock = ManualClock()
    stop, limit = ClockStop(clock), BandwidthLimit(1000, clock)
    for _ in range(20):
        limit.spend(250, stop)
    assert clock.monotonic() - 1000.0 == pytest.approx(5.0)


def test_an_idle_time_is_not_saved_up_for_a_burst() -> None:
    clock = ManualClock()
    stop, limit = ClockStop(clock), BandwidthLimit(1000, clock)
    clock.advance(3600)
    before = clock.monotonic()
    limit.spend(2000, stop)
    assert clock.monotonic() - before == pytest.approx(2.0)


def test_without_a_ceiling_nothing_waits() -> None:
    clock = ManualClock()
    BandwidthLimit(None, clock).spend(10**12, ClockStop(clock))
    assert clock.monotonic() == 1000.0


def test_a_stop_ends_the_wait() -> None:
    clock = ManualClock()
    stop = Stop(clock)
    stop.request(StopReason.INTERRUPTED)
    with pytest.raises(Interrupted):
        BandwidthLimit(1, clock).spend(10**6, stop)
