"""The tracker's tables, as numbered steps from an empty file to the present layout.

Step n brings a database from version n-1 to n; the version is SQLite's `user_version`. A step that
has been released is never edited: a change of layout is a further step.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cloud_sync.errors import UsageError
from cloud_sync.tracker.sqlite_transaction import transaction

APPLICATION_ID = 0x43534E54
"""SQLite's `application_id` of our files ("CSNT"), so that no other program's is ever altered."""

Step = tuple[str, ...]

STEPS: tuple[Step, ...] = (
    (
        """
        CREATE TABLE media (
            media_id          TEXT PRIMARY KEY NOT NULL,
            filename          TEXT NOT NULL,
            s3_key            TEXT,
            file_size         INTEGER,
            upload_date       TEXT,
            sync_timestamp    TEXT,
            status            TEXT NOT NULL CHECK (
                status IN ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'SKIPPED')),
            retry_count       INTEGER GENERATED ALWAYS AS (max(0, attempts - 1)) VIRTUAL,
            error_message     TEXT,
            duration_seconds  REAL,
            media_type        TEXT NOT NULL,
            captured_at       TEXT,
            source_updated_at TEXT,
            error_code        TEXT,
            attempts          INTEGER NOT NULL,
            failures          INTEGER NOT NULL,
            lease_owner       TEXT,
            lease_run         TEXT REFERENCES runs (run_id),
            lease_until       TEXT
        ) WITHOUT ROWID
        """,
        'CREATE INDEX "status-sync_timestamp-index" ON media (status, sync_timestamp)',
        "CREATE INDEX media_lease_run ON media (lease_run) WHERE lease_run IS NOT NULL",
        """
        CREATE TABLE files (
            media_id TEXT NOT NULL REFERENCES media (media_id),
            number   INTEGER NOT NULL CHECK (number >= 1),
            key      TEXT NOT NULL,
            key_form TEXT NOT NULL UNIQUE,
            filename TEXT NOT NULL,
            status   TEXT NOT NULL CHECK (
                status IN ('PENDING', 'IN_PROGRESS', 'COMPLETED', 'FAILED', 'SKIPPED')),
            size     INTEGER,
            checksum TEXT,
            etag     TEXT,
            PRIMARY KEY (media_id, number)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE transfers (
            media_id    TEXT NOT NULL,
            file_number INTEGER NOT NULL,
            token       TEXT NOT NULL,
            part_size   INTEGER NOT NULL,
            size        INTEGER NOT NULL,
            etag        TEXT,
            PRIMARY KEY (media_id, file_number),
            FOREIGN KEY (media_id, file_number) REFERENCES files (media_id, number)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE parts (
            media_id    TEXT NOT NULL,
            file_number INTEGER NOT NULL,
            number      INTEGER NOT NULL,
            length      INTEGER NOT NULL,
            checksum    BLOB NOT NULL,
            receipt     TEXT NOT NULL,
            PRIMARY KEY (media_id, file_number, number),
            FOREIGN KEY (media_id, file_number)
                REFERENCES transfers (media_id, file_number) ON DELETE CASCADE
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE runs (
            seq         INTEGER PRIMARY KEY,
            run_id      TEXT NOT NULL UNIQUE,
            owner       TEXT NOT NULL,
            state       TEXT NOT NULL CHECK (state IN ('open', 'ended', 'interrupted')),
            started_at  TEXT NOT NULL,
            lease_until TEXT,
            locked      INTEGER NOT NULL,
            summary     TEXT
        )
        """,
        "CREATE UNIQUE INDEX runs_one_open ON runs (state) WHERE state = 'open'",
        """
        CREATE TABLE attempts (
            seq        INTEGER PRIMARY KEY,
            media_id   TEXT NOT NULL REFERENCES media (media_id),
            run_id     TEXT NOT NULL REFERENCES runs (run_id),
            started_at TEXT NOT NULL,
            ended_at   TEXT,
            outcome    TEXT NOT NULL,
            message    TEXT NOT NULL
        )
        """,
        "CREATE INDEX attempts_media_id ON attempts (media_id)",
        "CREATE INDEX attempts_running ON attempts (run_id) WHERE ended_at IS NULL",
    ),
    (
        """
        ALTER TABLE files ADD COLUMN source_check TEXT CHECK (
            source_check IN ('matched', 'differs', 'not_comparable'))
        """,
        "ALTER TABLE files ADD COLUMN source_rule TEXT",
        "ALTER TABLE parts ADD COLUMN md5 BLOB NOT NULL DEFAULT x''",
        """
        CREATE INDEX files_source_check ON files (source_check, source_rule)
            WHERE source_check IN ('matched', 'differs')
        """,
    ),
)


@dataclass(frozen=True, slots=True)
class Layout:
    """The tables of one kind of our files, and the `application_id` that tells it from others."""

    steps: Sequence[Step]
    application_id: int = APPLICATION_ID


TRACKER = Layout(STEPS)


def migrate(connection: sqlite3.Connection, path: Path, layout: Layout = TRACKER) -> None:
    """Bring the database to the present layout, each step in a transaction of its own.

    UsageError for a database of a later version or of another program, which stay untouched.
    """
    steps = layout.steps
    # what makes a database ours is read in one transaction: another process may be at it
    with transaction(connection, "BEGIN DEFERRED"):
        version = _version(connection, path, layout)
    while version < len(steps):
        with transaction(connection, "BEGIN IMMEDIATE"):
            version = _version(connection, path, layout)
            if version < len(steps):
                version += 1
                _take(connection, version, layout)


def _take(connection: sqlite3.Connection, number: int, layout: Layout) -> None:
    for statement in layout.steps[number - 1]:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {layout.application_id}")
    connection.execute(f"PRAGMA user_version = {number}")


def _version(connection: sqlite3.Connection, path: Path, layout: Layout) -> int:
    application = _number(connection, "PRAGMA application_id")
    version = _number(connection, "PRAGMA user_version")
    tables = _number(connection, "SELECT count(*) FROM sqlite_master")
    if application != layout.application_id and (application or version or tables):
        raise UsageError(
            f"opening the tracker {path}: it is a database of another program",
            kept="the file was not changed",
            hint="move it away, or point CLOUD_SYNC_HOME at another folder",
        )
    if version > len(layout.steps):
        raise UsageError(
            f"opening the tracker {path}: its layout has version {version}, and this cloud-sync"
            f" knows versions up to {len(layout.steps)}",
            kept="the file was not changed",
            hint="upgrade cloud-sync: pip install --upgrade cloud-sync",
        )
    return version


def _number(connection: sqlite3.Connection, query: str) -> int:
    return int(connection.execute(query).fetchone()[0])
