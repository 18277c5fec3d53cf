"""How the bytes get to a destination: by the service itself, or through this program.

One copy where the service takes the size, parts where it does not; parts go several at once, with
bounded memory. An upload in parts that does not come to its end is aborted, whatever ended it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any, Protocol

from cloud_sync.archive import checksum as crc64nvme
from cloud_sync.errors import CloudSyncError
from cloud_sync.replicate.failures import ChangedMeanwhile, TooLarge
from cloud_sync.replicate.store import (
    Checksum,
    Description,
    Expected,
    ObjectSource,
    ObjectStore,
    ObjectVersion,
    Part,
    StoredVersion,
    Upload,
)
from cloud_sync.replicate.uploads import UploadJournal
from cloud_sync.transfer.part_size import MOST_PARTS, part_size
from cloud_sync.transfer.stopping import Stop

_MIB = 2**20


@dataclass(frozen=True, slots=True)
class WriteLimits:
    """Sizes in bytes.

    `largest_copy` is what S3 copies as a whole (5 GB, as Amazon documents it); above it, parts of
    `copied_part` are copied, `workers` at once. Bytes that pass through this program go in parts
    of `own_part` (None: as small as S3 lets them be), `own_workers` at once, each in memory.
    """

    largest_copy: int = 5 * 1000**3
    copied_part: int = 512 * _MIB
    workers: int = 8
    own_part: int | None = None
    own_workers: int = 4


@dataclass(frozen=True, slots=True)
class Written:
    """A write that took place: its version where the bucket keeps them.

    `read` is the checksum of the bytes that were read on the way, None where none were.
    """

    version_id: str | None
    read: Checksum | None


class Tried(Protocol):
    """Calls with the run's retries."""

    def __call__(self, call: Callable[[], Any]) -> Any: ...


