"""Moves one part: a range of the original into a reused buffer, and from there into the archive."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from cloud_sync.archive.base import Archive, ObjectDescription
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.clock import Clock
from cloud_sync.errors import (
    CloudSyncError,
    SourceChanged,
    SourceNotUnderstood,
    StreamBroken,
    Throttled,
    UrlExpired,
)
from cloud_sync.model.tracking import Checkpoint, PartRecord
from cloud_sync.provider.base import Provider, SourceStream
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.file_transfer import FileTransfer, PartTask, Proof
from cloud_sync.transfer.part_size import SMALLEST_PART, part_size
from cloud_sync.transfer.retry import RetryPolicy, with_retries
from cloud_sync.transfer.size_check import SizeVerdict, compare_sizes, far_from_listing
from cloud_sync.transfer.source_check import check_whole, digest, rule_for

READ_SIZE = 1024 * 1024


class PartBuffer:
    """A worker's one buffer: `filled` bytes of the present part are in it.

    What is filled stays through retries, so a broken read goes on where it broke, and a failed
    write is repeated without a second read.
    """

    def __init__(self) -> None:
        self._bytes = memoryview(bytearray(SMALLEST_PART))
        self.filled = 0

    def room(self, length: int) -> memoryview:
        """The first `length` bytes; the buffer grows only for originals beyond 80 GB."""
        if length > len(self._bytes):
            grown = bytearray(length)
            grown[: self.filled] = self._bytes[: self.filled]
            self._bytes = memoryview(grown)
        return self._bytes[:length]

    def drop(self, length: int) -> None:
        """Forget the first `length` bytes; what was filled beyond them begins the next part."""
        rest = max(0, self.filled - length)
        self._bytes[:rest] = self._bytes[length : length + rest]
        self.filled = rest


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every part needs, whatever original it belongs to.

    `laid_out` is called when parts of an original have come to be wanted, `moved` with the bytes
    of each read, `complained` when a service asked for fewer calls.
    """

    provider: Provider
    archive: Archive
    limit: BandwidthLimit
    clock: Clock
    retries: RetryPolicy
    laid_out: Callable[[], None]
    moved: Callable[[int], None]
    complained: Callable[[], None]


