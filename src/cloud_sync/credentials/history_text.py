"""Records of logins as the JSON that every store of ours keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from cloud_sync.clock import from_text, to_text
from cloud_sync.credentials.history import LoginRecord

SIZE_LIMIT = 64 * 1024
"""Bytes; twenty records take a tenth of it, so a larger text is something else."""


def records_text(records: Sequence[LoginRecord]) -> str:
    """The records as a text."""
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


def records_in(content: str | bytes) -> tuple[LoginRecord, ...]:
    """The records of a text; one of many errors where it is none of ours."""
    if len(content) > SIZE_LIMIT:
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
