"""What a run is made of: one of each contract, and the options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from cloud_sync.archive.base import Archive
from cloud_sync.clock import Clock
from cloud_sync.credentials.base import CredentialStore
from cloud_sync.credentials.history import LoginHistory
from cloud_sync.notify.base import Notifier, Pulse
from cloud_sync.pipeline.heartbeat import LEASE_FOR
from cloud_sync.provider.base import Provider
from cloud_sync.tracing.spans import NoSpans, Spans
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.plan import Policy
from cloud_sync.transfer.circuit_breaker import OutagePolicy
from cloud_sync.transfer.retry import RetryPolicy


@dataclass(frozen=True, slots=True)
class KnownLogin:
    """Where the provider's login is read from, and what is remembered of logins."""

    credentials: CredentialStore
    history: LoginHistory


@dataclass(frozen=True, slots=True)
class LoginWait:
    """How a run waits for a login; all in seconds.

    `seconds` at most, looking for another login `every` so often, and trying the old one again
    after `retry_old` where its trouble may pass by itself.
    """

    seconds: float
    every: float = 2.0
    retry_old: float = 600.0


@dataclass(frozen=True, slots=True)
class Rooms:
    """The adapters that wiring has chosen. `login` is None where nothing is known of it; `pulse`
    tells a watchdog that runs take place, None where there is none.
    """

    provider: Provider
    tracker: Tracker
    archive: Archive
    notifier: Notifier
    clock: Clock
    login: KnownLogin | None = None
    pulse: Pulse | None = None
    spans: Spans = field(default_factory=NoSpans)


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What a person asked for. `owner` names this process to others; see `Tracker.begin_run`.

    `login_wait` is how the run waits for a login that works, None where it ends instead.

    `source_check` is whether the source's own checksums are reproduced.

    `tried_again` is whether somebody else tries a medium again after a transient error, so that
    one such error does not make it FAILED. `lease` is how long the run keeps its lease between two
    renewals. `correlation_id` names the chain of runs that this one belongs to, if any does.

    `digest` is whether the first run of a week tells what the runs since the last digest came to.
    """

    owner: str
    new_run_id: Callable[[], str]
    policy: Policy = field(default_factory=Policy)
    limit: int | None = None
    concurrency: int = 5
    bytes_per_second: int | None = None
    retries: RetryPolicy = field(default_factory=RetryPolicy)
    login_wait: LoginWait | None = None
    outage: OutagePolicy = field(default_factory=OutagePolicy)
    source_check: bool = True
    tried_again: bool = False
    lease: timedelta = LEASE_FOR
    correlation_id: str = ""
    digest: bool = False
