"""The history of logins in a small JSON file of its own."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from cloud_sync.clock import from_text, to_text
from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import LoginRecord, after_refusal, after_success
from cloud_sync.credentials.private_file import reason_of, write_private

READ_LIMIT = 64 * 1024
"""Bytes; twenty records take a tenth of it, so a larger file is something else."""

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
                content = file.read(READ_LIMIT + 1)
            return _parsed(content)
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
                write_private(self._path, _text(after).encode("ascii"))
            except OSError as error:
                self._trouble = (
                    f"the history of logins in {self._path} cannot be written: {reason_of(error)}"
                )


def _text(records: Sequence[LoginRecord]) -> str:
    rows = [
        {
            "fingerprint": record.fingerprint,
            "first_seen": to_text(record.first_seen),
            "last_worked": to_text(record.last_worked),
            "refused_at": to_text(record.refused_at) if record.refused_at else None,
        }
        for record in records
    ]
    return json.dumps({"logins": rows}, indent=1) + "\n"


def _parsed(content: bytes) -> tuple[LoginRecord, ...]:
    """The records of a file; one of many errors where it is none of ours."""
    if len(content) > READ_LIMIT:
        raise ValueError("too large")
    records = [_record(row) for row in json.loads(content)["logins"]]
    return tuple(sorted(records, key=lambda record: record.first_seen))


def _record(row: Any) -> LoginRecord:
    refused_at = row["refused_at"]
    return LoginRecord(
        fingerprint=str(row["fingerprint"]),
        first_seen=from_text(row["first_seen"]),
        last_worked=from_text(row["last_worked"]),
        refused_at=None if refused_at is None else from_text(refused_at),
    )
