"""The bytes that the source serves: made up, different in every file, and known by their checksum.

They repeat after a prime number of bytes, so that a part in the wrong place changes the checksum.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from zlib import crc32

PERIOD = 1_048_573
PIECE = 1 << 20

_ONCE = Random(3).randbytes(PERIOD)
_BYTES = memoryview(_ONCE + _ONCE[:PIECE])


def pieces(path: str, start: int, length: int) -> Iterator[memoryview]:
    """`length` bytes of the file at `path` from `start` on, at most `PIECE` at a time."""
    shift = crc32(path.encode())
    end = start + length
    for position in range(start, end, PIECE):
        at = (position + shift) % PERIOD
        yield _BYTES[at : at + min(PIECE, end - position)]


def checksum(path: str, size: int) -> str:
    """The CRC64NVME of the file at `path`, as 16 hexadecimal digits."""
    from awscrt.checksums import crc64nvme

    value = 0
    for piece in pieces(path, 0, size):
        value = crc64nvme(piece, value)
    return f"{value:016x}"
