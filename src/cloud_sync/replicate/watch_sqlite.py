"""What watches remember on one machine: rows in the copy tracker's SQLite file."""

from __future__ import annotations

import os
import socket
from datetime import datetime

from cloud_sync.clock import instant_text
from cloud_sync.replicate.processes import is_gone
from cloud_sync.tracker.database import Database


class SqliteWatchLedger:
    """`WatchLedger` in an open database, which stays its opener's to close."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._host = socket.gethostname()

    def settled(self, watch: str, file_key: str) -> set[tuple[str, str]]:
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT version, bucket FROM watched WHERE watch = ? AND file_key = ?",
                (watch, file_key),
            )
            return {(version, bucket) for version, bucket in rows}

    def settle(
        self, watch: str, file_key: str, version: str, buckets: list[str], now: datetime
    ) -> None:
        with self._database.writing() as db:
            db.executemany(
                "INSERT INTO watched (watch, file_key, version, bucket, settled_at) "
                "VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(watch, file_key, version, bucket, instant_text(now)) for bucket in buckets],
            )

    def open_routes(self, source: str, destinations: list[str]) -> list[tuple[str, str]]:
        with self._database.writing() as db:
            rows = db.execute("SELECT source, destination, host, process FROM routes").fetchall()
            others = [
                (known, to)
                for known, to, host, process in rows
                if not self._is_mine(host, process)
                and not (host == self._host and is_gone(process))
            ]
            db.executemany(
                "INSERT INTO routes (source, destination, host, process) "
                "VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(source, destination, self._host, os.getpid()) for destination in destinations],
            )
        return others

    def _is_mine(self, host: str, process: int) -> bool:
        return host == self._host and process == os.getpid()

    def close_routes(self) -> None:
        with self._database.writing() as db:
            db.execute(
                "DELETE FROM routes WHERE host = ? AND process = ?", (self._host, os.getpid())
            )
