"""Processes that die: adapters that do their work until one call, and nothing ever after.

A `Fate` is shared by all adapters of one process. At the call it names the process dies: `Crash`
goes up, before the call had its effect or after, and every later call of any of the adapters
raises it without an effect. `bury` then lets go of what a dead process no longer holds.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

from cloud_sync.archive.base import Archive, Upload
from cloud_sync.provider.base import Provider
from cloud_sync.tracker.base import Tracker

NEVER = 10**9


class Crash(BaseException):
    """The process is dead. No `except Exception` may bring it back to life."""


@dataclass
class Fate:
    """Death at call `at`, counted from 1 over all adapters; `after` its effect or before it.

    With `only`, the calls of that name alone are counted, of whatever adapter. `calls` are the
    calls so far, as adapter and name, `done` those that had their effect, and `held` the uploads
    that the process has at hand.
    """

    at: int = NEVER
    after: bool = False
    only: str | None = None
    calls: list[str] = field(default_factory=list)
    done: list[str] = field(default_factory=list)
    held: list[Upload] = field(default_factory=list)
    counted: int = 0
    dead: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, name: str, call: Callable[[], Any]) -> Any:
        """The call's result, unless the process is dead or dies of it."""
        with self.lock:
            if self.dead:
                raise Crash(name)
            self.calls.append(name)
            counts = self.only in (None, name.rpartition(".")[2])
            self.counted += counts
            if counts and self.counted == self.at:
                self.dead = True
                if self.after:
                    # nobody else may act between the last call and the death, and nobody hears
                    # how it went
                    with suppress(Exception):
                        self._take_effect(name, call)
                raise Crash(name)
        return self._take_effect(name, call)

    def _take_effect(self, name: str, call: Callable[[], Any]) -> Any:
        result = call()
        self.done.append(name)
        if isinstance(result, Iterator) and not isinstance(result, AbstractContextManager):
            return iter(list(result))
        if name in ("archive.begin", "archive.resume") and result is not None:
            self.held.append(result)
            return mortal(result, self, "upload")
        return mortal(result, self, "stream") if name == "provider.open" else result

    def bury(self) -> None:
        """Let go of uploads as the operating system does for a dead process, which writes none."""
        for upload in self.held:
            upload.suspend()


class _Mortal:
    """Passes every call on to `inner`, as fate has it; plain attributes are simply read."""

    def __init__(self, inner: object, fate: Fate, room: str) -> None:
        self._inner, self._fate, self._room = inner, fate, room

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found):
            return found
        return lambda *given, **named: self._fate.run(
            f"{self._room}.{name}", lambda: found(*given, **named)
        )


def mortal(inner: object, fate: Fate, room: str) -> Any:
    """`inner` as a process with this fate sees it."""
    return _Mortal(inner, fate, room)


def mortal_rooms(
    provider: Provider, tracker: Tracker, archive: Archive, fate: Fate
) -> tuple[Provider, Tracker, Archive]:
    """All three adapters of one process."""
    return (
        cast("Provider", mortal(provider, fate, "provider")),
        cast("Tracker", mortal(tracker, fate, "tracker")),
        cast("Archive", mortal(archive, fate, "archive")),
    )
