"""The adapters of a command on this machine that is about a deployed environment's archive."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cached_property

from cloud_sync.aws.executions import Executions
from cloud_sync.aws.queues import Queues
from cloud_sync.aws.schedules import Schedules
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import Config, Value
from cloud_sync.credentials.base import CredentialStore
from cloud_sync.credentials.env import EnvironmentCredentials
from cloud_sync.credentials.history import LoginHistory
from cloud_sync.credentials.history_memory import MemoryLoginHistory
from cloud_sync.credentials.remembered import RememberedCredentials
from cloud_sync.model.media import Account
from cloud_sync.pipeline.rooms import KnownLogin, Rooms, RunOptions
from cloud_sync.pipeline.vault import Vault
from cloud_sync.provider.base import Provider
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.plan import Policy
from cloud_sync.wiring.aws import AwsWiring
from cloud_sync.wiring.deployed import Deployed, deploy_command, find_deployed
from cloud_sync.wiring.logins import login_wait, tried_and_stored
from cloud_sync.wiring.notifiers import configured_notifier
from cloud_sync.wiring.settings import (
    configured_options,
    configured_provider,
    configured_pulse,
)
from cloud_sync.wiring.tracing import traced

LOGIN_KEPT = 10.0
"""Seconds for which the secret's login is kept: each look at it is a call that costs money."""


class EnvironmentWiring:
    """The environment's table, bucket, storage plan and login, and this machine's settings for
    everything else. What is opened lives until `close`, at the latest as long as the process.

    The login is the environment's own, unless `CLOUD_SYNC_GOPRO_TOKEN` is set. Endpoint, region and
    credentials of AWS are the SDK's own settings.
    """

    def __init__(
        self, config: Config, process_environment: Mapping[str, str], environment: str
    ) -> None:
        self._config = config
        self._process_environment = process_environment
        self._name = environment
        self._clock = SystemClock()

    @cached_property
    def deployed(self) -> Deployed:
        """What is deployed; UsageError where nothing is."""
        from cloud_sync.aws.stacks import Stacks

        with closing(Stacks()) as stacks:
            return find_deployed(self._name, stacks)

    @cached_property
    def _aws(self) -> AwsWiring:
        storage, workflow = self.deployed.storage, self.deployed.workflow
        return AwsWiring(
            table=storage.table,
            bucket=storage.bucket,
            secret=storage.secret,
            storage_plan=storage.storage_plan,
            concurrency=self._config.concurrency,
            gopro_api_url=workflow.gopro_api_url if workflow else "",
            more_connections=self._config.concurrency,
        )

    @property
    def location(self) -> str:
        """The bucket as a person writes it."""
        return f"s3://{self.deployed.storage.bucket}"

    @property
    def in_a_folder(self) -> bool:
        return False

    @property
    def advice(self) -> str:
        """Nothing: the deployment has chosen how objects are kept."""
        return ""

    def run_options(self, policy: Policy, limit: int | None) -> RunOptions:
        """As for an archive of this machine."""
        wait = login_wait(self._config, f"cloud-sync aws login --env {self._name}")
        return configured_options(self._config, self._clock, wait, policy, limit)

    @contextmanager
    def rooms(self, *, dry: bool = False) -> Iterator[Rooms]:
        """The rooms of a run; a dry one remembers nothing of the login either."""
        credentials = self.credentials()
        history = self.login_history()
        if dry:
            history = MemoryLoginHistory(history.records())
        with (
            closing(self.provider(credentials)) as provider,
            traced(self._process_environment) as spans,
        ):
            yield Rooms(
                provider,
                self._aws.tracker,
                self._aws.archive,
                configured_notifier(self._config),
                self._clock,
                KnownLogin(credentials, history),
                pulse=configured_pulse(self._config),
                spans=spans,
            )

    @contextmanager
    def vault(self) -> Iterator[Vault]:
        """The bucket with its table."""
        yield Vault(self._aws.archive, self._aws.tracker, self._clock)

    @contextmanager
    def vault_to_repair(self, *, apply: bool) -> Iterator[Vault]:  # noqa: ARG002
        """The same: a table is never lost without the environment."""
        with self.vault() as vault:
            yield vault

    @contextmanager
    def existing_tracker(self) -> Iterator[Tracker]:
        yield self._aws.tracker

    def credentials(self) -> CredentialStore:
        """Where a run of this process reads the login from."""
        if self._config.text("gopro_token"):
            return EnvironmentCredentials(self._process_environment)
        return RememberedCredentials(self._aws.stored_login, LOGIN_KEPT, self._clock)

    def login_history(self) -> LoginHistory:
        """What is remembered of logins, in the table."""
        return self._aws.history

    def provider(self, credentials: CredentialStore) -> Provider:
        """The camera cloud at the address that the environment's functions use."""
        url = Value(self.deployed.running.gopro_api_url, f"the environment {self._name}")
        values = {**self._config.values, "gopro_api_url": url}
        return configured_provider(replace(self._config, values=values), credentials)

    def log_in(
        self, text: str, tell: Callable[[str], None]
    ) -> tuple[Account, CredentialStore, str]:
        """Try the login in `text`, and only then put it into the environment's secret."""
        store = self._aws.stored_login
        account, remark = tried_and_stored(self, text, store, self._config.retry_wait, tell)
        return account, store, remark

    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()

    @cached_property
    def executions(self) -> Executions:
        """The state machine's executions; UsageError where it is not deployed."""
        return Executions(self.deployed.running.machine, deploy_command(self._name))

    @cached_property
    def schedules(self) -> Schedules:
        """When runs start by themselves."""
        return Schedules(deploy_command(self._name))

    @cached_property
    def queues(self) -> Queues:
        """What went wrong and waits for a person."""
        return Queues(deploy_command(self._name))

    def close(self) -> None:
        """Let go of connections."""
        made = [self.__dict__.get(name) for name in ("executions", "schedules", "queues")]
        aws = self.__dict__.get("_aws")
        if aws is not None:
            made += [
                aws.__dict__.get(name) for name in ("tracker", "archive", "stored_login", "history")
            ]
        for each in made:
            if each is not None:
                each.close()
