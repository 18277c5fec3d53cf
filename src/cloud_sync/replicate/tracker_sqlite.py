"""The copy tracker of one machine: a SQLite file."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path

from cloud_sync.clock import from_text, instant_text
from cloud_sync.replicate.outcome import CopyResults
from cloud_sync.replicate.request import CopyRequest
from cloud_sync.replicate.sqlite_layout import COPIES
from cloud_sync.replicate.tracker import CopyRecord, CopyState, state_of
from cloud_sync.tracker.database import Database

_COLUMNS = "request, execution_id, started_at, finished_at, results, source_bucket"


class SqliteCopyTracker:
    """`CopyTracker` in the SQLite file at `path`, made with its folder where it is missing.

    For processes of one machine, any number of them at once. Raises UsageError where the file
    cannot be used, and ServiceUnavailable when another process keeps it locked for longer than
    `busy_timeout` seconds.
    """

    def __init__(self, path: Path, *, busy_timeout: float = 30.0) -> None:
        self.database = Database(path, busy_timeout, COPIES)

    def started(self, request: CopyRequest, execution_id: str, now: datetime) -> None:
        with self.database.writing() as db:
            _begin(db, request, execution_id, now)

    def finished(
        self, request: CopyRequest, execution_id: str, results: CopyResults, now: datetime
    ) -> None:
        with self.database.writing() as db:
            _begin(db, request, execution_id, now)
            db.execute(
                "UPDATE executions SET finished_at = ?, results = ? WHERE file_key = ? "
                "AND source_bucket = ? AND execution_id = ? AND results IS NULL",
                (
                    instant_text(now),
                    json.dumps(results.to_json()),
                    request.source_key,
                    request.source_bucket,
                    execution_id,
                ),
            )

    def latest(self, file_key: str, source_bucket: str) -> CopyRecord | None:
        return next(iter(self._records(file_key, source_bucket, 1)), None)

    def history(self, file_key: str, source_bucket: str) -> list[CopyRecord]:
        return self._records(file_key, source_bucket, -1)

    def _records(self, file_key: str, source_bucket: str, limit: int) -> list[CopyRecord]:
        with self.database.reading() as db:
            rows = db.execute(
                f"SELECT {_COLUMNS} FROM executions WHERE file_key = ? AND source_bucket = ? "  # noqa: S608
                "ORDER BY started_at DESC, execution_id DESC LIMIT ?",
                (file_key, source_bucket, limit),
            ).fetchall()
        return [_record(row) for row in rows]

    def close(self) -> None:
        self.database.close()


def _begin(db: sqlite3.Connection, request: CopyRequest, execution_id: str, now: datetime) -> None:
    db.execute(
        "INSERT INTO executions (file_key, source_bucket, execution_id, started_at, request) "
        "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            request.source_key,
            request.source_bucket,
            execution_id,
            instant_text(now),
            json.dumps(request.to_json()),
        ),
    )


def _record(row: tuple[str, str, str, str | None, str | None, str]) -> CopyRecord:
    request, execution_id, started_at, finished_at, results, source_bucket = row
    known = CopyResults.from_json(json.loads(results)) if results else None
    # a request was checked before it was carried out; a folder's path is no bucket name
    from_folder = source_bucket.startswith("/")
    return CopyRecord(
        CopyRequest.from_json(json.loads(request), elsewhere=True, from_folder=from_folder),
        execution_id,
        state_of(known) if known else CopyState.IN_PROGRESS,
        from_text(started_at),
        from_text(finished_at) if finished_at else None,
        known,
    )
