"""One object on its way into a bucket in parts: a multipart upload, and its completion."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock

from cloud_sync.archive.base import KeptPart, StoredObject
from cloud_sync.archive.checksum import EMPTY, Part
from cloud_sync.archive.s3_commit import S3Commit
from cloud_sync.archive.s3_dialects import SETTING
from cloud_sync.archive.s3_errors import CORRUPT, code_of
from cloud_sync.archive.s3_writer import Named, Written
from cloud_sync.archive.verify import Expected, require_kept, require_whole
from cloud_sync.errors import ArchiveUnusable, ChecksumMismatch, CloudSyncError, KeyTaken

LEAST_PART_SIZE = 5 << 20
GREATEST_PART_SIZE = 5 << 30
MOST_PARTS = 10_000
"""S3's limits for multipart uploads."""


class S3Upload:
    """One object being written; the token is the service's upload id, a receipt a part's ETag.

    An abort or a suspension does not stop calls of other threads that are under way.
    After ServiceUnavailable or Throttled, `put_part` and `commit` may be called again; an object
    that a lost answer had made visible is recognised as ours then.
    After `suspend`, `abort` does nothing: the parts are somebody else's.
    """

    def __init__(self, commit: S3Commit, part_size: int, token: str) -> None:
        self.token = token
        self._commit = commit
        self._writer = commit.writer
        self._key = commit.key
        self._full_key = commit.full_key
        self._part_size = part_size
        self._parts: dict[int, Part] = {}
        self._receipts: dict[int, str] = {}
        self._found: dict[int, KeptPart] = {}
        self._over = False
        self._left = True
        # held for a look at the fields, or for the whole of a commit; never while a part is sent
        self._lock = Lock()

    def put_part(self, number: int, data: memoryview, checksum: bytes) -> str:
        if number > MOST_PARTS:
            raise ValueError(f"S3 takes {MOST_PARTS} parts, so {self._key} needs larger ones")
        part = self._writer.part(self._key, number, data, checksum)
        with self._lock:
            self._require_open()
        receipt = self._writer.put_part(self._full_key, self.token, number, data, part.checksum)
        with self._lock:
            self._parts[number] = part
            self._receipts[number] = receipt
        return receipt

    def found(self) -> Mapping[int, KeptPart]:
        """As the contract says: one request per 1,000 parts."""
        with self._lock:
            self._require_open()
        found = self._writer.parts(self._full_key, self.token)
        with self._lock:
            self._found = found
        return dict(found)

    def keep(self, number: int, length: int, checksum: bytes, receipt: str) -> None:
        """As the contract says; ValueError for what the last `found` did not report just so."""
        with self._lock:
            self._require_open()
            found = self._found.get(number)
            self._parts[number] = require_kept(self._key, number, found, length, checksum, receipt)
            # the same bytes put again may bear another receipt than the one on record
            self._receipts[number] = found.receipt if found else receipt

    def commit(self, size: int, checksum: str) -> StoredObject:
        with self._lock:
            self._require_open()
            try:
                require_whole(self._key, self._parts, self._part_size, size, checksum)
                expected = Expected(self._key, size, checksum)
                stored = self._commit.make(lambda: self._complete(size, checksum), expected)
            except (KeyTaken, ChecksumMismatch, ArchiveUnusable) as error:
                self._abort_after(error)
                raise
            self._over = True
            return stored

    def _complete(self, size: int, checksum: str) -> Written:
        if not self._parts:
            # an upload is made of one part at least
            nothing = memoryview(b"")
            receipt = self._writer.put_part(self._full_key, self.token, 1, nothing, EMPTY)
            self._parts[1], self._receipts[1] = Part(0, EMPTY), receipt
        named = [
            Named(number, self._receipts[number], self._parts[number].checksum)
            for number in sorted(self._parts)
        ]
        try:
            return self._writer.complete(self._full_key, self.token, named, size, checksum)
        except Exception as error:
            if code_of(error) not in CORRUPT:
                raise
            raise self._refused_whole(len(named), code_of(error)) from error

    def _refused_whole(self, count: int, code: str) -> ChecksumMismatch:
        return ChecksumMismatch(
            f"storing {self._key} in {self._writer.place.location}: its {count} parts were taken, "
            f"but the service refused the checksum of the whole ({code})",
            kept="nothing is visible at the key",
            hint="`cloud-sync sync` moves it again from its first byte; if every large original "
            "ends like this, the service makes that checksum in another way: set "
            f"{SETTING} to plain",
        )

    def suspend(self) -> None:
        """As the contract says; there is nothing to let go of but the right to go on."""
        with self._lock:
            self._over = True
            self._left = False

    def abort(self) -> None:
        """As the contract says. An object that is visible, or may be, is never removed."""
        with self._lock:
            self._abort()

    def _abort(self) -> None:
        self._over = True
        if self._left:
            self._writer.abort(self._full_key, self.token)
            self._left = False

    def _abort_after(self, error: CloudSyncError) -> None:
        try:
            self._abort()
        except CloudSyncError:
            # what went wrong first is what must be told
            error.kept = f"{error.kept}; an incomplete upload is left in the bucket".lstrip("; ")

    def _require_open(self) -> None:
        if self._over:
            raise ValueError(f"the upload of {self._key} is over")
