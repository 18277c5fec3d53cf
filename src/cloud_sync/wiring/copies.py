"""Chooses the adapters of copies between buckets, from the settings of this machine."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from json import dumps

from cloud_sync.clock import SystemClock
from cloud_sync.config.load import Config
from cloud_sync.errors import CloudSyncError, UsageError
from cloud_sync.replicate.copying import CopyPolicy
from cloud_sync.replicate.execution import CopyRooms
from cloud_sync.replicate.store import ObjectSource, ObjectStore
from cloud_sync.replicate.watching import WatchLedger
from cloud_sync.replicate.writing import WriteLimits
from cloud_sync.transfer.retry import RetryPolicy
from cloud_sync.wiring.notifiers import configured_notifier

TRACKER_FILE = "copies.sqlite"
CONNECTIONS = 50


@dataclass(frozen=True, slots=True)
class CopyEnds:
    """Where copies go, beyond the AWS settings; `from_folder`: the source is on this machine.

    `endpoint` and `profile` are those of the destinations where they lie at another service, or
    under another account, than the source.
    """

    from_folder: bool = False
    endpoint: str | None = None
    profile: str | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether the destinations lie at another service than the source."""
        return self.endpoint is not None


@dataclass(frozen=True, slots=True)
class CopyWorkplace:
    """Everything that copies and watches of this machine need."""

    rooms: CopyRooms
    ledger: WatchLedger


def new_execution_id() -> str:
    """A name for an execution that sorts by time."""
    return SystemClock().now().strftime("%Y%m%dT%H%M%SZ-") + uuid.uuid4().hex[:8]


@contextmanager
def workplace(
    config: Config, ends: CopyEnds, *, concurrency: int, on_complete: str | None
) -> Iterator[CopyWorkplace]:
    """Adapters, opened; no connection is made before it is needed.

    Raises UsageError where settings do not fit together, and MissingExtra without the AWS SDK.
    """
    from cloud_sync.replicate.tracker_sqlite import SqliteCopyTracker
    from cloud_sync.replicate.uploads_sqlite import SqliteUploadJournal
    from cloud_sync.replicate.watch_sqlite import SqliteWatchLedger

    with ExitStack() as stack:
        notifier = configured_notifier(config)
        told = _command_hook(on_complete) if on_complete is not None else None
        source, destination = _ends(stack, config, ends)
        path = config.home / TRACKER_FILE
        tracker = SqliteCopyTracker(path)
        stack.callback(tracker.close)
        rooms = CopyRooms(
            source,
            destination,
            tracker,
            SqliteUploadJournal(tracker.database),
            notifier,
            SystemClock(),
            where=f"the copy tracker {path}",
            policy=_policy(concurrency),
            concurrency=concurrency,
            on_complete=told,
        )
        yield CopyWorkplace(rooms, SqliteWatchLedger(tracker.database))


def _ends(stack: ExitStack, config: Config, ends: CopyEnds) -> tuple[ObjectSource, ObjectStore]:
    from cloud_sync.replicate import s3_store
    from cloud_sync.replicate.folder_source import FolderSource

    dialect = config.text("s3_dialect")
    away = ends.endpoint is not None or ends.profile is not None
    try:
        destination = s3_store.connect(
            # the setting is about the service of the AWS settings
            dialect=None if ends.endpoint else dialect,
            connections=CONNECTIONS,
            endpoint=ends.endpoint,
            profile=ends.profile,
        )
    except UsageError as error:
        raise _in_their_words(error, ends) from error
    stack.callback(destination.close)
    if ends.from_folder:
        return FolderSource(), destination
    if not away:
        return destination, destination
    source = s3_store.connect(dialect=dialect, connections=CONNECTIONS)
    stack.callback(source.close)
    return source, destination


def _in_their_words(error: UsageError, ends: CopyEnds) -> UsageError:
    """The error of a client of the destinations, by the options that it was made from."""
    # a URL may bear a password
    given = ["this --to-endpoint"] if ends.endpoint is not None else []
    given += [f"--to-profile {ends.profile}"] if ends.profile is not None else []
    if not given:
        return error
    return UsageError(
        f"connecting to the destinations with {' and '.join(given)}: the AWS SDK cannot use that",
        hint="--to-endpoint is a URL with http or https; profiles: aws configure list-profiles",
    )


def _policy(concurrency: int) -> CopyPolicy:
    """Parts at once: all destinations together stay within the connections."""
    workers = max(1, min(8, CONNECTIONS // concurrency))
    limits = WriteLimits(workers=workers, own_workers=min(2, workers))
    return CopyPolicy(RetryPolicy(tries=3, seconds=300.0), limits)


class _CommandHook:
    """`OnComplete` by a command that gets the summary as JSON on its standard input."""

    def __init__(self, arguments: list[str]) -> None:
        self._arguments = arguments

    def __call__(self, summary: Mapping[str, object]) -> None:
        import subprocess

        name = self._arguments[0]
        try:
            ended = subprocess.run(  # noqa: S603 the user's own command, without a shell
                self._arguments, input=dumps(summary).encode(), check=False
            )
        except OSError as error:
            raise CloudSyncError(
                f"running {name} after the copies: {error.strerror}",
                kept="the copies",
            ) from error
        if ended.returncode:
            raise CloudSyncError(
                f"running {name} after the copies: it ended with {ended.returncode}",
                kept="the copies",
            )


def _command_hook(command: str) -> _CommandHook:
    import shlex

    try:
        arguments = shlex.split(command)
    except ValueError:
        arguments = []
    if not arguments:
        raise UsageError(
            f"--on-complete {command!r} is no command line",
            hint="name a program with its arguments; what has blanks goes into quotes",
        )
    return _CommandHook(arguments)
