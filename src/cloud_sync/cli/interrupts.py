"""Ctrl-C and SIGTERM while a command works: the first ends it cleanly, the second at once."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from cloud_sync.cli.terminal import say
from cloud_sync.errors import ExitCode
from cloud_sync.transfer.stopping import Stop, StopReason

STOPPING = "Stopping cleanly; what is archived stays. Once more to stop at once."


@contextmanager
def stopped_by_signals(stop: Stop, saying: str = STOPPING) -> Iterator[None]:
    """The first signal asks for the stop and says so; a second one ends the process at once.

    A handler runs between any two steps of the main thread, which may hold the very locks that
    stopping and printing need: so it only writes into a pipe, and a thread does the rest. To be
    used in the main thread, where alone handlers can be set.
    """
    reading, writing = os.pipe()
    asked = False

    def ask(_number: int, _frame: object) -> None:
        nonlocal asked
        if asked:
            os._exit(ExitCode.INTERRUPTED)
        asked = True
        os.write(writing, b"!")

    def obey() -> None:
        if os.read(reading, 1):
            stop.request(StopReason.INTERRUPTED)
            say(saying)

    listener = threading.Thread(target=obey, name="signals", daemon=True)
    listener.start()
    try:
        with _handled(ask):
            yield
    finally:
        os.close(writing)
        listener.join()
        os.close(reading)


@contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """SIGTERM ends the block as Ctrl-C does, by KeyboardInterrupt: what is open is closed.

    For work that holds no lock and keeps nothing; in the main thread only.
    """
    with _handled(signal.default_int_handler):
        yield


@contextmanager
def _handled(handler: Callable[[int, FrameType | None], object]) -> Iterator[None]:
    before: dict[signal.Signals, Any] = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, handler)
        yield
    finally:
        for number, was in before.items():
            signal.signal(number, was)
