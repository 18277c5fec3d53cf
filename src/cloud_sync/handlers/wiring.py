"""What a function needs to be given: the rooms that it works in, and how it goes about it."""

from __future__ import annotations

from typing import Protocol

from cloud_sync.archive.run_files import RunFiles
from cloud_sync.clock import Clock
from cloud_sync.handlers.messages import RunContext
from cloud_sync.logs.record import Level
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.tracker.base import Tracker


class Wiring(Protocol):
    """Chosen adapters; one for all calls that a process gets."""

    @property
    def bucket(self) -> str:
        """Where the run's files lie."""
        ...

    @property
    def environment(self) -> str:
        """The environment's name, the dimension of every metric."""
        ...

    @property
    def log_level(self) -> Level:
        """The least level that is logged."""
        ...

    @property
    def clock(self) -> Clock: ...

    @property
    def tracker(self) -> Tracker: ...

    @property
    def run_files(self) -> RunFiles: ...

    def rooms(self, provider: str, account: str) -> Rooms:
        """The rooms for this camera cloud and login; UsageError for those that there are not."""
        ...

    def options(self, run_id: str, correlation_id: str) -> RunOptions:
        """How the run's calls are made: the owner of its leases is the run itself."""
        ...

    def forget_login(self) -> None:
        """Read the login anew when it is needed next."""
        ...


def rooms_of(wiring: Wiring, request: RunContext) -> Rooms:
    """The rooms that a request is about."""
    return wiring.rooms(request.provider, request.account)


def options_of(wiring: Wiring, request: RunContext) -> RunOptions:
    """The options that a request is worked off by."""
    return wiring.options(request.run_id, request.correlation_id)