@dataclass(frozen=True, slots=True)
class Writing:
    """One object on its way. `served`: the service itself can copy between the two ends.

    `moved` is told of bytes in place, and of how many of them passed through this program.
    """

    source: ObjectSource
    destination: ObjectStore
    limits: WriteLimits
    stop: Stop
    journal: UploadJournal
    tried: Tried
    moved: Callable[[int, int], None]
    served: bool

    def write(self, to: ObjectVersion, what: Description, expected: Expected) -> Written:
        """Write the object; ChangedMeanwhile where either end is not as it was seen."""
        size = what.source.size
        if not self.served:
            return self._through_us(to, what, expected)
        if size <= self.limits.largest_copy:
            try:
                version = self.tried(lambda: self.destination.copy(to, what, expected))
            except TooLarge:
                if not size:
                    raise
            else:
                self.moved(size, 0)
                return Written(version, None)
        return self._in_parts(to, what, expected, self._copied_part_size(size), ours=False)

    def _copied_part_size(self, size: int) -> int:
        return max(self.limits.copied_part, -(-size // MOST_PARTS))

    def _through_us(self, to: ObjectVersion, what: Description, expected: Expected) -> Written:
        size = what.source.size
        length = self.limits.own_part or part_size(size)
        if size > length:
            return self._in_parts(to, what, expected, length, ours=True)
        tags = self._tags(what)
        data = self.tried(lambda: self.source.read(what.source, 0, size))
        read = _of_bytes(data)
        _require_as_kept(what.source, read)
        version = self.tried(lambda: self.destination.put(to, data, what, tags, expected))
        self.moved(size, size)
        return Written(version, read)

    def _tags(self, what: Description) -> Mapping[str, str]:
        tags: Mapping[str, str] = self.tried(lambda: self.source.tags(what.source.at))
        return tags

    def _in_parts(
        self, to: ObjectVersion, what: Description, expected: Expected, length: int, *, ours: bool
    ) -> Written:
        tags = self._tags(what)
        upload = self.tried(lambda: self.destination.begin(to, what, tags, ours=ours))
        self.journal.begun(self.destination.service, upload)
        try:
            version, read = self._filled(upload, what.source, expected, length, ours=ours)
        except BaseException as error:
            self._abort_after(upload, error)
            raise
        self.journal.over(self.destination.service, upload)
        return Written(version, read)

    def _filled(
        self, upload: Upload, source: StoredVersion, expected: Expected, length: int, *, ours: bool
    ) -> tuple[str | None, Checksum | None]:
        """The parts, and the completion: the version, and the checksum of what was read."""
        spans = _spans(source.size, length)
        move = self._read_and_put if ours else self._copied
        workers = self.limits.own_workers if ours else self.limits.workers
        with ThreadPoolExecutor(workers, "copy") as pool:
            futures = [pool.submit(move, upload, source, *span) for span in spans]
            try:
                parts = _all(futures)
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        read = _joined(parts, [span[2] for span in spans]) if ours else None
        if read is not None:
            _require_as_kept(source, read)
        self._require_unchanged(source)
        whole = read or source.checksum
        version = self.tried(
            lambda: self.destination.complete(upload, parts, source.size, whole, expected)
        )
        return version, read

    def _copied(
        self, upload: Upload, source: StoredVersion, number: int, start: int, length: int
    ) -> Part:
        self.stop.check()
        part: Part = self.tried(
            lambda: self.destination.copy_part(upload, number, source, start, length)
        )
        self.moved(length, 0)
        return part

    def _read_and_put(
        self, upload: Upload, source: StoredVersion, number: int, start: int, length: int
    ) -> Part:
        self.stop.check()
        data = self.tried(lambda: self.source.read(source, start, length))
        part: Part = self.tried(lambda: self.destination.put_part(upload, number, data))
        self.moved(length, length)
        return Part(number, part.etag, _of_bytes(data))

    def _require_unchanged(self, source: StoredVersion) -> None:
        """Parts of what is no longer the source must not become its copy."""
        now = self.tried(lambda: self.source.head(source.at))
        if now is None or now.etag != source.etag:
            raise ChangedMeanwhile(f"copying {source.at}: the source has changed meanwhile")

    def _abort_after(self, upload: Upload, error: BaseException) -> None:
        try:
            self.destination.abort(upload)
        except CloudSyncError:
            # what went wrong first is what must be told; the journal still knows the upload
            if isinstance(error, CloudSyncError):
                error.kept = f"{error.kept}; an incomplete upload is left behind".lstrip("; ")
        else:
            self.journal.over(self.destination.service, upload)


def _spans(size: int, length: int) -> list[tuple[int, int, int]]:
    """Number, start and length of each part."""
    return [
        (number, start, min(length, size - start))
        for number, start in enumerate(range(0, size, length), start=1)
    ]


def _all(futures: list[Future[Part]]) -> list[Part]:
    """All results, or the first error as soon as there is one."""
    done, _ = wait(futures, return_when=FIRST_EXCEPTION)
    for future in done:
        future.result()
    return [future.result() for future in futures]


def _of_bytes(data: bytes) -> Checksum:
    return Checksum("CRC64NVME", crc64nvme.to_text(crc64nvme.part_checksum(data)))


def _joined(parts: list[Part], lengths: list[int]) -> Checksum:
    """The checksum of all bytes that were read, from those of the parts."""
    known = [
        crc64nvme.Part(length, crc64nvme.from_text(part.checksum.value))
        for part, length in zip(parts, lengths, strict=True)
        if part.checksum
    ]
    return Checksum("CRC64NVME", crc64nvme.to_text(crc64nvme.combine(known)))


def _require_as_kept(source: StoredVersion, read: Checksum) -> None:
    """What was read must be what the source's service keeps a checksum of."""
    kept = source.checksum
    if kept and kept.whole and kept.algorithm == read.algorithm and kept != read:
        raise ChangedMeanwhile(
            f"reading {source.at}: the bytes that came have {read}, and the service keeps {kept}"
        )
