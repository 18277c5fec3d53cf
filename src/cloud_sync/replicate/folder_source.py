"""A folder of this machine as a source of copies: its files are the objects."""

from __future__ import annotations

import mimetypes
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock

from cloud_sync.archive.checksum import of_stream
from cloud_sync.errors import StreamBroken
from cloud_sync.replicate.failures import (
    AccessDenied,
    ChangedMeanwhile,
    NoSuchBucket,
    StoreRefused,
)
from cloud_sync.replicate.store import Checksum, ListedVersion, ObjectVersion, StoredVersion

_DEFAULT_TYPE = "application/octet-stream"


class FolderSource:
    """`ObjectSource` over folders: `bucket` is a folder's absolute path, a key a path below it.

    A file's checksum is computed once, by reading it. Its ETag changes whenever it is written to:
    time of change, size and inode. Bytes always pass through this program.
    """

    service = ""

    def __init__(self) -> None:
        self._checksums: dict[tuple[str, str, str], Checksum] = {}
        self._lock = Lock()

    def head(self, at: ObjectVersion) -> StoredVersion | None:
        if not Path(at.bucket).is_dir():
            raise NoSuchBucket(f"looking into {at.bucket}: there is no such folder")
        if at.version_id is not None:
            return None
        path = _path(at)
        with _told(path):
            try:
                status = path.stat()
            except (FileNotFoundError, NotADirectoryError):
                return None
        if not stat.S_ISREG(status.st_mode):
            return None
        etag = _etag(status)
        return StoredVersion(
            ObjectVersion(at.bucket, at.key),
            status.st_size,
            etag,
            datetime.fromtimestamp(status.st_mtime, UTC),
            self._checksum(at, path, etag),
            {"ContentType": mimetypes.guess_type(path.name)[0] or _DEFAULT_TYPE},
        )

    def _checksum(self, at: ObjectVersion, path: Path, etag: str) -> Checksum:
        name = (at.bucket, at.key, etag)
        with self._lock:
            if name not in self._checksums:
                with _told(path), path.open("rb") as stream:
                    self._checksums[name] = Checksum("CRC64NVME", of_stream(stream)[1])
            return self._checksums[name]

    def tags(self, at: ObjectVersion) -> Mapping[str, str]:  # noqa: ARG002
        """Files bear none."""
        return {}

    def read(self, stored: StoredVersion, start: int, length: int) -> bytes:
        path = _path(stored.at)
        with _told(path), path.open("rb") as stream:
            if _etag(os.fstat(stream.fileno())) != stored.etag:
                raise ChangedMeanwhile(f"reading {path}: it was written to meanwhile")
            stream.seek(start)
            data = stream.read(length)
        if len(data) != length:
            raise StreamBroken(
                f"reading {path}: {len(data)} bytes came instead of {length}",
                got=len(data),
                expected=length,
            )
        return data

    def versions(self, bucket: str, prefix: str) -> Iterator[ListedVersion]:
        """Each regular file once, in the order of the keys."""
        root = Path(bucket)
        if not root.is_dir():
            raise NoSuchBucket(f"looking into {bucket}: there is no such folder")
        files = (path for path in root.rglob("*") if path.is_file())
        for key in sorted(path.relative_to(root).as_posix() for path in files):
            if key.startswith(prefix):
                status = (root / key).stat()
                yield ListedVersion(
                    ObjectVersion(bucket, key),
                    status.st_size,
                    _etag(status),
                    datetime.fromtimestamp(status.st_mtime, UTC),
                    latest=True,
                )

    def close(self) -> None:
        """Nothing to let go of."""


@contextmanager
def _told(path: Path) -> Iterator[None]:
    """Raise our own error instead of the operating system's."""
    try:
        yield
    except PermissionError as error:
        raise AccessDenied(f"reading {path}: access is denied", hint=f"ls -l {path}") from error
    except FileNotFoundError as error:
        raise ChangedMeanwhile(f"reading {path}: it is gone") from error
    except OSError as error:
        raise StoreRefused(f"reading {path}: {error.strerror}") from error


def _path(at: ObjectVersion) -> Path:
    return Path(at.bucket) / at.key


def _etag(status: os.stat_result) -> str:
    return f'"{status.st_mtime_ns:x}-{status.st_size:x}-{status.st_ino:x}"'
