"""The tracker of one machine: a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from cloud_sync.archive.layout import collision_form
from cloud_sync.clock import instant_text
from cloud_sync.model.report import RunSummary
from cloud_sync.model.tracking import (
    Attempt,
    Checkpoint,
    PartRecord,
    Reason,
    Status,
    TrackedFile,
    TrackedMedium,
)
from cloud_sync.tracker import rows, sqlite_media, sqlite_transfers, transitions
from cloud_sync.tracker.base import Entry, FileEntry, RunAtWork, Tally
from cloud_sync.tracker.database import Database
from cloud_sync.tracker.run_lock import RunLock
from cloud_sync.tracker.sqlite_repairs import SqliteRepairs
from cloud_sync.tracker.sqlite_runs import RunTable


class SqliteTracker(SqliteRepairs):
    """`Tracker` in the SQLite file at `path`, made with its folder where it is missing.

    For processes of one machine, any number of them at once. Every write is on the disk before
    its call returns. `busy_timeout` is how long, in seconds, to wait for another process's write.
    How the run lease tells a dead owner from a living one stands in `RunTable`.

    Any call may raise UsageError (the file cannot be read or written, is damaged, or belongs to a
    later version or another program; the disk is full), ServiceUnavailable (locked for longer
    than `busy_timeout`), and ValueError once the tracker is closed.
    """

    def __init__(self, path: Path, *, busy_timeout: float = 30.0) -> None:
        database = Database(path, busy_timeout)
        lock = RunLock(database.path.with_name(database.path.name + ".lock"))
        super().__init__(database, RunTable(database, lock))

    def begin_run(self, run_id: str, owner: str, *, now: datetime, until: datetime) -> None:
        self._runs.begin(run_id, owner, now=now, until=until)

    def renew_run(self, run_id: str, *, until: datetime) -> None:
        self._runs.renew(run_id, until=until)

    def end_run(self, summary: RunSummary) -> None:
        self._runs.end(summary)

    def run_at_work(self, *, now: datetime) -> RunAtWork | None:
        return self._runs.at_work(now)

    def runs(self, limit: int = 10) -> Sequence[RunSummary]:
        return self._runs.ended(limit)

    def known(self, media_ids: Sequence[str]) -> Mapping[str, TrackedMedium]:
        found: dict[str, TrackedMedium] = {}
        for batch in sqlite_media.batches(media_ids):
            with self._database.reading() as db:
                found.update((medium.media_id, medium) for medium in sqlite_media.load(db, batch))
        return found

    def remember(self, entries: Sequence[Entry], *, now: datetime) -> None:
        with self._database.writing() as db:
            for batch in sqlite_media.batches(entries):
                _remember(db, batch, now)

    def claim(
        self, media_id: str, run_id: str, owner: str, *, now: datetime, until: datetime
    ) -> TrackedMedium | None:
        """As promised by `Tracker`; LeaseHeld when `run_id` does not hold the run lease."""
        with self._database.writing() as db:
            self._runs.check_open(db, run_id)
            medium = sqlite_media.medium_with_files(db, media_id)
            taken = medium and transitions.claimed(medium, owner, now=now, until=until)
            if not taken:
                return None
            _cut_short(db, [media_id], now)
            db.execute(
                "INSERT INTO attempts (media_id, run_id, started_at, outcome, message)"
                " VALUES (?, ?, ?, ?, '')",
                (media_id, run_id, instant_text(now), transitions.RUNNING),
            )
            db.execute(rows.WRITE_MEDIUM, (*rows.medium_row(taken), run_id))
            return taken

    def renew(self, media_id: str, owner: str, *, until: datetime) -> None:
        with self._database.writing() as db:
            transitions.check_holder(sqlite_media.medium(db, media_id), media_id, owner)
            db.execute(
                "UPDATE media SET lease_until = ? WHERE media_id = ?",
                (instant_text(until), media_id),
            )

    def give_keys(
        self, media_id: str, owner: str, files: Sequence[FileEntry]
    ) -> tuple[TrackedFile, ...]:
        with self._database.writing() as db:
            transitions.check_holder(sqlite_media.medium(db, media_id), media_id, owner)
            keyed = {file.number for file in sqlite_media.files(db, [media_id]).get(media_id, ())}
            for file in files:
                if file.number in keyed:
                    _refresh_name(db, media_id, file)
                else:
                    _give_key(db, media_id, file)
                    keyed.add(file.number)
            return sqlite_media.files(db, [media_id]).get(media_id, ())

    def record_file(self, media_id: str, owner: str, file: TrackedFile) -> None:
        with self._database.writing() as db:
            transitions.check_holder(sqlite_media.medium(db, media_id), media_id, owner)
            transitions.check_own_key(sqlite_media.file(db, media_id, file.number), media_id, file)
            sqlite_media.record(db, media_id, file)
            if file.status is Status.COMPLETED:
                sqlite_transfers.forget(db, media_id, file.number)

    def begin_transfer(
        self, media_id: str, owner: str, file_number: int, checkpoint: Checkpoint
    ) -> None:
        with self._database.writing() as db:
            transitions.check_holder(sqlite_media.medium(db, media_id), media_id, owner)
            transitions.check_has_key(
                sqlite_media.file(db, media_id, file_number), media_id, file_number
            )
            sqlite_transfers.begin(db, media_id, file_number, checkpoint)

    def record_part(self, media_id: str, owner: str, file_number: int, part: PartRecord) -> None:
        with self._database.writing() as db:
            transitions.check_holder(sqlite_media.medium(db, media_id), media_id, owner)
            sqlite_transfers.record(db, media_id, file_number, part)

    def checkpoint(self, media_id: str, file_number: int) -> Checkpoint | None:
        with self._database.reading() as db:
            return sqlite_transfers.load(db, media_id, file_number)

    def end_transfer(self, media_id: str, owner: str, file_number: int) -> None:
        with self._database.writing() as db:
            transitions.check_holder(sqlite_media.medium(db, media_id), media_id, owner)
            sqlite_transfers.forget(db, media_id, file_number)

    def settle(
        self,
        media_id: str,
        owner: str,
        status: Status,
        *,
        now: datetime,
        reason: Reason | None = None,
        counts_as_attempt: bool = True,
    ) -> None:
        with self._database.writing() as db:
            medium = transitions.check_holder(
                sqlite_media.medium_with_files(db, media_id), media_id, owner
            )
            ended = transitions.settled(
                medium, status, now=now, reason=reason, counts_as_attempt=counts_as_attempt
            )
            db.execute(rows.WRITE_MEDIUM, (*rows.medium_row(ended), None))
            if status not in transitions.KEEPS_CHECKPOINTS:
                sqlite_transfers.forget_medium(db, media_id)
            db.execute(
                "UPDATE attempts SET ended_at = ?, outcome = ?, message = ?"
                " WHERE media_id = ? AND ended_at IS NULL",
                (
                    instant_text(now),
                    status.value,
                    rows.stored_text(reason.message) if reason else "",
                    media_id,
                ),
            )

    def media(
        self, *, status: Status | None = None, media_id: str | None = None
    ) -> Iterator[TrackedMedium]:
        """As promised by `Tracker`; no transaction stays open between two batches of media."""
        if media_id is not None:
            found = self.known([media_id]).values()
            yield from (medium for medium in found if status in (None, medium.status))
            return
        batch = self._next_media(None, status)
        while batch:
            yield from batch
            batch = self._next_media(batch[-1].media_id, status)

    def tallies(self) -> Mapping[Status, Tally]:
        with self._database.reading() as db:
            media = dict(db.execute("SELECT status, count(*) FROM media GROUP BY status"))
            files = {
                status: (count, size)
                for status, count, size in db.execute(
                    "SELECT m.status, count(*),"
                    " coalesce(sum(CASE f.status WHEN 'COMPLETED' THEN f.size END), 0)"
                    " FROM files AS f JOIN media AS m USING (media_id) GROUP BY m.status"
                )
            }
        return {
            status: Tally(media.get(status.value, 0), *files.get(status.value, (0, 0)))
            for status in Status
        }

    def recent_failures(self, limit: int = 20) -> Sequence[TrackedMedium]:
        with self._database.reading() as db:
            return sqlite_media.with_files(
                db,
                db.execute(
                    rows.SELECT_MEDIA
                    + " WHERE status = 'FAILED' ORDER BY sync_timestamp DESC, media_id LIMIT ?",
                    (limit,),
                ),
            )

    def source_rules_matched(self) -> frozenset[str]:
        with self._database.reading() as db:
            found = db.execute(
                "SELECT DISTINCT source_rule FROM files WHERE source_check='matched'"
            )
            return frozenset(rule for (rule,) in found)

    def source_suspects(self, limit: int = 20) -> Sequence[tuple[str, TrackedFile]]:
        with self._database.reading() as db:
            found = db.execute(rows.SELECT_SUSPECTS, (limit,))
            return [(row[0], rows.file_of(row)) for row in found]

    def attempts(self, media_id: str) -> Sequence[Attempt]:
        with self._database.reading() as db:
            found = db.execute(
                "SELECT media_id, run_id, started_at, ended_at, outcome, message FROM attempts"
                " WHERE media_id = ? ORDER BY seq",
                (media_id,),
            ).fetchall()
        return [rows.attempt_of(row) for row in found]

    def close(self) -> None:
        self._runs.close()
        self._database.close()

    def _next_media(self, after: str | None, status: Status | None) -> list[TrackedMedium]:
        conditions, values = ["1"], []
        if after is not None:
            conditions.append("media_id > ?")
            values.append(after)
        if status is not None:
            # the plus keeps SQLite on the primary key: the index by status would be sorted anew
            # for every batch
            conditions.append("+status = ?")
            values.append(status.value)
        where = " WHERE " + " AND ".join(conditions)
        with self._database.reading() as db:
            return sqlite_media.with_files(
                db,
                db.execute(
                    rows.SELECT_MEDIA + where + " ORDER BY media_id LIMIT ?",
                    (*values, sqlite_media.BATCH),
                ),
            )


def _remember(db: sqlite3.Connection, entries: Sequence[Entry], now: datetime) -> None:
    """Insert or refresh at most `BATCH` media; one that is named twice is refreshed twice."""
    known = {
        medium.media_id: medium
        for medium in sqlite_media.load(db, [entry.item.id for entry in entries])
    }
    changed: dict[str, TrackedMedium] = {}
    cut_short: list[str] = []
    keyless: dict[str, FileEntry] = {}
    for entry in entries:
        media_id = entry.item.id
        old = changed.get(media_id) or known.get(media_id)
        medium = transitions.remembered(old, entry, now)
        if medium is old:
            continue
        if old is not None and old.status is Status.IN_PROGRESS:
            cut_short.append(media_id)
        changed[media_id] = medium
        if medium.s3_key is None and entry.key_candidates and media_id not in keyless:
            keyless[media_id] = FileEntry(1, entry.item.filename, entry.key_candidates)
    db.executemany(
        rows.WRITE_MEDIUM, ((*rows.medium_row(medium), None) for medium in changed.values())
    )
    _cut_short(db, cut_short, now)
    for media_id, file in keyless.items():
        _give_key(db, media_id, file)


def _give_key(db: sqlite3.Connection, media_id: str, file: FileEntry) -> None:
    name = rows.stored_text(file.filename)

    def take(key: str) -> bool:
        inserted = db.execute(
            "INSERT INTO files (media_id, number, key, key_form, filename, status)"
            " VALUES (?, ?, ?, ?, ?, 'PENDING') ON CONFLICT (key_form) DO NOTHING",
            (media_id, file.number, key, collision_form(key), name),
        )
        return inserted.rowcount == 1

    key = transitions.first_free(media_id, file.number, file.key_candidates, take)
    if file.number == 1:
        db.execute("UPDATE media SET s3_key = ? WHERE media_id = ?", (key, media_id))


def _refresh_name(db: sqlite3.Connection, media_id: str, file: FileEntry) -> None:
    """The listing may not have told the first file's name; the files do."""
    if file.filename:
        db.execute(
            "UPDATE files SET filename = ? WHERE media_id = ? AND number = ?",
            (rows.stored_text(file.filename), media_id, file.number),
        )


def _cut_short(db: sqlite3.Connection, media_ids: Sequence[str], now: datetime) -> None:
    """Close the attempts at these media that nobody settled."""
    db.executemany(
        "UPDATE attempts SET ended_at = ?, outcome = ?, message = ?"
        " WHERE media_id = ? AND ended_at IS NULL",
        [
            (instant_text(now), transitions.INTERRUPTED, transitions.INTERRUPTED_MESSAGE, media_id)
            for media_id in media_ids
        ],
    )
