"""The log of this machine: a file that never outgrows its bounds and never ends a run."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FILE_NAME = "cloud-sync.jsonl"


@dataclass(frozen=True, slots=True)
class Bounds:
    """The most bytes of one file, and how many older ones are kept beside it."""

    bytes: int = 10_000_000
    older: int = 9


class LogFile:
    """Appends lines to `path`; a file that is full becomes `path.1`, that one `path.2`, and so on.

    Several processes may write to it at once: each line is one write, and only one of them moves
    files. Trouble is told once, in a sentence, and the lines are lost from then on.
    """

    def __init__(
        self, path: Path, tell: Callable[[str], None], bounds: Bounds | None = None
    ) -> None:
        self._path = path
        self._tell = tell
        self._bounds = bounds or Bounds()
        self._file: int | None = None
        self._broken = False
        self._lock = threading.Lock()

    def write(self, line: str) -> None:
        """Append the line. Raises nothing."""
        with self._lock:
            if self._broken:
                return
            trouble = self._trouble_with((line + "\n").encode("ascii"))
            self._broken = bool(trouble)
        if trouble:
            self._tell(f"the log {self._path} is not written: {trouble}; the run itself goes on")

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        with self._lock:
            self._let_go()

    def _trouble_with(self, data: bytes) -> str:
        """What kept the bytes from being appended, empty: nothing did."""
        try:
            self._append(data)
        except OSError as error:
            return error.strerror or type(error).__name__
        return ""

    def _append(self, data: bytes) -> None:
        if self._file is None:
            self._open()
        elif not self._is_current():
            # another process has moved the file away
            self._let_go()
            self._open()
        if os.fstat(self._held).st_size + len(data) > self._bounds.bytes:
            self._rotate(len(data))
        written = os.write(self._held, data)
        if written < len(data):
            raise OSError(0, "the disk took a part of a line only")

    @property
    def _held(self) -> int:
        if self._file is None:
            raise RuntimeError("the log is not open")
        return self._file

    def _open(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
        self._file = os.open(self._path, flags, 0o600)

    def _let_go(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _is_current(self) -> bool:
        try:
            there = self._path.stat()
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._held))

    def _rotate(self, more: int) -> None:
        with _moving(self._path.parent):
            # another process may have been first
            if self._is_current() and os.fstat(self._held).st_size + more > self._bounds.bytes:
                for number in range(self._bounds.older, 0, -1):
                    source = older(self._path, number - 1) if number > 1 else self._path
                    if source.exists():
                        source.replace(older(self._path, number))
        self._let_go()
        self._open()


def older(path: Path, number: int) -> Path:
    """The `number`th file before the present one."""
    return path.with_name(f"{path.name}.{number}")


def files_of(path: Path) -> list[Path]:
    """The files of a log, the oldest lines first."""
    found = [each for each in path.parent.glob(path.name + ".*") if each.suffix[1:].isdecimal()]
    found.sort(key=lambda each: int(each.suffix[1:]), reverse=True)
    return [*found, *([path] if path.exists() else [])]


@contextmanager
def _moving(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
