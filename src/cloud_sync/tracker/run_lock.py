"""The operating system's lock that tells a dead owner of the run lease from a living one."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path

from cloud_sync.errors import UsageError

_NOT_TO_BE_HAD = frozenset({errno.EWOULDBLOCK, errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS})
"""Held by somebody else, or the file system knows no such locks."""


class RunLock:
    """An exclusive lock on a file, which the kernel lets go of when its process dies.

    Two instances exclude each other, within one process as well. The file stays where it is:
    taking it away would let two processes lock two different files.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this instance has the lock."""
        return self._descriptor is not None

    def acquire(self) -> bool:
        """Take the lock without waiting; True when this instance has it, already or now.

        False also where the file system knows no locks: then only a lease's time tells whether
        its owner is alive. UsageError when the lock file cannot be opened.
        """
        if self._descriptor is not None:
            return True
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            if error.errno in _NOT_TO_BE_HAD:
                return False
            raise self._unusable() from error
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Let go of the lock, if this instance has it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise self._unusable() from error

    def _unusable(self) -> UsageError:
        return UsageError(
            f"locking the tracker: {self._path} cannot be opened and locked",
            hint="make that file and its folder readable and writable for you",
        )
