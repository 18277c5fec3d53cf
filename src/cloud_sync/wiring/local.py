"""The adapters of one machine: SQLite, a folder or a bucket, a 0600 file, Apprise."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING

from cloud_sync.archive.base import Archive
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import Config
from cloud_sync.credentials.base import CredentialStore
from cloud_sync.credentials.env import EnvironmentCredentials
from cloud_sync.credentials.file import FileCredentials
from cloud_sync.credentials.history import LoginHistory
from cloud_sync.credentials.history_file import FileLoginHistory
from cloud_sync.credentials.history_memory import MemoryLoginHistory
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.credentials.parse import parse_credentials
from cloud_sync.errors import CloudSyncError, ServiceUnavailable, Transient, UsageError
from cloud_sync.model.location import BucketDestination, FolderDestination
from cloud_sync.model.media import Account
from cloud_sync.model.tracking import Status
from cloud_sync.notify.base import Notifier
from cloud_sync.notify.silent import SilentNotifier
from cloud_sync.pipeline.rooms import KnownLogin, LoginWait, Rooms, RunOptions
from cloud_sync.pipeline.vault import Vault
from cloud_sync.provider.base import Provider
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.plan import Policy
from cloud_sync.transfer.circuit_breaker import OutagePolicy
from cloud_sync.transfer.engine import EngineLimits
from cloud_sync.transfer.retry import retry_policy
from cloud_sync.wiring.home import ArchivePlace, Home, destination_of

if TYPE_CHECKING:
    from cloud_sync.archive.s3 import S3Archive

CREDENTIALS_FILE = "credentials"
LOGINS_FILE = "logins.json"
PROVIDERS = "cloud_sync.providers"


class LocalWiring:
    """Chooses adapters by the configuration. Nothing is opened or written before it is asked for.

    `environment` is the process environment: the AWS SDK reads its own part of it.
    """

    def __init__(self, config: Config, environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        self._home = Home(config.home)
        self._clock = SystemClock()
        self._connected: S3Archive | None = None

    @cached_property
    def place(self) -> ArchivePlace:
        """The archive that the command is about; UsageError when there is none."""
        destination = self._config.destination
        if isinstance(destination, BucketDestination):
            return self._home.place_of(destination, self._bucket(destination).endpoint)
        return self._home.choose(destination, "")

    @property
    def location(self) -> str:
        """The archive as a person writes it."""
        return self.place.location

    def run_options(self, policy: Policy, limit: int | None) -> RunOptions:
        """What a run of this process goes by."""
        return RunOptions(
            owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
            new_run_id=lambda: self._clock.now().strftime("%Y%m%dT%H%M%SZ-") + uuid.uuid4().hex[:8],
            policy=policy,
            limit=limit,
            concurrency=self._config.concurrency,
            bytes_per_second=self._config.bytes_per_second,
            retries=retry_policy(self._config.retry_wait, self._config.outage_wait),
            outage=OutagePolicy(patience=self._config.outage_wait),
            source_check=self._config.source_check,
            login_wait=self._login_wait(),
        )

    def _login_wait(self) -> LoginWait | None:
        seconds = self._config.login_wait
        if seconds is None:
            return None
        if self._config.text("gopro_token"):
            raise UsageError(
                f"waiting for a login: the login comes from {EnvironmentCredentials.location}, "
                "which cannot change while this command runs",
                hint="unset CLOUD_SYNC_GOPRO_TOKEN, then cloud-sync login; or do not wait",
            )
        return LoginWait(seconds)

    @contextmanager
    def rooms(self, *, dry: bool = False) -> Iterator[Rooms]:
        """The rooms of a run.

        On an archive's first run, login and archive are tried before a tracker is made; the run is
        played against memory when they fail, so that a mistyped DEST leaves nothing behind.
        """
        with ExitStack() as stack:
            place = self.place
            fresh = not place.tracker_path.exists()
            # what may be missing or wrong in the settings comes before a tracker is made
            notifier = self.notifier()
            credentials = self.credentials()
            provider = self.provider(credentials)
            stack.callback(provider.close)
            archive = self.archive(place)
            stack.callback(archive.close)
            waits = not dry and self._config.login_wait is not None
            in_memory = fresh and (dry or not _works(provider, archive, waits=waits))
            tracker = _rehearsal_tracker() if in_memory else self._tracker(place, create=True)
            stack.callback(tracker.close)
            if not in_memory and not dry:
                self._home.mark_used(place)
            history = self._run_history(dry=dry, in_memory=in_memory)
            login = KnownLogin(credentials, history)
            yield Rooms(provider, tracker, archive, notifier, self._clock, login)

    def _run_history(self, *, dry: bool, in_memory: bool) -> LoginHistory:
        """The history that a run may write to: a file is not made by a run that leaves nothing."""
        history = self.login_history()
        if dry or (in_memory and not (self._config.home / LOGINS_FILE).exists()):
            return MemoryLoginHistory(history.records())
        return history

    @property
    def in_a_folder(self) -> bool:
        """Whether the archive is a folder: reading its files costs no more than time."""
        return isinstance(destination_of(self.place), FolderDestination)

    @contextmanager
    def vault(self) -> Iterator[Vault]:
        """The archive with its tracker; UsageError when nothing was archived there from here."""
        with ExitStack() as stack:
            tracker = self._tracker(self.place, create=False)
            stack.callback(tracker.close)
            yield Vault(self._opened_archive(stack), tracker, self._clock)

    @contextmanager
    def vault_to_repair(self, *, apply: bool) -> Iterator[Vault]:
        """The archive with its tracker, or with an empty one where there is none.

        That is in memory unless `apply`, and only made where the archive holds anything at all.
        """
        from cloud_sync.tracker.memory import MemoryTracker

        with ExitStack() as stack:
            place = self.place
            archive = self._opened_archive(stack)
            if not place.tracker_path.exists() and next(archive.list(), None) is None:
                raise UsageError(
                    f"repairing {place.location}: it holds nothing, and this machine has no "
                    "tracker of it",
                    hint=f"cloud-sync sync --to {place.location}",
                )
            kept = apply or place.tracker_path.exists()
            tracker = self._tracker(place, create=True) if kept else MemoryTracker()
            stack.callback(tracker.close)
            if apply:
                self._home.mark_used(place)
            yield Vault(archive, tracker, self._clock)

    def _opened_archive(self, stack: ExitStack) -> Archive:
        archive = self.archive(self.place)
        stack.callback(archive.close)
        return archive

    def _has_objects(self, place: ArchivePlace) -> bool:
        if not place.tracker_path.exists():
            return False
        tracker = self._tracker(place, create=False)
        try:
            return tracker.tallies()[Status.COMPLETED].files > 0
        finally:
            tracker.close()

    @contextmanager
    def existing_tracker(self) -> Iterator[Tracker]:
        """The archive's tracker; UsageError when nothing was ever archived there."""
        tracker = self._tracker(self.place, create=False)
        try:
            yield tracker
        finally:
            tracker.close()

    def _tracker(self, place: ArchivePlace, *, create: bool) -> Tracker:
        from cloud_sync.tracker.sqlite import SqliteTracker

        if not create and not place.tracker_path.exists():
            raise UsageError(
                f"nothing was archived to {place.location} from this machine yet",
                hint=f"cloud-sync sync --to {place.location}",
            )
        try:
            place.tracker_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise UsageError(
                f"making {place.tracker_path.parent} for the tracker: {error.strerror}",
                hint="set CLOUD_SYNC_HOME to a folder that can be written",
            ) from None
        return SqliteTracker(place.tracker_path)

    def archive(self, place: ArchivePlace) -> Archive:
        """The archive at a place; opens no connection."""
        destination = destination_of(place)
        if isinstance(destination, BucketDestination):
            return self._bucket_at(place, destination)
        plan = self._config.storage_plan
        if plan is not None:
            raise UsageError(
                f"the storage plan {plan.name} is for buckets, {place.location} is a folder",
                hint="leave --storage-plan out",
            )
        from cloud_sync.archive.folder import FolderArchive

        return FolderArchive(Path(destination.path), in_use=self._has_objects(place))

    def _bucket_at(self, place: ArchivePlace, destination: BucketDestination) -> Archive:
        archive = self._bucket(destination)
        if archive.endpoint != place.endpoint:
            raise UsageError(
                f"{place.location} was last used at {place.endpoint or 'AWS'}, and the AWS "
                f"settings now point at {archive.endpoint or 'AWS'}",
                hint="set AWS_ENDPOINT_URL_S3 as it was, or name the archive with --to",
            )
        return archive

    def _bucket(self, destination: BucketDestination) -> S3Archive:
        if self._connected is None:
            from cloud_sync.archive.s3 import connect

            plan = self._config.storage_plan
            self._connected = connect(
                destination.bucket,
                destination.prefix,
                storage_class=plan.upload_class if plan else None,
                later_classes=[step.storage_class for step in plan.transitions] if plan else (),
                dialect=self._config.text("s3_dialect"),
                connections=self._config.concurrency + EngineLimits().most_streams,
            )
        return self._connected

    @property
    def unproven(self) -> tuple[str, ...]:
        """What the bucket's service leaves open, in sentences for a person."""
        return self._connected.unproven if self._connected else ()

    @property
    def advice(self) -> str:
        """A sentence on how the bucket keeps objects, where a person may want another way."""
        plan = self._config.storage_plan
        if self._connected is None or self._connected.endpoint:
            return ""
        if plan is not None and plan.transitions:
            steps = ", ".join(f"{to.storage_class} after {to.days} days" for to in plan.transitions)
            return (
                f"Objects went up as {plan.upload_class}; the plan {plan.name} needs a lifecycle "
                f"rule on the bucket: {steps}."
            )
        if plan is None or plan.upload_class == "STANDARD":
            return (
                "Objects went up as STANDARD. With --storage-plan direct (S3 Glacier Deep Archive) "
                "they would cost about a twentieth a month; getting them back takes 12 to 48 hours."
            )
        return ""

    def credentials(self) -> CredentialStore:
        """Where the login is read from: the environment where it is set there, else the file."""
        if self._config.text("gopro_token"):
            return EnvironmentCredentials(self._environment)
        return self.stored_credentials()

    def stored_credentials(self) -> FileCredentials:
        """The 0600 file in CLOUD_SYNC_HOME."""
        return FileCredentials(self._config.home / CREDENTIALS_FILE)

    def login_history(self) -> FileLoginHistory:
        """What is remembered of logins, in CLOUD_SYNC_HOME."""
        return FileLoginHistory(self._config.home / LOGINS_FILE)

    def provider(self, credentials: CredentialStore) -> Provider:
        """The configured camera cloud, by its name."""
        name = self._config.provider
        found = entry_points(group=PROVIDERS)
        if name not in found.names:
            raise UsageError(
                f"there is no provider {name!r}", hint="known: " + ", ".join(sorted(found.names))
            )
        provider: Provider = found[name].load()(self._config, credentials)
        return provider

    def notifier(self) -> Notifier:
        """Apprise where it is configured, otherwise silence."""
        urls = self._config.secret("notify")
        if urls is None:
            return SilentNotifier()
        from cloud_sync.notify.apprise import AppriseNotifier

        return AppriseNotifier(urls)

    def log_in(self, text: str) -> tuple[Account, FileCredentials, str]:
        """Try the login in `text` and only then store it.

        Returns the account, where it was stored, and a remark for the person, which may be empty.
        Raises UsageError when `text` holds no login, and AuthRequired when it does not work;
        whatever was stored before stays then.
        """
        pasted = parse_credentials(text)
        now = self._clock.now()
        trial = MemoryCredentials(pasted.token, pasted.user_id)
        with closing(self.provider(trial)) as provider:
            account = provider.check_login()
        store = self.stored_credentials()
        store.replace(pasted.token, now, pasted.user_id)
        if stored := store.read():
            self.login_history().worked(stored, now)
        return account, store, pasted.remark

    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()


def _works(provider: Provider, archive: Archive, *, waits: bool) -> bool:
    """Whether a first run can begin; `waits`: it waits for a login that works if need be."""
    checks = (archive.check,) if waits else (provider.check_login, archive.check)
    for check in checks:
        try:
            check()
        except CloudSyncError as error:
            return _may_pass(error)
    return True


def _may_pass(error: CloudSyncError) -> bool:
    """Whether the run itself may get over it: it must be able to remember what it then stores.

    A service that never answered is more likely mistyped than down.
    """
    silent = isinstance(error, ServiceUnavailable) and error.api_status is None
    return isinstance(error, Transient) and not silent


def _rehearsal_tracker() -> Tracker:
    from cloud_sync.wiring.rehearsal import RehearsalTracker

    return RehearsalTracker()
