"""What an event of a run says in the log. Purely."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cloud_sync.logs.record import Level, LogRecord
from cloud_sync.model.location import BucketDestination, parse_destination
from cloud_sync.model.report import Outcome, Result
from cloud_sync.pipeline.events import (
    Event,
    FileArchived,
    FileFailed,
    FilePaused,
    FileProgress,
    FileStarted,
    LoginAwaited,
    LoginChecked,
    LoginRenewed,
    MediumSettled,
    PageListed,
    PlanMade,
    RunEnded,
    RunStarted,
    Warned,
)

DOWNLOAD_START = "video_download_start"
DOWNLOAD_COMPLETE = "video_download_complete"
DOWNLOAD_PAUSED = "video_download_paused"
DOWNLOAD_FAILED = "video_download_failed"

Line = tuple[str, Level, dict[str, Any]]
"""Event type, level, and the fields that are the event's own."""


@dataclass(frozen=True, slots=True)
class LogContext:
    """What all lines of a process or call have in common.

    `archive` is the destination as a person writes it. Where `correlation_id` is empty, a run
    stands for itself.
    """

    function_name: str
    archive: str
    correlation_id: str = ""
    run_id: str = ""

    @property
    def bucket(self) -> str | None:
        """The archive's bucket, None for a folder."""
        place = parse_destination(self.archive)
        return place.bucket if isinstance(place, BucketDestination) else None

    def key(self, key: str) -> str:
        """An archive's key as the bucket, or the folder, knows it."""
        place = parse_destination(self.archive)
        prefix = place.prefix if isinstance(place, BucketDestination) else ""
        return f"{prefix}/{key}" if prefix else key

    def record(self, now: str, line: Line) -> LogRecord:
        """The whole line; `now` is its timestamp."""
        event_type, level, own = line
        key = own.pop("key", None)
        return LogRecord(
            timestamp=now,
            level=level,
            correlation_id=self.correlation_id or self.run_id or None,
            function_name=self.function_name,
            event_type=event_type,
            run_id=self.run_id or None,
            archive=self.archive,
            s3_bucket=None if key is None else self.bucket,
            s3_key=None if key is None else self.key(key),
            **own,
        )


def line_of(event: Event) -> Line | None:
    """What the event says; None for the progress of bytes, which would be the whole log."""
    if isinstance(event, FileProgress):
        return None
    return _LINES[type(event)](event)


def _page_listed(event: PageListed) -> Line:
    own = {"found": event.found, "total_items": event.total_items}
    return "page_listed", Level.DEBUG, own


def _plan_made(event: PlanMade) -> Line:
    own = {
        "due": event.due,
        "due_bytes": event.due_bytes,
        "already_archived": event.already_archived,
    }
    return "plan_made", Level.INFO, own


def _file(event: FileStarted | FileArchived | FilePaused) -> dict[str, Any]:
    return {
        "media_id": event.media_id,
        "filename": event.filename,
        "file_number": event.file_number,
        "key": event.key,
    }


def _file_started(event: FileStarted) -> Line:
    own = {"file_size_bytes": event.size, "bytes_resumed": event.resumed}
    return DOWNLOAD_START, Level.INFO, _file(event) | own


def _transfer(event: FileArchived | FilePaused) -> dict[str, Any]:
    return {
        "bytes_transferred": event.bytes_transferred,
        "transfer_duration_seconds": round(event.duration_seconds, 6),
    }


def _file_archived(event: FileArchived) -> Line:
    first_byte = event.first_byte_seconds
    own = {
        "file_size_bytes": event.size,
        "checksum_crc64nvme": event.checksum_crc64nvme,
        "time_to_first_byte_seconds": None if first_byte is None else round(first_byte, 6),
    }
    return DOWNLOAD_COMPLETE, Level.INFO, _file(event) | _transfer(event) | own


def _file_paused(event: FilePaused) -> Line:
    own = {"error_code": event.code}
    return DOWNLOAD_PAUSED, Level.INFO, _file(event) | _transfer(event) | own


def _file_failed(event: FileFailed) -> Line:
    own = {
        "media_id": event.media_id,
        "filename": event.filename,
        "file_number": event.file_number,
        "error_code": event.code,
        "error_message": event.message,
        "retry_in_seconds": event.retry_in,
    }
    return "file_failed", Level.WARN, own


def _medium_settled(event: MediumSettled) -> Line:
    own = {"media_id": event.media_id, "filename": event.filename, "outcome": str(event.outcome)}
    if event.named:
        own |= {"error_code": event.named.code, "error_message": event.named.message}
    if event.outcome == Outcome.FAILED:
        return DOWNLOAD_FAILED, Level.ERROR, own
    return "medium_settled", Level.INFO, own


def _warned(event: Warned) -> Line:
    return "warned", Level.WARN, {"message": event.message}


def _login_checked(event: LoginChecked) -> Line:
    own = {
        "login_works": event.works,
        "login_age_seconds": event.age_seconds,
        "login_life_used": event.life_used,
        "error_code": event.trouble or None,
        "error_message": event.message or None,
    }
    return "login_checked", Level.INFO if event.works else Level.ERROR, own


def _login_awaited(event: LoginAwaited) -> Line:
    own = {"message": event.message, "hint": event.hint, "wait_seconds": event.seconds}
    return "login_awaited", Level.WARN, own


_RESULT_LEVELS = {
    Result.COMPLETED: Level.INFO,
    Result.INTERRUPTED: Level.INFO,
    Result.COMPLETED_WITH_FAILURES: Level.WARN,
}


def _run_ended(event: RunEnded) -> Line:
    summary = event.summary
    own = {
        "result": summary.result.value,
        "found": summary.found,
        "new": summary.new,
        **{outcome.value: summary.counts[outcome] for outcome in Outcome},
        "files_archived": summary.files_archived,
        "bytes": summary.bytes,
        "duration_seconds": round(summary.duration_seconds, 3),
        "throughput_mbps": round(summary.throughput_mbps, 3),
        "message": summary.message or None,
    }
    return "run_summary", _RESULT_LEVELS.get(summary.result, Level.ERROR), own


_LINES: dict[type[Event], Callable[[Any], Line]] = {
    RunStarted: lambda _: ("run_started", Level.INFO, {}),
    PageListed: _page_listed,
    PlanMade: _plan_made,
    FileStarted: _file_started,
    FileArchived: _file_archived,
    FilePaused: _file_paused,
    FileFailed: _file_failed,
    MediumSettled: _medium_settled,
    Warned: _warned,
    LoginChecked: _login_checked,
    LoginAwaited: _login_awaited,
    LoginRenewed: lambda _: ("login_renewed", Level.INFO, {}),
    RunEnded: _run_ended,
}
