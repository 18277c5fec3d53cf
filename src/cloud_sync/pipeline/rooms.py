"""What a run is made of: one of each contract, and the options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cloud_sync.archive.base import Archive
from cloud_sync.clock import Clock
from cloud_sync.notify.base import Notifier
from cloud_sync.provider.base import Provider
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.plan import Policy
from cloud_sync.transfer.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class Rooms:
    """The adapters that wiring has chosen."""

    provider: Provider
    tracker: Tracker
    archive: Archive
    notifier: Notifier
    clock: Clock


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a person asked for. `owner` names this process to others; see `Tracker.begin_run`."""

    owner: str
    new_run_id: Callable[[], str]
    policy: Policy = field(default_factory=Policy)
    limit: int | None = None
    concurrency: int = 5
    bytes_per_second: int | None = None
    retries: RetryPolicy = field(default_factory=RetryPolicy)
