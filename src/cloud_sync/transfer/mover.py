"""Moves one original from the provider into the archive, and proves that it arrived whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloud_sync.archive.base import Archive, ObjectDescription, StoredObject, Upload
from cloud_sync.archive.checksum import Part, part_checksum, to_text, whole
from cloud_sync.errors import SizeMismatch, StreamBroken
from cloud_sync.model.media import MediaFile
from cloud_sync.provider.base import Provider, SourceStream
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.part_size import part_size
from cloud_sync.transfer.size_check import SizeVerdict, compare_sizes
from cloud_sync.transfer.stopping import Stop

READ_SIZE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Proof:
    """What was read from the source: `checksum` is CRC64NVME in S3's base64 form."""

    size: int
    checksum: str
    etag: str | None


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """One original and where it goes.

    `listed_size` is the listing's size in bytes where it is about this one file, else None.
    """

    file: MediaFile
    key: str
    description: ObjectDescription
    listed_size: int | None


@dataclass(frozen=True, slots=True)
class TransferHooks:
    """What the caller is told on the way.

    `opened` gets the declared size, `progress` the bytes of each read,
    `proven` the proof just before the object is made visible.
    """

    opened: Callable[[int | None], None]
    progress: Callable[[int], None]
    proven: Callable[[Proof], None]


class Mover:
    """Streams originals through one part-sized buffer each; nothing touches the disk here."""

    def __init__(self, provider: Provider, archive: Archive, limit: BandwidthLimit) -> None:
        self._provider = provider
        self._archive = archive
        self._limit = limit

    def transfer(self, request: TransferRequest, stop: Stop, hooks: TransferHooks) -> StoredObject:
        """Store the original under its key.

        Raises StreamBroken when another number of bytes came than was declared, SizeMismatch when
        the declared size is far from the listing's, Interrupted when the run stops, and what
        provider and archive raise. After any error nothing lies under the key, and no part is left.
        """
        source = self._provider.open(request.file)
        try:
            hooks.opened(source.size)
            _check_declared(request, source.size)
            length = part_size(source.size)
            upload = self._archive.begin(request.key, request.description, part_size=length)
            try:
                proof = self._copy(source, upload, length, stop, hooks)
                hooks.proven(proof)
                return upload.commit(proof.size, proof.checksum)
            except BaseException:
                upload.abort()
                raise
        finally:
            source.close()

    def _copy(
        self, source: SourceStream, upload: Upload, length: int, stop: Stop, hooks: TransferHooks
    ) -> Proof:
        buffer = memoryview(bytearray(_buffer_size(source.size, length)))
        parts: dict[int, Part] = {}
        while filled := self._fill(source, buffer, stop, hooks):
            data = buffer[:filled]
            part = Part(filled, part_checksum(data))
            number = len(parts) + 1
            upload.put_part(number, data, part.checksum)
            parts[number] = part
        total = whole(parts)
        if source.size is not None and total.length != source.size:
            raise StreamBroken(
                f"reading the original: {total.length} bytes came, {source.size} were declared",
                got=total.length,
                expected=source.size,
            )
        return Proof(total.length, to_text(total.checksum), source.etag)

    def _fill(
        self, source: SourceStream, buffer: memoryview, stop: Stop, hooks: TransferHooks
    ) -> int:
        filled = 0
        while filled < len(buffer):
            stop.check()
            count = source.readinto(buffer[filled : filled + READ_SIZE])
            if count == 0:
                break
            self._limit.spend(count, stop)
            filled += count
            hooks.progress(count)
        return filled


def _buffer_size(size: int | None, length: int) -> int:
    # one byte more than a small original, so that a body that runs too long shows
    return length if size is None else min(length, size + 1)


def _check_declared(request: TransferRequest, declared: int | None) -> None:
    if declared is None:
        return
    if compare_sizes(request.listed_size, declared) is SizeVerdict.FAR:
        raise SizeMismatch(
            f"fetching {request.file.filename or 'an original without a name'}: the listing says "
            f"{request.listed_size} bytes, the file behind the link has {declared}",
            kept="Nothing was stored under its key.",
            hint="look at it in the GoPro app; `cloud-sync sync --retry-failed` tries again",
        )
