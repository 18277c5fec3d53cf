"""Which multipart uploads of this machine are ours: rows in the copy tracker's SQLite file."""

from __future__ import annotations

import os
import socket

from cloud_sync.replicate.processes import is_gone
from cloud_sync.replicate.store import Upload
from cloud_sync.tracker.database import Database


class SqliteUploadJournal:
    """`UploadJournal` in an open database, which stays its opener's to close.

    An upload is abandoned once the process that began it is gone from this machine. A process id
    that is in use again keeps an upload a while longer, and never ends one that is worked at.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._host = socket.gethostname()

    def begun(self, service: str, upload: Upload) -> None:
        with self._database.writing() as db:
            db.execute(
                "INSERT INTO uploads (service, bucket, key, upload_id, host, process) "
                "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                (*_name(service, upload), self._host, os.getpid()),
            )

    def over(self, service: str, upload: Upload) -> None:
        with self._database.writing() as db:
            db.execute(
                "DELETE FROM uploads "
                "WHERE service = ? AND bucket = ? AND key = ? AND upload_id = ?",
                _name(service, upload),
            )

    def abandoned(self, service: str, bucket: str, key: str) -> list[Upload]:
        with self._database.reading() as db:
            rows = db.execute(
                "SELECT upload_id, process FROM uploads "
                "WHERE service = ? AND bucket = ? AND key = ? AND host = ?",
                (service, bucket, key, self._host),
            ).fetchall()
        return [Upload(bucket, key, upload_id) for upload_id, process in rows if is_gone(process)]


def _name(service: str, upload: Upload) -> tuple[str, str, str, str]:
    return service, upload.bucket, upload.key, upload.upload_id
