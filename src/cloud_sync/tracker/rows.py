"""Between the model and SQLite rows, purely.

Instants are ISO 8601 texts in UTC with six digits after the second, so that texts sort as the
instants do. `captured_at` alone keeps the offset that the provider wrote.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cloud_sync.clock import from_text, instant_text
from cloud_sync.model.report import Outcome, Result, RunSummary
from cloud_sync.model.tracking import (
    Attempt,
    Checkpoint,
    PartRecord,
    Reason,
    SourceCheck,
    Status,
    TrackedFile,
    TrackedMedium,
)

Row = Sequence[Any]

_STATUSES = {status.value: status for status in Status}

SELECT_MEDIA = """
SELECT media_id, filename, status, media_type, s3_key, file_size, captured_at, upload_date,
       source_updated_at, sync_timestamp, duration_seconds, error_code, error_message, attempts,
       failures, lease_owner, lease_until
FROM media
"""
"""Columns in the order of `medium_of` and `medium_row`."""

WRITE_MEDIUM = """
INSERT INTO media (
    media_id, filename, status, media_type, s3_key, file_size, captured_at, upload_date,
    source_updated_at, sync_timestamp, duration_seconds, error_code, error_message, attempts,
    failures, lease_owner, lease_until, lease_run
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (media_id) DO UPDATE SET
    filename = excluded.filename, status = excluded.status, media_type = excluded.media_type,
    s3_key = excluded.s3_key, file_size = excluded.file_size, captured_at = excluded.captured_at,
    upload_date = excluded.upload_date, source_updated_at = excluded.source_updated_at,
    sync_timestamp = excluded.sync_timestamp, duration_seconds = excluded.duration_seconds,
    error_code = excluded.error_code, error_message = excluded.error_message,
    attempts = excluded.attempts, failures = excluded.failures,
    lease_owner = excluded.lease_owner, lease_until = excluded.lease_until,
    lease_run = excluded.lease_run
"""
"""Takes `medium_row` and the run that the lease belongs to, None without a lease."""

SELECT_FILES = """
SELECT media_id, number, key, filename, status, size, checksum, etag, source_check, source_rule
FROM files
"""
"""Columns in the order of `file_of`, after the medium's id."""

SELECT_SUSPECTS = """
SELECT media_id, number, key, filename, status, size, checksum, etag, source_check, source_rule
FROM files
WHERE source_check = 'differs' AND status = 'COMPLETED'
    AND source_rule IN (SELECT source_rule FROM files WHERE source_check = 'matched')
ORDER BY media_id, number LIMIT ?
"""
"""As `SELECT_FILES`; takes the limit."""


def _instant_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)


def _from_text_or_none(text: str | None) -> datetime | None:
    return None if text is None else from_text(text)


def stored_text(text: str) -> str | bytes:
    """A foreign text as SQLite takes it: half a surrogate pair is no UTF-8, so it goes as bytes."""
    if text.isascii():
        return text
    raw = text.encode("utf-8", "surrogatepass")
    return raw if any("\ud800" <= char <= "\udfff" for char in text) else text


def loaded_text(value: str | bytes) -> str:
    """The inverse of `stored_text`."""
    return value if isinstance(value, str) else value.decode("utf-8", "surrogatepass")


def medium_of(row: Row, files: tuple[TrackedFile, ...] = ()) -> TrackedMedium:
    """A medium from a row of `SELECT_MEDIA`."""
    return TrackedMedium(
        media_id=row[0],
        filename=loaded_text(row[1]),
        status=_STATUSES[row[2]],
        media_type=loaded_text(row[3]),
        s3_key=row[4],
        file_size=row[5],
        captured_at=_from_text_or_none(row[6]),
        upload_date=_from_text_or_none(row[7]),
        source_updated_at=_from_text_or_none(row[8]),
        sync_timestamp=_from_text_or_none(row[9]),
        duration_seconds=row[10],
        reason=None if row[11] is None else Reason(row[11], loaded_text(row[12])),
        attempts=row[13],
        failures=row[14],
        lease_owner=row[15],
        lease_until=_from_text_or_none(row[16]),
        files=files,
    )


