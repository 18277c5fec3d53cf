"""CRC64NVME: the checksum of a part, of a whole object, and how the first give the second.

S3 names the algorithm CRC64NVME and writes the value as base64 of 8 big-endian bytes. Two values
can be joined without the bytes, so parts may be stored in any order and the checksum of the whole
is known without reading anything twice.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import BinaryIO, Protocol, cast

Bytes = bytes | bytearray | memoryview

EMPTY = bytes(8)
"""The CRC64NVME of no bytes at all."""

_READ_SIZE = 1 << 20


class _Library(Protocol):
    """The two functions of `awscrt.checksums` that are used; the library ships no stubs."""

    def crc64nvme(self, data: Bytes, previous: int = 0) -> int: ...

    def combine_crc64nvme(self, first: int, second: int, second_length: int) -> int: ...


@cache
def _library() -> _Library:
    # importing awscrt takes about 80 ms, which commands that move no bytes should not pay
    from awscrt import checksums

    return cast("_Library", checksums)


def part_checksum(data: Bytes) -> bytes:
    """The CRC64NVME of `data`, as 8 big-endian bytes."""
    return _library().crc64nvme(data).to_bytes(8, "big")


def to_text(checksum: bytes) -> str:
    """8 big-endian bytes in the form in which S3 writes a checksum."""
    if len(checksum) != 8:
        raise ValueError(f"a CRC64NVME has 8 bytes, not {len(checksum)}")
    return b64encode(checksum).decode("ascii")


def from_text(text: str) -> bytes:
    """The inverse of `to_text`; ValueError where `text` is no CRC64NVME."""
    try:
        checksum = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("not base64, so no CRC64NVME") from None
    if len(checksum) != 8:
        raise ValueError(f"a CRC64NVME has 8 bytes, not {len(checksum)}")
    return checksum


@dataclass(frozen=True, slots=True)
class Part:
    """What is known of one stored part: its length in bytes and its CRC64NVME."""

    length: int
    checksum: bytes


def combine(parts: Iterable[Part]) -> bytes:
    """The CRC64NVME of the parts' bytes one after the other, in the order given."""
    total = 0
    for part in parts:
        value = int.from_bytes(part.checksum, "big")
        total = _library().combine_crc64nvme(total, value, part.length)
    return total.to_bytes(8, "big")


def whole(parts: Mapping[int, Part]) -> Part:
    """Length and checksum of an object made of numbered parts, in the order of their numbers."""
    in_order = [parts[number] for number in sorted(parts)]
    return Part(sum(part.length for part in in_order), combine(in_order))


def of_blocks(blocks: Iterable[Bytes]) -> Part:
    """Length and checksum of the blocks' bytes; each is read before the next is asked for."""
    length, value = 0, 0
    for block in blocks:
        length += len(block)
        value = _library().crc64nvme(block, value)
    return Part(length, value.to_bytes(8, "big"))


def of_stream(stream: BinaryIO, go_on: Callable[[], None] = lambda: None) -> tuple[int, str]:
    """Read `stream` to its end: its length in bytes, and its checksum as S3 writes it.

    `go_on` is called before each read, of at most a MiB; what it raises ends the reading.
    """

    def block() -> bytes:
        go_on()
        return stream.read(_READ_SIZE)

    read = of_blocks(iter(block, b""))
    return read.length, to_text(read.checksum)
