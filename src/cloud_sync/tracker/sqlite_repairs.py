"""The part of the SQLite tracker that checking and repairing need."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import datetime

from cloud_sync.archive.layout import collision_form
from cloud_sync.model.tracking import Reason, TrackedFile
from cloud_sync.tracker import rows, sqlite_media, sqlite_transfers, transitions
from cloud_sync.tracker.database import Database
from cloud_sync.tracker.repairs import AdoptedFile, KeyHolder
from cloud_sync.tracker.sqlite_runs import RunTable


class SqliteRepairs:
    """`Repairs` over the database and runs that `SqliteTracker` works on."""

    def __init__(self, database: Database, runs: RunTable) -> None:
        self._database = database
        self._runs = runs

    def release_run(self, run_id: str, *, now: datetime) -> None:
        self._runs.release(run_id, now=now)

    def holders(self, keys: Sequence[str]) -> Mapping[str, KeyHolder]:
        found: dict[str, KeyHolder] = {}
        for batch in sqlite_media.batches(keys):
            forms = [collision_form(key) for key in batch]
            with self._database.reading() as db:
                held = _held(db, forms)
            pairs = zip(batch, forms, strict=True)
            found.update((key, held[form]) for key, form in pairs if form in held)
        return found

    def recorded_uploads(self, tokens: Sequence[str]) -> frozenset[str]:
        found: set[str] = set()
        for batch in sqlite_media.batches(tokens):
            stored = [rows.stored_text(token) for token in batch]
            query = f"SELECT token FROM transfers WHERE token IN {sqlite_media.marks(batch)}"  # noqa: S608 question marks only
            with self._database.reading() as db:
                select = db.execute(query, stored)
                found.update(rows.loaded_text(row[0]) for row in select)
        return frozenset(found)

    def failed_in(self, run_id: str) -> Sequence[str] | None:
        with self._database.reading() as db:
            if not db.execute("SELECT 1 FROM runs WHERE run_id = ?", (run_id,)).fetchone():
                return None
            failed = db.execute(
                "SELECT DISTINCT media_id FROM attempts WHERE run_id = ? AND outcome = 'FAILED'"
                " ORDER BY media_id",
                (run_id,),
            )
            return [row[0] for row in failed]

    def reopen(
        self,
        media_id: str,
        run_id: str,
        numbers: Sequence[int],
        reason: Reason,
        *,
        now: datetime,
    ) -> None:
        with self._database.writing() as db:
            self._runs.check_open(db, run_id)
            old = sqlite_media.medium_with_files(db, media_id)
            medium = transitions.reopened(old, media_id, frozenset(numbers), reason, now)
            db.execute(rows.WRITE_MEDIUM, (*rows.medium_row(medium), None))
            for file in medium.files:
                if file.number in numbers:
                    _update(db, media_id, file)
                    sqlite_transfers.forget(db, media_id, file.number)

    def adopt(
        self, files: Sequence[AdoptedFile], run_id: str, reason: Reason, *, now: datetime
    ) -> None:
        with self._database.writing() as db:
            self._runs.check_open(db, run_id)
            for each in files:
                _adopt(db, each, reason, now)

    def make_due(self, media_ids: Sequence[str], run_id: str, *, now: datetime) -> None:
        with self._database.writing() as db:
            self._runs.check_open(db, run_id)
            for batch in sqlite_media.batches(media_ids):
                for medium in sqlite_media.load(db, batch):
                    due = transitions.made_due(medium, now)
                    if due is not medium:
                        db.execute(rows.WRITE_MEDIUM, (*rows.medium_row(due), None))


def _held(db: sqlite3.Connection, forms: Sequence[str]) -> dict[str, KeyHolder]:
    where = f" WHERE key_form IN {sqlite_media.marks(forms)}"
    found = (
        KeyHolder(row[0], rows.file_of(row)) for row in db.execute(rows.SELECT_FILES + where, forms)
    )
    return {collision_form(holder.file.key): holder for holder in found}


def _adopt(db: sqlite3.Connection, each: AdoptedFile, reason: Reason, now: datetime) -> None:
    old = sqlite_media.medium_with_files(db, each.media_id)
    medium = transitions.adopted(old, each, reason, now)
    run = db.execute("SELECT lease_run FROM media WHERE media_id = ?", (each.media_id,)).fetchone()
    db.execute(rows.WRITE_MEDIUM, (*rows.medium_row(medium), run[0] if run else None))
    if old and any(known.number == each.file.number for known in old.files):
        _update(db, each.media_id, each.file)
        sqlite_transfers.forget(db, each.media_id, each.file.number)
        return
    inserted = db.execute(
        "INSERT INTO files"
        " (media_id, number, key, key_form, filename, status, size, checksum, etag)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (key_form) DO NOTHING",
        (
            each.media_id,
            each.file.number,
            each.file.key,
            collision_form(each.file.key),
            rows.stored_text(each.file.filename),
            each.file.status.value,
            each.file.size,
            each.file.checksum,
            each.file.etag,
        ),
    )
    if inserted.rowcount == 0:
        raise transitions.key_belongs_to_another(each.media_id, each.file)


def _update(db: sqlite3.Connection, media_id: str, file: TrackedFile) -> None:
    sqlite_media.record(db, media_id, file)
    db.execute(
        "UPDATE files SET filename = ? WHERE media_id = ? AND number = ?",
        (rows.stored_text(file.filename), media_id, file.number),
    )
