"""One object on its way into a bucket: its parts, its completion, a look at what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from threading import RLock
from typing import Any

from cloud_sync.archive.base import ObjectDescription, StoredObject
from cloud_sync.archive.checksum import EMPTY, Part
from cloud_sync.archive.s3_dialects import SETTING
from cloud_sync.archive.s3_errors import code_of, retries_of, translated
from cloud_sync.archive.s3_writer import S3Writer, Written
from cloud_sync.archive.verify import Expected, Verdict, compare, require_part, require_whole
from cloud_sync.errors import (
    ArchiveUnusable,
    ChecksumMismatch,
    CloudSyncError,
    KeyTaken,
    ServiceUnavailable,
)

LEAST_PART_SIZE = 5 << 20
GREATEST_PART_SIZE = 5 << 30
MOST_PARTS = 10_000
"""S3's limits for multipart uploads."""


class S3Upload:
    """One object being written.

    The first part is held back (copied, for the caller may reuse its buffer) until it is known
    whether another follows. An abort does not stop calls of other threads that are under way.
    After ServiceUnavailable or Throttled, `put_part` and `commit` may be called again; an object
    that a lost answer had made visible is recognised as ours then.
    """

    def __init__(
        self,
        writer: S3Writer,
        key: str,
        full_key: str,
        description: ObjectDescription,
        part_size: int,
    ) -> None:
        if not LEAST_PART_SIZE <= part_size <= GREATEST_PART_SIZE:
            raise ValueError(f"S3 takes parts of 5 MiB to 5 GiB, not of {part_size} bytes")
        self._writer = writer
        self._key = key
        self._full_key = full_key
        self._description = description
        self._headers = writer.headers(full_key, description)
        self._part_size = part_size
        self._parts: dict[int, Part] = {}
        self._named: dict[int, dict[str, Any]] = {}
        self._held: bytes | None = None
        self._upload_id: str | None = None
        self._tried_to_commit = False
        self._over = False
        self._lock = RLock()

    def put_part(self, number: int, data: memoryview, checksum: bytes) -> None:
        if number > MOST_PARTS:
            raise ValueError(f"S3 takes {MOST_PARTS} parts, so {self._key} needs larger ones")
        part = require_part(self._key, number, data, checksum)
        with self._lock:
            self._require_open()
            if number == 1 and self._upload_id is None:
                self._held = bytes(data)
                self._parts[1] = part
                return
            upload_id = self._multipart()
        named = self._writer.put_part(self._full_key, upload_id, number, data, part.checksum)
        with self._lock:
            self._parts[number] = part
            self._named[number] = named

    def _multipart(self) -> str:
        """The id of the multipart upload, begun where it was not, with the held part sent."""
        if self._upload_id is None:
            self._upload_id = self._writer.create(self._headers)
        if self._held is not None:
            self._named[1] = self._writer.put_part(
                self._full_key,
                self._upload_id,
                1,
                memoryview(self._held),
                self._parts[1].checksum,
            )
            self._held = None
        return self._upload_id

    def commit(self, size: int, checksum: str) -> StoredObject:
        with self._lock:
            self._require_open()
            try:
                require_whole(self._key, self._parts, self._part_size, size, checksum)
                stored = self._write_and_look(Expected(self._key, size, checksum))
            except (KeyTaken, ChecksumMismatch, ArchiveUnusable) as error:
                self._abort_after(error)
                raise
            self._over = True
            self._held = None
            return stored

    def _write_and_look(self, expected: Expected) -> StoredObject:
        again, self._tried_to_commit = self._tried_to_commit, True
        if self._writer.dialect.looks_first:
            found = self._writer.head(self._full_key, "looking at " + self._key)
            if found is not None:
                return self._ours_or_taken(found, expected, in_doubt=again)
        doing = "storing " + self._key
        try:
            written = self._write(expected)
        except Exception as error:
            found = self._after_refusal(error, doing)
            if found is None:
                with translated(doing, self._writer.place):
                    raise
            in_doubt = again or retries_of(error) > 0
            return self._ours_or_taken(found, expected, in_doubt=in_doubt)
        return self._look(written, expected)

    def _write(self, expected: Expected) -> Written:
        if self._upload_id is not None:
            named = [self._named[number] for number in sorted(self._named)]
            return self._writer.complete(
                self._full_key, self._upload_id, named, expected.size, expected.checksum or ""
            )
        checksum = self._parts[1].checksum if self._parts else EMPTY
        return self._writer.put(self._headers, memoryview(self._held or b""), checksum)

    def _after_refusal(self, error: Exception, doing: str) -> Mapping[str, Any] | None:
        """What lies at the key, when the service refused the write because of it."""
        code = code_of(error)
        if code not in ("PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchUpload"):
            return None
        found = self._writer.head(self._full_key, doing)
        if found is None and code == "ConditionalRequestConflict":
            raise ServiceUnavailable(
                f"{doing}: another write to the key was under way, and nothing lies there now"
            ) from error
        return found

    def _ours_or_taken(
        self, found: Mapping[str, Any], expected: Expected, *, in_doubt: bool
    ) -> StoredObject:
        """What lies at the key counts as this very upload only when an answer may have got lost.

        It must then be of our size, checksum, medium and file number.
        """
        stored = self._writer.report(self._key, found)
        same = (
            compare(expected, stored).verdict in self._good_verdicts()
            and stored.media_id == self._description.media_id
            and stored.file_number == self._description.file_number
        )
        if in_doubt and same:
            return stored
        raise KeyTaken(
            f"storing {self._key} in {self._writer.place.location}: "
            f"something else already lies at the key ({stored.size} bytes)",
            kept="it is untouched",
            hint="look at that object, move it away, and run again",
        )

    def _good_verdicts(self) -> frozenset[Verdict]:
        if self._writer.dialect.crc64nvme:
            return frozenset({Verdict.OK})
        return frozenset({Verdict.OK, Verdict.CHECKSUM_UNKNOWN})

    def _look(self, written: Written, expected: Expected) -> StoredObject:
        """Read back what the service says it holds; remove what is not what was sent.

        Only what this upload wrote is ever looked at and removed: the version that the write
        named, or else the object that still bears the ETag of the write. Another ETag means that
        somebody replaced it since, by a write that did not ask whether the key was free.
        """
        found = self._writer.head(self._full_key, "verifying " + self._key, written.version)
        if found is None or found["ETag"] != written.etag:
            raise KeyTaken(
                f"storing {self._key} in {self._writer.place.location}: "
                "another program replaced or removed the object as soon as it was stored",
                hint="find the program that writes to the same prefix, and run again",
            )
        stored = self._writer.report(self._key, found)
        finding = compare(expected, stored)
        if finding.verdict in self._good_verdicts():
            return stored
        if finding.verdict is Verdict.CHECKSUM_UNKNOWN and written.checksum == expected.checksum:
            # the service computed it for its answer, but does not keep it
            return stored
        self._writer.delete(self._full_key, written.version)
        if finding.verdict is Verdict.CHECKSUM_UNKNOWN:
            raise ArchiveUnusable(
                f"storing {self._key} in {self._writer.place.location}: the service "
                f"({self._writer.dialect.name}) keeps no CRC64NVME of the whole object",
                kept="the object, which nothing proves, was removed again",
                hint=f"set {SETTING} to the service's own, or to plain",
            )
        raise ChecksumMismatch(f"storing {finding.message}", kept="the object was removed again")

    def abort(self) -> None:
        """As the contract says. An object that is visible, or may be, is never removed."""
        with self._lock:
            self._over = True
            self._held = None
            if self._upload_id is not None:
                self._writer.abort(self._full_key, self._upload_id)
                self._upload_id = None

    def _abort_after(self, error: CloudSyncError) -> None:
        try:
            self.abort()
        except CloudSyncError:
            # what went wrong first is what must be told
            error.kept = f"{error.kept}; an incomplete upload is left in the bucket".lstrip("; ")

    def _require_open(self) -> None:
        if self._over:
            raise ValueError(f"the upload of {self._key} is over")
