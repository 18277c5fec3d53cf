"""A history that lives as long as the process: for runs that must leave nothing, and for tests."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import LoginRecord, after_refusal, after_success


class MemoryLoginHistory:
    """Keeps the records in an attribute."""

    trouble = ""

    def __init__(self, records: Sequence[LoginRecord] = ()) -> None:
        self._records = tuple(records)
        self._lock = threading.Lock()

    def records(self) -> Sequence[LoginRecord]:
        return self._records

    def worked(self, credential: StoredCredential, now: datetime) -> None:
        with self._lock:
            self._records = after_success(self._records, credential, now)

    def refused(self, credential: StoredCredential, now: datetime) -> None:
        with self._lock:
            self._records = after_refusal(self._records, credential, now)
