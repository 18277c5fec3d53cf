"""The tables of the copies of one machine, as numbered steps; see `tracker.migrations`."""

from __future__ import annotations

from cloud_sync.tracker.migrations import Layout

COPIES = Layout(
    (
        (
            """
            CREATE TABLE executions (
                file_key      TEXT NOT NULL,
                source_bucket TEXT NOT NULL,
                execution_id  TEXT NOT NULL,
                started_at    TEXT NOT NULL,
                finished_at   TEXT,
                request       TEXT NOT NULL,
                results       TEXT,
                PRIMARY KEY (file_key, source_bucket, execution_id)
            ) WITHOUT ROWID
            """,
            """
            CREATE INDEX executions_latest
                ON executions (file_key, source_bucket, started_at, execution_id)
            """,
            """
            CREATE TABLE watched (
                watch      TEXT NOT NULL,
                file_key   TEXT NOT NULL,
                version    TEXT NOT NULL,
                bucket     TEXT NOT NULL,
                settled_at TEXT NOT NULL,
                PRIMARY KEY (watch, file_key, version, bucket)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE routes (
                source      TEXT NOT NULL,
                destination TEXT NOT NULL,
                host        TEXT NOT NULL,
                process     INTEGER NOT NULL,
                PRIMARY KEY (source, destination, host, process)
            ) WITHOUT ROWID
            """,
            """
            CREATE TABLE uploads (
                service   TEXT NOT NULL,
                bucket    TEXT NOT NULL,
                key       TEXT NOT NULL,
                upload_id TEXT NOT NULL,
                host      TEXT NOT NULL,
                process   INTEGER NOT NULL,
                PRIMARY KEY (service, bucket, key, upload_id)
            ) WITHOUT ROWID
            """,
        ),
    ),
    application_id=0x43534350,  # "CSCP"
)
