"""A stop is set once, is noticed at once, and nothing waits beyond it."""

from __future__ import annotations

import threading

import pytest

from builders import ManualClock
from cloud_sync.clock import SystemClock
from cloud_sync.errors import Interrupted
from cloud_sync.transfer.stopping import Stop, StopReason

FOREVER = 100_000.0


def test_the_first_reason_stays() -> None:
    stop = Stop(ManualClock())
    stop.check()
    stop.request(StopReason.BLOCKED)
    stop.request(StopReason.INTERRUPTED)
    assert stop.reason is StopReason.BLOCKED
    with pytest.raises(Interrupted):
        stop.check()


def test_a_run_stops_by_itself_when_its_time_is_up() -> None:
    clock = ManualClock()
    stop = Stop(clock, seconds=60)
    clock.advance(59)
    stop.check()
    clock.advance(1)
    assert stop.reason is StopReason.OUT_OF_TIME


def test_a_wait_ends_at_once_when_the_stop_is_asked_for() -> None:
    stop = Stop(SystemClock())
    asker = threading.Timer(0.01, stop.request, [StopReason.INTERRUPTED])
    asker.start()
    with pytest.raises(Interrupted):
        stop.wait(FOREVER)
    asker.join()


def test_a_wait_does_not_outlast_the_run_s_own_time() -> None:
    stop = Stop(SystemClock(), seconds=0.01)
    with pytest.raises(Interrupted):
        stop.wait(FOREVER)
    assert stop.reason is StopReason.OUT_OF_TIME


def test_a_person_is_told_what_was_not_complete() -> None:
    stop = Stop(ManualClock(), work="the check")
    stop.request(StopReason.INTERRUPTED)
    with pytest.raises(Interrupted, match="stopped before the check was complete"):
        stop.check()


def test_a_wait_without_a_stop_ends_by_itself() -> None:
    Stop(ManualClock()).wait(0.0)
    Stop(ManualClock(), seconds=60).wait(0.0)


def test_waiting_for_the_stop_ends_with_it() -> None:
    stop = Stop(SystemClock())
    threading.Timer(0.01, stop.request, [StopReason.INTERRUPTED]).start()
    stop.wait_until_requested()
    assert stop.reason is StopReason.INTERRUPTED


def test_a_stop_for_a_login_is_lifted_and_what_was_asked_for_meanwhile_stays() -> None:
    stop = Stop(ManualClock())
    stop.request(StopReason.LOGIN)
    stop.lift(StopReason.LOGIN)
    stop.check()
    stop.wait(0.0)
    stop.request(StopReason.LOGIN)
    stop.request(StopReason.INTERRUPTED)
    stop.lift(StopReason.LOGIN)
    assert stop.reason is StopReason.INTERRUPTED
    with pytest.raises(Interrupted):
        stop.wait(FOREVER)
