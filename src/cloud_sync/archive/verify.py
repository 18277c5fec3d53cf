"""Is what is stored what was meant to be stored? Pure comparisons, and the words for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from cloud_sync.archive.base import KeptPart, StoredObject
from cloud_sync.archive.checksum import Part, part_checksum, to_text, whole
from cloud_sync.errors import ChecksumMismatch


class Verdict(StrEnum):
    """How an object compares with what is expected of it."""

    OK = "ok"
    MISSING = "missing"
    SIZE_DIFFERS = "size_differs"
    CHECKSUM_DIFFERS = "checksum_differs"
    CHECKSUM_UNKNOWN = "checksum_unknown"
    UNREADABLE = "unreadable"
    COLD = "cold"


@dataclass(frozen=True, slots=True)
class Expected:
    """What should lie at `key`: size in bytes, and checksum as S3 writes it, None if not known."""

    key: str
    size: int
    checksum: str | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and the sentence that a person reads."""

    verdict: Verdict
    message: str


def compare(expected: Expected, stored: StoredObject | None) -> Finding:
    """Hold what the archive reports against what is expected.

    CHECKSUM_UNKNOWN means that the size is right and one side knows no checksum: reading the
    bytes decides then. It is never OK by itself.
    """
    key = expected.key
    if stored is None:
        return Finding(Verdict.MISSING, f"{key}: nothing is stored there")
    if stored.size != expected.size:
        return Finding(
            Verdict.SIZE_DIFFERS,
            f"{key}: {stored.size} bytes are stored, {expected.size} bytes were expected",
        )
    if stored.checksum is None or expected.checksum is None:
        return Finding(
            Verdict.CHECKSUM_UNKNOWN,
            f"{key}: {stored.size} bytes as expected, no stored checksum to compare",
        )
    if stored.checksum != expected.checksum:
        return Finding(
            Verdict.CHECKSUM_DIFFERS,
            f"{key}: CRC64NVME {stored.checksum} is stored, {expected.checksum} was expected",
        )
    return Finding(Verdict.OK, f"{key}: {stored.size} bytes, CRC64NVME {stored.checksum}")


def unreadable(expected: Expected) -> Finding:
    """The finding for an object whose bytes its disk does not give."""
    return Finding(
        Verdict.UNREADABLE,
        f"{expected.key}: its {expected.size} bytes cannot be read, the disk reports an error",
    )


def in_cold_storage(expected: Expected) -> Finding:
    """The finding for an object that must be restored before its bytes can be read."""
    return Finding(
        Verdict.COLD,
        f"{expected.key}: it lies in an archive class, so its bytes cannot be read before it is "
        "restored; size and stored checksum are as expected",
    )


def require_part(key: str, number: int, data: memoryview, checksum: bytes) -> Part:
    """The part's length and checksum; ChecksumMismatch unless `data` has this checksum."""
    part = announced_part(number, data, checksum)
    found = part_checksum(data)
    if found != checksum:
        raise ChecksumMismatch(
            f"storing part {number} of {key}: its bytes have CRC64NVME {to_text(found)}, "
            f"{to_text(checksum)} was announced"
        )
    return part


def announced_part(number: int, data: memoryview, checksum: bytes) -> Part:
    """The part as it is announced, for an archive whose service verifies the bytes on arrival."""
    if number < 1:
        raise ValueError(f"parts count from 1, not from {number}")
    return Part(data.nbytes, checksum)


def require_kept(
    key: str, number: int, found: KeptPart | None, length: int, checksum: bytes, receipt: str
) -> Part:
    """The part as it is counted; ValueError unless the archive reported it just so: a bug.

    The checksum decides, or the receipt where the archive keeps no checksum.
    """
    if found is not None and found.length == length:
        same = found.receipt == receipt if found.checksum is None else found.checksum == checksum
        if same:
            return Part(length, checksum)
    raise ValueError(f"part {number} of {key} was not found like this, so it cannot be kept")


def require_whole(
    key: str, parts: Mapping[int, Part], part_size: int, size: int, checksum: str
) -> None:
    """ChecksumMismatch unless the parts, as stored, make an object of this size and checksum."""
    count = len(parts)
    if parts and max(parts) != count:
        missing = next(number for number in range(1, count + 1) if number not in parts)
        raise ChecksumMismatch(f"storing {key}: part {missing} of {max(parts)} was never stored")
    for number, part in parts.items():
        if part.length > part_size or (number < count and part.length < part_size):
            raise ChecksumMismatch(
                f"storing {key}: part {number} has {part.length} bytes, {part_size} were expected"
            )
    stored = whole(parts)
    finding = compare(
        Expected(key, size, checksum), StoredObject(key, stored.length, to_text(stored.checksum))
    )
    if finding.verdict is not Verdict.OK:
        raise ChecksumMismatch(f"storing {finding.message}", kept="nothing is visible at the key")
