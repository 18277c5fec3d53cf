"""A copy tracker that forgets when the process ends, for tests and for copies without a home."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from cloud_sync.replicate.outcome import CopyResults
from cloud_sync.replicate.request import CopyRequest
from cloud_sync.replicate.tracker import CopyRecord, CopyState, ended, order


class MemoryCopyTracker:
    """`CopyTracker` in memory; threads may call at once."""

    def __init__(self) -> None:
        self._records: dict[tuple[str, str], dict[str, CopyRecord]] = {}
        self._lock = Lock()

    def started(self, request: CopyRequest, execution_id: str, now: datetime) -> None:
        with self._lock:
            self._begun(request, execution_id, now)

    def finished(
        self, request: CopyRequest, execution_id: str, results: CopyResults, now: datetime
    ) -> None:
        with self._lock:
            known = self._begun(request, execution_id, now)
            known[execution_id] = ended(known[execution_id], results, now)

    def latest(self, file_key: str, source_bucket: str) -> CopyRecord | None:
        return next(iter(self.history(file_key, source_bucket)), None)

    def history(self, file_key: str, source_bucket: str) -> list[CopyRecord]:
        with self._lock:
            records = self._records.get((file_key, source_bucket), {}).values()
            return sorted(records, key=order, reverse=True)

    def close(self) -> None:
        """Nothing to let go of."""

    def _begun(
        self, request: CopyRequest, execution_id: str, now: datetime
    ) -> dict[str, CopyRecord]:
        known = self._records.setdefault((request.source_key, request.source_bucket), {})
        record = CopyRecord(request, execution_id, CopyState.IN_PROGRESS, now)
        known.setdefault(execution_id, record)
        return known
