"""The adapters of the functions on AWS: DynamoDB, Secrets Manager, S3, and the camera cloud."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cloud_sync.archive.base import Archive
from cloud_sync.archive.run_files import RunFiles
from cloud_sync.clock import Clock, SystemClock
from cloud_sync.credentials.base import CredentialStore
from cloud_sync.credentials.history import LoginHistory
from cloud_sync.credentials.remembered import RememberedCredentials
from cloud_sync.errors import UsageError
from cloud_sync.logs.record import Level
from cloud_sync.model.storage_plan import parse_storage_plan
from cloud_sync.notify.silent import SilentNotifier
from cloud_sync.pipeline.heartbeat import LEASE_BETWEEN_CALLS
from cloud_sync.pipeline.rooms import KnownLogin, Rooms, RunOptions
from cloud_sync.provider.base import Provider
from cloud_sync.provider.gopro.api_url import checked_api_url
from cloud_sync.tracker.base import Tracker
from cloud_sync.transfer.circuit_breaker import OutagePolicy
from cloud_sync.transfer.engine import EngineLimits

PROVIDER, ACCOUNT = "gopro", "default"
PATIENCE = 120.0
"""Seconds that a call waits for a camera cloud that is down; waiting for longer is paid for by the
second, and the next run asks again."""


@dataclass(frozen=True, kw_only=True)
class AwsWiring:
    """What the functions of one environment work with; each part is made when it is first needed
    and lives as long as the process.

    Endpoint, region and credentials of AWS are the SDK's own settings.
    """

    table: str
    bucket: str
    secret: str
    storage_plan: str
    concurrency: int
    gopro_api_url: str
    environment: str = ""
    """Only functions tell metrics, and so need its name."""
    log_level: Level = Level.INFO
    more_connections: int = 0
    """To the bucket, for a process that has several media in work at a time."""

    @cached_property
    def clock(self) -> Clock:
        return SystemClock()

    @cached_property
    def tracker(self) -> Tracker:
        """The table of all media."""
        from cloud_sync.tracker.dynamodb import DynamoTracker

        return DynamoTracker(self.table)

    @cached_property
    def run_files(self) -> RunFiles:
        """The bucket's part for manifests."""
        from cloud_sync.archive.s3_run_files import connect_run_files

        return connect_run_files(self.bucket)

    @cached_property
    def archive(self) -> Archive:
        """The bucket with the originals."""
        from cloud_sync.archive.s3 import connect

        plan = parse_storage_plan(self.storage_plan)
        return connect(
            self.bucket,
            storage_class=plan.upload_class,
            later_classes=[step.storage_class for step in plan.transitions],
            connections=EngineLimits().most_streams + self.more_connections,
        )

    @cached_property
    def stored_login(self) -> CredentialStore:
        """The secret with the login."""
        from cloud_sync.credentials.secrets_manager import SecretsManagerCredentials

        return SecretsManagerCredentials(self.secret)

    @cached_property
    def credentials(self) -> RememberedCredentials:
        """The login, read once until it is to be forgotten."""
        return RememberedCredentials(self.stored_login)

    @cached_property
    def history(self) -> LoginHistory:
        """What is remembered of logins."""
        from cloud_sync.credentials.history_dynamodb import DynamoLoginHistory

        return DynamoLoginHistory(self.table)

    @cached_property
    def provider(self) -> Provider:
        """The camera cloud; UsageError for an address that must not be used."""
        from cloud_sync.provider.gopro.client import GoProProvider

        return GoProProvider(
            checked_api_url(self.gopro_api_url),
            self.credentials,
            connections=EngineLimits().most_streams,
            # within the 30 s of the shortest function; no answer of the cloud takes as long
            read_timeout=8.0,
            connect_timeout=4.0,
        )

    def rooms(self, provider: str, account: str) -> Rooms:
        """The rooms for this camera cloud and login; UsageError for those that there are not."""
        if (provider, account) != (PROVIDER, ACCOUNT):
            raise UsageError(
                f"this environment has no account {account!r} of a provider {provider!r}",
                hint=f"leave both out, or give {PROVIDER!r} and {ACCOUNT!r}",
            )
        login = KnownLogin(self.credentials, self.history)
        return Rooms(self.provider, self.tracker, self.archive, SilentNotifier(), self.clock, login)

    def options(self, run_id: str, correlation_id: str) -> RunOptions:
        """How the run's calls are made: the owner of its leases is the run itself."""
        return RunOptions(
            owner=run_id,
            new_run_id=lambda: run_id,
            concurrency=self.concurrency,
            outage=OutagePolicy(patience=PATIENCE),
            lease=LEASE_BETWEEN_CALLS,
            correlation_id=correlation_id,
        )

    def forget_login(self) -> None:
        """Read the login anew when it is needed next."""
        self.credentials.forget()
