"""Media and their files in SQLite, loaded a bounded number at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from typing import TypeVar

from cloud_sync.model.tracking import TrackedFile, TrackedMedium
from cloud_sync.tracker import rows

T = TypeVar("T")

BATCH = 500
"""Ids in one query, and media in one step of an iteration."""


def batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """At most `BATCH` at a time."""
    for start in range(0, len(items), BATCH):
        yield items[start : start + BATCH]


def marks(values: Sequence[object]) -> str:
    """Question marks for a list of values in a query."""
    return "(" + ", ".join("?" * len(values)) + ")"


def files(db: sqlite3.Connection, media_ids: Sequence[str]) -> dict[str, tuple[TrackedFile, ...]]:
    """The files of at most `BATCH` media, by medium and number."""
    found: dict[str, list[TrackedFile]] = {}
    for row in db.execute(
        rows.SELECT_FILES + f" WHERE media_id IN {marks(media_ids)} ORDER BY media_id, number",
        media_ids,
    ):
        found.setdefault(row[0], []).append(rows.file_of(row))
    return {media_id: tuple(its) for media_id, its in found.items()}


def with_files(db: sqlite3.Connection, cursor: sqlite3.Cursor) -> list[TrackedMedium]:
    """The media of a query by `SELECT_MEDIA`, in its order."""
    media: list[TrackedMedium] = []
    for batch in batches(cursor.fetchall()):
        found = files(db, [row[0] for row in batch])
        media += [rows.medium_of(row, found.get(row[0], ())) for row in batch]
    return media


def load(db: sqlite3.Connection, media_ids: Sequence[str]) -> list[TrackedMedium]:
    """Those of at most `BATCH` media that are known, with their files."""
    where = f" WHERE media_id IN {marks(media_ids)}"
    return with_files(db, db.execute(rows.SELECT_MEDIA + where, media_ids))


def medium(db: sqlite3.Connection, media_id: str) -> TrackedMedium | None:
    """One medium without its files, of which a set of photos may have a thousand."""
    row = db.execute(rows.SELECT_MEDIA + " WHERE media_id = ?", (media_id,)).fetchone()
    return rows.medium_of(row) if row else None


def file(db: sqlite3.Connection, media_id: str, number: int) -> TrackedFile | None:
    """One file of a medium, by its number."""
    where = " WHERE media_id = ? AND number = ?"
    row = db.execute(rows.SELECT_FILES + where, (media_id, number)).fetchone()
    return rows.file_of(row) if row else None


def medium_with_files(db: sqlite3.Connection, media_id: str) -> TrackedMedium | None:
    """One medium with all of its files."""
    found = load(db, [media_id])
    return found[0] if found else None


def record(db: sqlite3.Connection, media_id: str, file: TrackedFile) -> None:
    """Write what became of a known file; its key and name stay."""
    db.execute(
        "UPDATE files SET status = ?, size = ?, checksum = ?, etag = ?, source_check = ?,"
        " source_rule = ? WHERE media_id = ? AND number = ?",
        (
            file.status.value,
            file.size,
            file.checksum,
            file.etag,
            file.source_check,
            file.source_rule,
            media_id,
            file.number,
        ),
    )
