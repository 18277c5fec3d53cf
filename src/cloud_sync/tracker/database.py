"""One SQLite file: opened, brought to the present layout, and its errors in our own words."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from cloud_sync.errors import CloudSyncError, ServiceUnavailable, UsageError
from cloud_sync.tracker.migrations import TRACKER, Layout, migrate
from cloud_sync.tracker.sqlite_transaction import transaction

_creating = threading.Lock()


class Database:
    """One connection behind one lock: a thread at a time, in short transactions.

    WAL mode lets other processes read while one writes. With synchronous=FULL every commit is on
    the disk before the call returns: a key that a file is stored under, a checksum and COMPLETED
    must outlive a power cut, and with a few commits per medium and one per part of some MiB the
    cost of one rule for all (about 0.3 ms each on a solid-state disk, 0.2 ms of it CPU time) is not
    worth an exception. `fullfsync` asks the same of macOS, where a plain fsync stops at the disk's
    own cache. Where a file system cannot do WAL, SQLite keeps its rollback journal: as durable, but
    readers then wait for the writer.

    `busy_timeout` is how long, in seconds, to wait for another process's write.
    """

    def __init__(self, path: Path, busy_timeout: float, layout: Layout = TRACKER) -> None:
        # an absolute path, for SQLite has names of its own such as ":memory:"
        self._path = path.absolute()
        self._layout = layout
        self._busy_timeout = busy_timeout
        self._turn = threading.RLock()
        self._connection: sqlite3.Connection | None = self._open()

    @property
    def path(self) -> Path:
        return self._path

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction in which every query sees the same state."""
        with self._transaction("BEGIN DEFERRED") as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that is alone in writing: committed at its end, undone by any exception."""
        with self._transaction("BEGIN IMMEDIATE") as connection:
            yield connection

    def close(self) -> None:
        """Close the connection; a second call does nothing."""
        with self._turn, self._translated():
            connection, self._connection = self._connection, None
            if connection is not None:
                connection.close()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self._turn, self._translated():
            if self._connection is None:
                raise ValueError("the tracker is closed")
            with transaction(self._connection, begin):
                yield self._connection

    def _open(self) -> sqlite3.Connection:
        with self._translated():
            self._create()
            # the switch to WAL fails at once, without waiting, while another process makes it too
            for attempt in Retrying(
                retry=retry_if_exception(_is_busy),
                stop=stop_after_delay(self._busy_timeout),
                wait=wait_random(0.005, 0.05),
                reraise=True,
            ):
                with attempt:
                    return self._connect()
        raise AssertionError("unreachable: the last attempt raises")

    def _create(self) -> None:
        """Make the file, for nobody but its owner; one that is there keeps its mode."""
        try:
            # closing a descriptor of the file takes the locks of this process's other connections
            with _creating:
                self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                if not self._path.exists():
                    flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC
                    os.close(os.open(self._path, flags, 0o600))
        except FileExistsError:
            if not self._path.exists():
                raise self._unusable("its folder's place is taken by a file") from None
        except OSError as error:
            raise self._unusable("it cannot be created there") from error

    def _connect(self) -> sqlite3.Connection:
        with _creating:
            connection = sqlite3.connect(
                self._path,
                timeout=self._busy_timeout,
                isolation_level=None,
                check_same_thread=False,
            )
        try:
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA fullfsync = ON")
            migrate(connection, self._path, self._layout)
            connection.execute("PRAGMA journal_mode = WAL")
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._in_our_words(error) from error

    def _in_our_words(self, error: sqlite3.Error) -> CloudSyncError:
        code = getattr(error, "sqlite_errorcode", None)
        # the upper bytes only tell apart kinds of one error
        primary = code & 0xFF if code is not None else None
        if primary in _BUSY:
            return ServiceUnavailable(
                f"using the tracker {self._path}: another process has kept it locked for more"
                f" than {self._busy_timeout:g} s",
                kept="everything recorded before",
            )
        if primary in _MEANINGS:
            what, hint = _MEANINGS[primary]
            return self._unusable(what, hint)
        name = getattr(error, "sqlite_errorname", type(error).__name__)
        return CloudSyncError(f"using the tracker {self._path}: SQLite answered {name}")

    def _unusable(self, what: str, hint: str = "") -> UsageError:
        return UsageError(f"using the tracker {self._path}: {what}", hint=hint or _WRITABLE)


def _is_busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", None)
    return code is not None and code & 0xFF in _BUSY


_WRITABLE = (
    "make the file and its folder readable and writable for you,"
    " or point CLOUD_SYNC_HOME at another folder"
)
_REBUILD = (
    "move the file away, then restore a copy of it,"
    " or rebuild it from the archive: cloud-sync reconcile --to DEST --apply"
)

_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
_MEANINGS: dict[int | None, tuple[str, str]] = {
    sqlite3.SQLITE_PERM: ("access to it is refused", _WRITABLE),
    sqlite3.SQLITE_READONLY: ("it is not writable", _WRITABLE),
    sqlite3.SQLITE_CANTOPEN: ("it cannot be opened", _WRITABLE),
    sqlite3.SQLITE_FULL: ("its disk is full", "free some space on that disk, then start again"),
    sqlite3.SQLITE_IOERR: ("its disk does not read or write", "check that disk, then start again"),
    sqlite3.SQLITE_NOTADB: ("it is no SQLite database", _REBUILD),
    sqlite3.SQLITE_CORRUPT: ("it is damaged", _REBUILD),
}