def medium_row(medium: TrackedMedium) -> Row:
    """The values of a medium in the order of `SELECT_MEDIA`."""
    reason = medium.reason
    return (
        medium.media_id,
        stored_text(medium.filename),
        medium.status.value,
        stored_text(medium.media_type),
        medium.s3_key,
        medium.file_size,
        None if medium.captured_at is None else medium.captured_at.isoformat(),
        _instant_or_none(medium.upload_date),
        _instant_or_none(medium.source_updated_at),
        _instant_or_none(medium.sync_timestamp),
        medium.duration_seconds,
        reason.code if reason else None,
        stored_text(reason.message) if reason else None,
        medium.attempts,
        medium.failures,
        medium.lease_owner,
        _instant_or_none(medium.lease_until),
    )


def file_of(row: Row) -> TrackedFile:
    """A file from a row of `SELECT_FILES`."""
    return TrackedFile(
        number=row[1],
        key=row[2],
        filename=loaded_text(row[3]),
        status=_STATUSES[row[4]],
        size=row[5],
        checksum=row[6],
        etag=row[7],
        source_check=None if row[8] is None else SourceCheck(row[8]),
        source_rule=row[9],
    )


def checkpoint_of(row: Row, parts: tuple[PartRecord, ...] = ()) -> Checkpoint:
    """A checkpoint from (token, part_size, size, etag)."""
    return Checkpoint(
        token=loaded_text(row[0]),
        part_size=row[1],
        size=row[2],
        etag=None if row[3] is None else loaded_text(row[3]),
        parts=parts,
    )


def checkpoint_row(checkpoint: Checkpoint) -> Row:
    """The inverse of `checkpoint_of`, without the parts."""
    return (
        stored_text(checkpoint.token),
        checkpoint.part_size,
        checkpoint.size,
        None if checkpoint.etag is None else stored_text(checkpoint.etag),
    )


def part_of(row: Row) -> PartRecord:
    """A part from (number, length, checksum, receipt, md5)."""
    return PartRecord(row[0], row[1], row[2], loaded_text(row[3]), row[4])


def part_row(part: PartRecord) -> Row:
    """The inverse of `part_of`."""
    return (part.number, part.length, part.checksum, stored_text(part.receipt), part.md5)


def attempt_of(row: Row) -> Attempt:
    """An attempt from (media_id, run_id, started_at, ended_at, outcome, message)."""
    return Attempt(
        media_id=row[0],
        run_id=row[1],
        started_at=from_text(row[2]),
        ended_at=_from_text_or_none(row[3]),
        outcome=row[4],
        message=loaded_text(row[5]),
    )


def summary_json(summary: RunSummary) -> str:
    """A summary as JSON, without `named`: the media themselves tell that."""
    return json.dumps(
        {
            "run_id": summary.run_id,
            "result": summary.result.value,
            "archive": summary.archive,
            "started_at": instant_text(summary.started_at),
            "duration_seconds": summary.duration_seconds,
            "found": summary.found,
            "new": summary.new,
            "counts": {outcome.value: count for outcome, count in summary.counts.items()},
            "files_archived": summary.files_archived,
            "bytes": summary.bytes,
            "listing_complete": summary.listing_complete,
            "listing_short_by": summary.listing_short_by,
            "reasons": summary.reasons,
            "message": summary.message,
            "told": summary.told.value if summary.told else None,
            "unheard": list(summary.unheard),
            "digested": summary.digested,
        }
    )


def summary_of(text: str) -> RunSummary:
    """The inverse of `summary_json`."""
    fields = json.loads(text)
    fields["result"] = Result(fields["result"])
    fields["told"] = Result(fields["told"]) if fields.get("told") else None
    fields["unheard"] = tuple(fields.get("unheard", ()))
    fields["started_at"] = from_text(fields["started_at"])
    fields["counts"] = {Outcome(name): count for name, count in fields["counts"].items()}
    return RunSummary(**fields)
