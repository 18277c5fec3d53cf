"""The write that makes an object visible, and the look at what is stored afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloud_sync.archive.base import ObjectDescription, StoredObject
from cloud_sync.archive.s3_dialects import SETTING
from cloud_sync.archive.s3_errors import code_of, retries_of, translated
from cloud_sync.archive.s3_writer import S3Writer, Seen, Written
from cloud_sync.archive.verify import Expected, Verdict, compare
from cloud_sync.errors import (
    ArchiveRefused,
    ArchiveUnusable,
    ChecksumMismatch,
    KeyTaken,
    ServiceUnavailable,
)


@dataclass
class S3Commit:
    """One object's last step. It may be tried again after ServiceUnavailable or Throttled.

    `in_doubt` says that an earlier try's answer may have got lost: an object at the key that is
    just ours counts as the one that we wrote then.
    """

    writer: S3Writer
    key: str
    full_key: str
    description: ObjectDescription
    in_doubt: bool = False

    def make(self, write: Callable[[], Written], expected: Expected) -> StoredObject:
        """Do the write unless the key is taken, and prove what is stored."""
        again, self.in_doubt = self.in_doubt, True
        if self.writer.dialect.looks_first:
            seen = self.writer.head(self.full_key, "looking at " + self.key)
            if seen is not None:
                return self._ours_or_taken(seen, expected, in_doubt=again)
        doing = "storing " + self.key
        try:
            written = write()
        except Exception as error:
            seen = self._after_refusal(error, doing)
            if seen is None:
                with translated(doing, self.writer.place):
                    raise
            in_doubt = again or retries_of(error) > 0
            return self._ours_or_taken(seen, expected, in_doubt=in_doubt)
        return self._look(written, expected)

    def _after_refusal(self, error: Exception, doing: str) -> Seen | None:
        """What lies at the key, when the service refused the write because of it."""
        code = code_of(error)
        if code not in ("PreconditionFailed", "412", "ConditionalRequestConflict", "NoSuchUpload"):
            return None
        seen = self.writer.head(self.full_key, doing)
        if seen is None and code == "ConditionalRequestConflict":
            raise ServiceUnavailable(
                f"{doing}: another write to the key was under way, and nothing lies there now"
            ) from error
        return seen

    def _ours_or_taken(self, seen: Seen, expected: Expected, *, in_doubt: bool) -> StoredObject:
        """What lies at the key counts as this very object only when an answer may have got lost.

        It must then be of our size, checksum, medium and file number.
        """
        stored = self.writer.report(self.key, seen)
        same = (
            compare(expected, stored).verdict in self._good_verdicts()
            and stored.media_id == self.description.media_id
            and stored.file_number == self.description.file_number
        )
        if in_doubt and same:
            return stored
        raise KeyTaken(
            f"storing {self.key} in {self.writer.place.location}: "
            f"something else already lies at the key ({stored.size} bytes)",
            kept="it is untouched",
            hint="look at that object, move it away, and run again",
        )

    def _good_verdicts(self) -> frozenset[Verdict]:
        if self.writer.dialect.crc64nvme:
            return frozenset({Verdict.OK})
        return frozenset({Verdict.OK, Verdict.CHECKSUM_UNKNOWN})

    def _look(self, written: Written, expected: Expected) -> StoredObject:
        """Read back what the service says it holds; remove what is not what was sent.

        Only what this write made is ever looked at and removed: the version that the write
        named, or else the object that still bears the ETag of the write. Another ETag means that
        somebody replaced it since, by a write that did not ask whether the key was free.
        """
        seen = self.writer.head(self.full_key, "verifying " + self.key, written.version)
        if seen is None or seen.etag != written.etag:
            raise KeyTaken(
                f"storing {self.key} in {self.writer.place.location}: "
                "another program replaced or removed the object as soon as it was stored",
                hint="find the program that writes to the same prefix, and run again",
            )
        stored = self.writer.report(self.key, seen)
        finding = compare(expected, stored)
        if finding.verdict in self._good_verdicts():
            return stored
        if finding.verdict is Verdict.CHECKSUM_UNKNOWN and written.checksum == expected.checksum:
            # the service computed it for its answer, but does not keep it
            return stored
        self._take_back(written)
        if finding.verdict is Verdict.CHECKSUM_UNKNOWN:
            raise ArchiveUnusable(
                f"storing {self.key} in {self.writer.place.location}: the service "
                f"({self.writer.dialect.name}) keeps no CRC64NVME of the whole object",
                kept="the object, which nothing proves, was removed again",
                hint=f"set {SETTING} to the service's own, or to plain",
            )
        raise ChecksumMismatch(f"storing {finding.message}", kept="the object was removed again")

    def _take_back(self, written: Written) -> None:
        """Remove what this write made; where that is refused, it is told what stays there."""
        try:
            self.writer.delete(self.full_key, written.version)
        except ArchiveRefused as error:
            raise ArchiveRefused(
                f"{error.message}; what lies there is not proven to be what was sent",
                kept="the object, which does not count as archived",
                hint="look at it and move it away; where s3:DeleteObjectVersion is allowed (without"
                " versions s3:DeleteObject), cloud-sync removes such an object itself",
            ) from error
