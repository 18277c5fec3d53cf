"""Bytes out of nothing: any stretch of a file of any size, without disk and with little memory.

Every byte is a pure function of (seed, name, offset). A file is cut into blocks; each block
begins with its own number and a digest, and goes on with a stretch of one big pad of noise that
begins at a place of the block's own: swapped, repeated or lost blocks never pass for the right
ones.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from random import Random

from cloud_sync.simulator.medium import SimFile

BLOCK = 64 * 1024
_MARK = 24
_BODY = BLOCK - _MARK
_PAD = 1 << 20


@lru_cache(maxsize=4)
def _pad(seed: int) -> memoryview:
    return memoryview(Random(f"pad {seed}").randbytes(_PAD + _BODY))


def _block(pad: memoryview, key: bytes, index: int) -> tuple[bytes, memoryview]:
    number = index.to_bytes(8, "big")
    digest = blake2b(number, key=key, digest_size=24).digest()
    start = int.from_bytes(digest[16:]) % _PAD
    return number + digest[:16], pad[start : start + _BODY]


def pattern(seed: int, name: str, offset: int, length: int) -> bytes:
    """`length` bytes at `offset` of the endless file `name`."""
    if length <= 0:
        return b""
    pad = _pad(seed)
    key = blake2b(f"{seed}\0{name}".encode(), digest_size=32).digest()
    first, skip = divmod(offset, BLOCK)
    last, end = divmod(offset + length - 1, BLOCK)
    pieces: list[bytes | memoryview] = []
    for index in range(first, last + 1):
        mark, body = _block(pad, key, index)
        low = skip if index == first else 0
        high = end + 1 if index == last else BLOCK
        pieces.append(mark[low:high])
        pieces.append(body[max(0, low - _MARK) : max(0, high - _MARK)])
    return b"".join(pieces)


class PatternFile(SimFile):
    """An original whose bytes are made when they are read. `content` names their version."""

    __slots__ = ("content", "medium_id", "seed")

    def __init__(
        self,
        number: int,
        filename: str,
        extension: str,
        size: int,
        *,
        medium_id: str,
        seed: int = 0,
        content: str = "source",
    ) -> None:
        super().__init__(number, filename, extension, size)
        self.medium_id = medium_id
        self.seed = seed
        self.content = content

    @property
    def fingerprint(self) -> str:
        return f"{self.seed}/{self.medium_id}/{self.content}/{self.number}/{self.size}"

    def read(self, offset: int, length: int) -> bytes:
        name = f"{self.medium_id}/{self.content}/{self.number}"
        return pattern(self.seed, name, offset, min(length, self.size - offset))
