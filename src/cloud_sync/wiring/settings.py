"""What the settings of this machine choose for every archive: camera cloud, watchdog, pace."""

from __future__ import annotations

import os
import socket
import uuid
from importlib.metadata import entry_points

from cloud_sync.clock import Clock
from cloud_sync.config.load import Config
from cloud_sync.credentials.base import CredentialStore
from cloud_sync.errors import UsageError
from cloud_sync.notify.base import Pulse
from cloud_sync.pipeline.rooms import LoginWait, RunOptions
from cloud_sync.provider.base import Provider
from cloud_sync.tracker.plan import Policy
from cloud_sync.transfer.circuit_breaker import OutagePolicy
from cloud_sync.transfer.retry import retry_policy

PROVIDERS = "cloud_sync.providers"


def configured_provider(config: Config, credentials: CredentialStore) -> Provider:
    """The configured camera cloud, by its name."""
    name = config.provider
    found = entry_points(group=PROVIDERS)
    if name not in found.names:
        raise UsageError(
            f"there is no provider {name!r}", hint="known: " + ", ".join(sorted(found.names))
        )
    provider: Provider = found[name].load()(config, credentials)
    return provider


def configured_pulse(config: Config) -> Pulse | None:
    """The watchdog that hears of each run, None where none is configured."""
    url = config.secret("healthcheck")
    if url is None:
        return None
    from cloud_sync.notify.healthcheck import HealthcheckPulse

    return HealthcheckPulse(url)


def configured_options(
    config: Config, clock: Clock, login_wait: LoginWait | None, policy: Policy, limit: int | None
) -> RunOptions:
    """What a run of this process goes by."""
    return RunOptions(
        owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
        new_run_id=lambda: clock.now().strftime("%Y%m%dT%H%M%SZ-") + uuid.uuid4().hex[:8],
        policy=policy,
        limit=limit,
        concurrency=config.concurrency,
        bytes_per_second=config.bytes_per_second,
        retries=retry_policy(config.retry_wait, config.outage_wait),
        outage=OutagePolicy(patience=config.outage_wait),
        source_check=config.source_check,
        login_wait=login_wait,
        digest=config.digest,
    )
