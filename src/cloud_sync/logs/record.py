"""The one shape of a log line, in both doors."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from cloud_sync.secret import scrub


class Level(StrEnum):
    """How much a line matters, least first."""

    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"

    def at_least(self, other: Level) -> bool:
        """Whether a line of this level is written where `other` is the least."""
        order = list(Level)
        return order.index(self) >= order.index(other)


ALWAYS = (
    "timestamp",
    "level",
    "correlation_id",
    "function_name",
    "event_type",
    "run_id",
    "media_id",
    "filename",
    "file_size_bytes",
    "s3_bucket",
    "s3_key",
)
"""The fields that every line has, null where they mean nothing; the others are left out then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRecord:
    """One line. Sizes are bytes, durations seconds, `timestamp` is ISO 8601 in UTC.

    `s3_key` is the key in the bucket; in a folder, where `s3_bucket` is None, the path under it.
    `bytes_transferred` and `transfer_duration_seconds` are what this run read of an original.
    """

    timestamp: str
    level: Level
    correlation_id: str | None
    function_name: str
    event_type: str
    run_id: str | None = None
    media_id: str | None = None
    filename: str | None = None
    file_size_bytes: int | None = None
    s3_bucket: str | None = None
    s3_key: str | None = None
    archive: str | None = None
    file_number: int | None = None
    bytes_transferred: int | None = None
    bytes_resumed: int | None = None
    transfer_duration_seconds: float | None = None
    time_to_first_byte_seconds: float | None = None
    checksum_crc64nvme: str | None = None
    retry_in_seconds: float | None = None
    outcome: str | None = None
    error_code: str | None = None
    error_message: str | None = None
    message: str | None = None
    hint: str | None = None
    login_works: bool | None = None
    login_age_seconds: float | None = None
    login_life_used: float | None = None
    wait_seconds: float | None = None
    duration_seconds: float | None = None
    found: int | None = None
    total_items: int | None = None
    due: int | None = None
    due_bytes: int | None = None
    new: int | None = None
    already_archived: int | None = None
    archived: int | None = None
    failed: int | None = None
    pending: int | None = None
    gone: int | None = None
    needs_attention: int | None = None
    filtered: int | None = None
    files_archived: int | None = None
    bytes: int | None = None
    throughput_mbps: float | None = None
    result: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values, without anything that looks like a secret or a signed URL."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: scrub(value) if isinstance(value, str) else value
            for name, value in values.items()
            if value is not None or name in ALWAYS
        }

    def to_line(self) -> str:
        """One line of JSON in ASCII, without its end."""
        return json.dumps(self.to_json(), separators=(",", ":"))
