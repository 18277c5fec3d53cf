"""The history of logins in a small JSON file of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import LoginRecord, after_refusal, after_success
from cloud_sync.credentials.history_text import SIZE_LIMIT, records_in, records_text
from cloud_sync.credentials.private_file import reason_of, write_private

Change = Callable[[Sequence[LoginRecord], StoredCredential, datetime], tuple[LoginRecord, ...]]


class FileLoginHistory:
    """Keeps the records in one file with mode 0600, written beside it and then renamed.

    A file that cannot be read as such is told by `trouble`, and the next note begins it anew.
    A refusal never makes the file: only a login that worked is worth remembering.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._trouble = ""

    @property
    def trouble(self) -> str:
        return self._trouble

    def records(self) -> Sequence[LoginRecord]:
        return self._read() or ()

    def _read(self) -> Sequence[LoginRecord] | None:
        """What the file holds; None where it cannot be read, so that nobody writes over it."""
        try:
            with self._path.open("rb") as file:
                content = file.read(SIZE_LIMIT + 1)
            return records_in(content)
        except FileNotFoundError:
            return ()
        except OSError as error:
            self._trouble = (
                f"the history of logins in {self._path} cannot be read: {reason_of(error)}"
            )
            return None
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            self._trouble = (
                f"the history of logins in {self._path} is damaged; it begins anew, and how long "
                "logins last must be learned again"
            )
        return ()

    def worked(self, credential: StoredCredential, now: datetime) -> None:
        self._note(after_success, credential, now)

    def refused(self, credential: StoredCredential, now: datetime) -> None:
        self._note(after_refusal, credential, now)

    def _note(self, change: Change, credential: StoredCredential, now: datetime) -> None:
        with self._lock:
            before = self._read()
            if before is None:
                return
            after = change(before, credential, now)
            if after == tuple(before):
                return
            try:
                write_private(self._path, records_text(after).encode("ascii"))
            except OSError as error:
                self._trouble = (
                    f"the history of logins in {self._path} cannot be written: {reason_of(error)}"
                )
