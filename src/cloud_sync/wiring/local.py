"""The adapters of one machine: SQLite, a folder or a bucket, a 0600 file, Apprise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from functools import cached_property

from cloud_sync.archive.base import Archive
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import Config
from cloud_sync.credentials.base import CredentialStore
from cloud_sync.credentials.file import FileCredentials
from cloud_sync.credentials.history_file import FileLoginHistory
from cloud_sync.errors import MissingExtra, UsageError
from cloud_sync.model.location import BucketDestination, FolderDestination
from cloud_sync.model.media import Account
from cloud_sync.notify.base import Notifier
from cloud_sync.pipeline.rooms import KnownLogin, Rooms, RunOptions
from cloud_sync.pipeline.vault import Vault
from cloud_sync.provider.base import Provider
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.plan import Policy
from cloud_sync.wiring.archives import ConfiguredArchives
from cloud_sync.wiring.home import ArchivePlace, Home, destination_of
from cloud_sync.wiring.logins import ConfiguredLogins, tried_and_stored
from cloud_sync.wiring.notifiers import configured_notifier
from cloud_sync.wiring.settings import (
    configured_options,
    configured_provider,
    configured_pulse,
)
from cloud_sync.wiring.tracing import traced
from cloud_sync.wiring.trackers import existing_tracker, has_archived, made_tracker


class LocalWiring:
    """Chooses adapters by the configuration. Nothing is opened or written before it is asked for.

    `environment` is the process environment: the AWS SDK reads its own part of it.
    """

    def __init__(self, config: Config, environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        self._home = Home(config.home)
        self._clock = SystemClock()
        self._archives = ConfiguredArchives(config)
        self._logins = ConfiguredLogins(config, environment)

    @cached_property
    def place(self) -> ArchivePlace:
        """The archive that the command is about; UsageError when there is none."""
        destination = self._config.destination
        if not isinstance(destination, BucketDestination):
            return self._home.choose(destination, "")
        try:
            return self._home.place_of(destination, self._archives.endpoint_of(destination))
        except MissingExtra:
            # what was archived there can be told without the SDK, where it was at one service only
            used = [each for each in self._home.known() if each.location == str(destination)]
            if len(used) != 1:
                raise
            return used[0]

    @property
    def location(self) -> str:
        """The archive as a person writes it."""
        return self.place.location

    def run_options(self, policy: Policy, limit: int | None) -> RunOptions:
        """What a run of this process goes by."""
        return configured_options(self._config, self._clock, self._logins.wait, policy, limit)

    @contextmanager
    def rooms(self, *, dry: bool = False) -> Iterator[Rooms]:
        """The rooms of a run.

        On an archive's first run, login and archive are tried before a tracker is made; the run is
        played against memory when they fail, so that a mistyped DEST leaves nothing behind.
        """
        from cloud_sync.wiring.rehearsal import RehearsalTracker, can_begin

        with ExitStack() as stack:
            place = self.place
            # what may be missing or wrong in the settings comes before a tracker is made
            notifier = self.notifier()
            credentials = self.credentials()
            provider = self.provider(credentials)
            stack.callback(provider.close)
            fresh = not place.tracker_path.exists()
            tracker = None if fresh else _kept_open(stack, existing_tracker(place))
            archive = self._archive_with(stack, tracker)
            waits = not dry and self._config.login_wait is not None
            in_memory = fresh and (dry or not can_begin(provider, archive, waits=waits))
            if tracker is None:
                made = RehearsalTracker() if in_memory else made_tracker(place)
                tracker = _kept_open(stack, made)
            if not in_memory and not dry:
                self._home.mark_used(place)
            history = self._logins.run_history(dry=dry, in_memory=in_memory)
            login = KnownLogin(credentials, history)
            spans = stack.enter_context(traced(self._environment))
            yield Rooms(
                provider,
                tracker,
                archive,
                notifier,
                self._clock,
                login,
                pulse=configured_pulse(self._config),
                spans=spans,
            )

    @property
    def in_a_folder(self) -> bool:
        """Whether the archive is a folder: reading its files costs no more than time."""
        return isinstance(destination_of(self.place), FolderDestination)

    @contextmanager
    def vault(self) -> Iterator[Vault]:
        """The archive with its tracker; UsageError when nothing was archived there from here."""
        with ExitStack() as stack:
            tracker = _kept_open(stack, existing_tracker(self.place))
            yield Vault(self._archive_with(stack, tracker), tracker, self._clock)

    @contextmanager
    def vault_to_repair(self, *, apply: bool) -> Iterator[Vault]:
        """The archive with its tracker, or with an empty one where there is none.

        That is in memory unless `apply`, and only made where the archive holds anything at all.
        """
        from cloud_sync.tracker.memory import MemoryTracker

        with ExitStack() as stack:
            place = self.place
            known = place.tracker_path.exists()
            tracker = _kept_open(stack, existing_tracker(place)) if known else None
            archive = self._archive_with(stack, tracker)
            if tracker is None:
                if next(archive.list(), None) is None:
                    raise UsageError(
                        f"repairing {place.location}: it holds nothing, and this machine has no "
                        "tracker of it",
                        hint=f"cloud-sync sync --to {place.location}",
                    )
                tracker = _kept_open(stack, made_tracker(place) if apply else MemoryTracker())
            if apply:
                self._home.mark_used(place)
            yield Vault(archive, tracker, self._clock)

    def _archive_with(self, stack: ExitStack, tracker: Tracker | None) -> Archive:
        """The archive that the tracker is of, None where it has none."""
        in_use = tracker is not None and has_archived(tracker)
        archive = self._archives.at(self.place, in_use=in_use)
        stack.callback(archive.close)
        return archive

    @contextmanager
    def existing_tracker(self) -> Iterator[Tracker]:
        """The archive's tracker; UsageError when nothing was ever archived there."""
        with closing(existing_tracker(self.place)) as tracker:
            yield tracker

    @contextmanager
    def archive(self) -> Iterator[Archive]:
        """The archive alone; opens no connection."""
        with ExitStack() as stack:
            known = self.place.tracker_path.exists()
            tracker = _kept_open(stack, existing_tracker(self.place)) if known else None
            yield self._archive_with(stack, tracker)

    @property
    def unproven(self) -> tuple[str, ...]:
        """What the bucket's service leaves open, in sentences for a person."""
        return self._archives.unproven

    @property
    def advice(self) -> str:
        """A sentence on how the bucket keeps objects, where a person may want another way."""
        return self._archives.advice

    def credentials(self) -> CredentialStore:
        """Where the login is read from: the environment where it is set there, else the file."""
        return self._logins.credentials

    def login_history(self) -> FileLoginHistory:
        """What is remembered of logins, in CLOUD_SYNC_HOME."""
        return self._logins.history

    def provider(self, credentials: CredentialStore) -> Provider:
        """The configured camera cloud, by its name."""
        return configured_provider(self._config, credentials)

    def notifier(self) -> Notifier:
        """Apprise where it is configured, otherwise silence."""
        return configured_notifier(self._config)

    def log_in(
        self, text: str, tell: Callable[[str], None]
    ) -> tuple[Account, FileCredentials, str]:
        """Try the login in `text` and only then store it; `tell` hears why that takes longer.

        Returns the account, where it was stored, and a remark for the person, which may be empty.
        Raises UsageError when `text` holds no login, AuthRequired when it does not work, and
        ServiceDown when the camera cloud is in trouble; whatever was stored before stays then.
        """
        store = self._logins.stored
        account, remark = tried_and_stored(self, text, store, self._config.retry_wait, tell)
        return account, store, remark

    def now(self) -> datetime:
        """The present instant."""
        return self._clock.now()


def _kept_open(stack: ExitStack, tracker: Tracker) -> Tracker:
    """The tracker, which is closed when the stack is left."""
    stack.callback(tracker.close)
    return tracker
