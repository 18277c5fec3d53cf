"""Ctrl-C ends a command cleanly the first time, and at once the second time."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from builders import ManualClock
from cloud_sync.cli.interrupts import STOPPING, interrupted_by_sigterm, stopped_by_signals
from cloud_sync.transfer.stopping import Stop, StopReason

IMPATIENT = """
import signal
from cloud_sync.cli.interrupts import stopped_by_signals
from cloud_sync.clock import SystemClock
from cloud_sync.transfer.stopping import Stop

with stopped_by_signals(Stop(SystemClock())):
    signal.raise_signal(signal.SIGINT)
    signal.raise_signal(signal.SIGINT)
    print("still here")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_for_the_stop_and_says_so(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = Stop(ManualClock())
    with stopped_by_signals(stop):
        signal.raise_signal(number)
        stop.wait_until_requested()
    assert stop.reason is StopReason.INTERRUPTED
    assert capsys.readouterr().err == STOPPING + "\n"


def test_the_second_signal_ends_the_process_at_once() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", IMPATIENT], capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.returncode, ended.stdout) == (130, "")


def test_a_signal_that_meets_a_lock_which_the_main_thread_holds_waits_for_nothing() -> None:
    class Busy(Stop):
        held = threading.Lock()

        def request(self, reason: StopReason) -> None:
            with self.held:
                super().request(reason)

    stop = Busy(ManualClock())
    with stopped_by_signals(stop, "Stopping."):
        with stop.held:
            signal.raise_signal(signal.SIGINT)
            assert stop.reason is None
        stop.wait_until_requested()
    assert stop.reason is StopReason.INTERRUPTED


def open_files() -> set[Path]:
    return set(Path("/dev/fd").iterdir())


def test_nothing_of_it_is_left_behind() -> None:
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    files, threads = open_files(), threading.active_count()
    stop = Stop(ManualClock())
    with pytest.raises(ZeroDivisionError), stopped_by_signals(stop):
        raise ZeroDivisionError
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before
    assert open_files() == files
    assert threading.active_count() == threads
    assert stop.reason is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_work_that_keeps_nothing_is_ended_by_either_signal_alike(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), interrupted_by_sigterm():
        signal.raise_signal(number)
    assert signal.getsignal(number) is before