class PartMover:
    """Moves parts one after the other; one for each worker."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._around = surroundings
        self._buffer = PartBuffer()
        self._asked = 0.0

    def move(self, file: FileTransfer, task: PartTask) -> None:
        """Store the part and record it.

        A probe may bring more than part 1: it goes on to move all parts that it has bytes of.
        Raises what provider and archive raise in the last try, Interrupted when the run stops,
        SizeMismatch, SourceChanged and SourceDamaged.
        """
        file.stop.check()
        self._buffer.filled = 0
        if not task.probe:
            self._retried(file, lambda: self._part(file, task))
            return
        self._retried(file, lambda: self._probe(file))
        while file.probed:
            part = file.probed.popleft()
            self._retried(file, partial(self._part, file, part))
            self._buffer.drop(part.length)

    def _retried(self, file: FileTransfer, call: Callable[[], None]) -> None:
        with_retries(call, self._around.retries, file.stop, lambda e, w: self._tell(file, e, w))

    def _tell(self, file: FileTransfer, error: CloudSyncError, wait: float) -> None:
        if isinstance(error, Throttled):
            self._around.complained()
        file.hooks.retrying(error, wait)

    def _probe(self, file: FileTransfer) -> None:
        """The first range tells the size: a small original goes up whole, a large one in parts.

        Once an upload is begun there is nothing left to find out: its parts are moved one by one.
        """
        if file.upload is not None:
            return
        self._buffer.filled = 0
        source = self._open(file, 0, SMALLEST_PART)
        try:
            size = _declared(file, source)
            if size <= SMALLEST_PART:
                file.hooks.opened(size, 0)
                self._read(file, source, size)
                self._put_whole(file, size, source.etag)
                return
            self._begin(file, size, source.etag)
            self._read(file, source, SMALLEST_PART)
        finally:
            source.close()

    def _begin(self, file: FileTransfer, size: int, etag: str | None) -> None:
        if file.proven_rules is not None:
            file.rule = rule_for(size, etag, file.proven_rules, file.doubts)
        # parts of ours that are the source's own have the MD5s that its ETag is made of
        length = file.rule.part_size if file.rule else part_size(size)
        request = file.request
        described = _with_source(request.description, size, etag)
        upload = self._around.archive.begin(request.key, described, part_size=length)
        try:
            file.journal.begun(Checkpoint(upload.token, length, size, etag))
        except BaseException:
            upload.abort()
            raise
        file.lay_out(upload, size, etag, length, probed=SMALLEST_PART)
        file.hooks.opened(size, 0)
        self._around.laid_out()

    def _put_whole(self, file: FileTransfer, size: int, etag: str | None) -> None:
        data = self._buffer.room(size)
        checksum = part_checksum(data)
        file.size, file.etag = size, etag
        proof = Proof(size, to_text(checksum), etag)
        if file.proven_rules is not None:
            verdict = check_whole(data, etag)
            file.accept(verdict)
            proof = replace(proof, source_check=verdict.check, source_rule=verdict.rule)
        file.journal.proven(proof)
        file.proof = proof
        described = _with_source(file.request.description, size, etag)
        file.whole = self._around.archive.put(file.request.key, described, data, checksum)

    def _part(self, file: FileTransfer, task: PartTask) -> None:
        while self._buffer.filled < task.length:
            start = task.start + self._buffer.filled
            source = self._open(file, start, task.length - self._buffer.filled)
            try:
                if source.size != file.size:
                    raise SourceChanged(
                        f"fetching {file.request.key}: the original had {file.size} bytes and now "
                        f"has {source.size}"
                    )
                self._read(file, source, task.length)
            finally:
                source.close()
        data = self._buffer.room(task.length)
        checksum = part_checksum(data)
        upload = file.begun_upload
        md5 = digest(data) if file.rule else b""
        receipt = upload.put_part(task.number, data, checksum)
        part = PartRecord(task.number, task.length, checksum, receipt, md5)
        file.journal.stored(part)
        file.add(part)

    def _open(self, file: FileTransfer, start: int, length: int) -> SourceStream:
        current = file.file
        self._asked = self._around.clock.monotonic()
        try:
            return self._around.provider.open(current, start, length, file.etag)
        except UrlExpired:
            file.renew_url(current)
            raise

    def _read(self, file: FileTransfer, source: SourceStream, until: int) -> None:
        """Fill the buffer up to `until` bytes; StreamBroken when the source ends before."""
        buffer = self._buffer.room(until)
        while self._buffer.filled < until:
            file.stop.check()
            filled = self._buffer.filled
            # a read ends when it is filled, so the first byte is only seen when it is read alone
            most = 1 if file.first_byte_seconds is None else READ_SIZE
            count = source.readinto(buffer[filled : filled + most])
            if count == 0:
                raise StreamBroken(
                    f"fetching {file.request.key}: a range ended after {filled} of {until} bytes",
                    got=filled,
                    expected=until,
                )
            if file.first_byte_seconds is None:
                file.first_byte_seconds = self._around.clock.monotonic() - self._asked
            self._buffer.filled += count
            self._around.limit.spend(count, file.stop)
            self._around.moved(count)
            file.hooks.progress(count)


def _with_source(description: ObjectDescription, size: int, etag: str | None) -> ObjectDescription:
    """The description with the source's own marks, for an audit without the tracker."""
    marks = {"source-size": str(size), **({"source-etag": etag} if etag else {})}
    return replace(description, metadata={**description.metadata, **marks})


def _declared(file: FileTransfer, source: SourceStream) -> int:
    name = file.request.file.filename or file.request.key
    if source.size is None:
        raise SourceNotUnderstood(f"fetching {name}: the cloud does not say how long it is")
    if compare_sizes(file.request.listed_size, source.size) is SizeVerdict.FAR:
        raise far_from_listing(
            f"fetching {name}",
            file.request.listed_size,
            f"the file behind the link has {source.size}",
            kept="Nothing was stored under its key.",
        )
    return source.size
