"""Bodies in chunks: HTTP's own, and S3's `aws-chunked`, which has the same framing inside."""

from __future__ import annotations

import io
from io import BufferedIOBase


class Chunks(io.RawIOBase):
    """The bytes in the chunks of `stream`, up to and with the empty chunk and its trailers."""

    def __init__(self, stream: BufferedIOBase) -> None:
        self._stream = stream
        self._left = 0
        self._first = True
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        if not self._left and not self._ended:
            self._next_chunk()
        view = memoryview(buffer)[: self._left]
        if not view:
            return 0
        count = self._stream.readinto(view)
        if not count:
            raise ConnectionResetError("a chunk ended early")
        self._left -= count
        return int(count)

    def _next_chunk(self) -> None:
        if not self._first:
            self._stream.readline()
        self._first = False
        line = self._stream.readline()
        if not line:
            raise ConnectionResetError("the chunks ended early")
        self._left = int(line.partition(b";")[0], 16)
        if not self._left:
            self._ended = True
            while self._stream.readline().strip():
                pass


def decoded(stream: BufferedIOBase, *, http: bool, aws: bool) -> BufferedIOBase:
    """`stream` without the framings that it has."""
    if http:
        stream = io.BufferedReader(Chunks(stream))
    if aws:
        stream = io.BufferedReader(Chunks(stream))
    return stream
