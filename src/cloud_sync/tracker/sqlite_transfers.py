"""The checkpoints of unfinished transfers in SQLite: a row for each, and a row for each part.

To record one part of ten thousand inserts one row. A transfer's parts go with it (ON DELETE
CASCADE).
"""

from __future__ import annotations

import sqlite3

from cloud_sync.model.tracking import Checkpoint, PartRecord
from cloud_sync.tracker import rows, transitions

_RECORD_PART = """
INSERT INTO parts (media_id, file_number, number, length, checksum, receipt, md5)
SELECT media_id, file_number, ?, ?, ?, ?, ? FROM transfers WHERE media_id = ? AND file_number = ?
ON CONFLICT (media_id, file_number, number) DO UPDATE SET
    length = excluded.length, checksum = excluded.checksum, receipt = excluded.receipt,
    md5 = excluded.md5
"""
"""Takes `rows.part_row` and the file; adds nothing where no transfer was begun."""


def begin(db: sqlite3.Connection, media_id: str, file_number: int, checkpoint: Checkpoint) -> None:
    """`Tracker.begin_transfer`, for a file that is known to have a key."""
    forget(db, media_id, file_number)
    db.execute(
        "INSERT INTO transfers (media_id, file_number, token, part_size, size, etag)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (media_id, file_number, *rows.checkpoint_row(checkpoint)),
    )
    db.executemany(
        _RECORD_PART,
        ((*rows.part_row(part), media_id, file_number) for part in checkpoint.parts),
    )


def record(db: sqlite3.Connection, media_id: str, file_number: int, part: PartRecord) -> None:
    """`Tracker.record_part`."""
    written = db.execute(_RECORD_PART, (*rows.part_row(part), media_id, file_number))
    if written.rowcount == 0:
        raise transitions.no_transfer(media_id, file_number)


def load(db: sqlite3.Connection, media_id: str, file_number: int) -> Checkpoint | None:
    """`Tracker.checkpoint`."""
    file = (media_id, file_number)
    row = db.execute(
        "SELECT token, part_size, size, etag FROM transfers WHERE media_id = ? AND file_number = ?",
        file,
    ).fetchone()
    if row is None:
        return None
    parts = db.execute(
        "SELECT number, length, checksum, receipt, md5 FROM parts"
        " WHERE media_id = ? AND file_number = ? ORDER BY number",
        file,
    )
    return rows.checkpoint_of(row, tuple(map(rows.part_of, parts)))


def forget(db: sqlite3.Connection, media_id: str, file_number: int) -> None:
    """Drop the checkpoint of one file, where there is one."""
    db.execute(
        "DELETE FROM transfers WHERE media_id = ? AND file_number = ?", (media_id, file_number)
    )


def forget_medium(db: sqlite3.Connection, media_id: str) -> None:
    """Drop the checkpoints of all files of a medium."""
    db.execute("DELETE FROM transfers WHERE media_id = ?", (media_id,))
