"""The moment that a QuickTime family file (MP4, MOV, 360) says it was made."""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

_QUICKTIME_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)
_MOST_BOXES = 10_000
_EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


def creation_time(stream: BinaryIO) -> datetime | None:
    """The creation time in the movie header (`mvhd`), in UTC as the file claims it.

    Only box headers are read and the rest is skipped, so a file of any size is cheap.
    None where there is no movie header, it bears no date, or the date is before 1990: cameras
    without a set clock write 0, which is 1904.
    """
    stream.seek(0, 2)
    movie = _find(stream, b"moov", 0, stream.tell())
    header = movie and _find(stream, b"mvhd", *movie)
    if not header:
        return None
    stream.seek(header[0])
    raw = stream.read(12)
    if len(raw) < 12:
        return None
    # version 1 has eight bytes for the date, version 0 has four
    seconds = struct.unpack(">Q", raw[4:12])[0] if raw[0] == 1 else int.from_bytes(raw[4:8])
    return _instant(seconds)


def _instant(seconds: int) -> datetime | None:
    try:
        found = _QUICKTIME_EPOCH + timedelta(seconds=seconds)
    except OverflowError:
        return None
    return found if found >= _EARLIEST else None


def _find(stream: BinaryIO, wanted: bytes, start: int, end: int) -> tuple[int, int] | None:
    """Where the body of the first `wanted` box between `start` and `end` begins and ends."""
    position = start
    for _ in range(_MOST_BOXES):
        box = _box(stream, position, end)
        if box is None:
            return None
        kind, body, position_after = box
        if kind == wanted:
            return body, position_after
        position = position_after
    return None


def _box(stream: BinaryIO, position: int, end: int) -> tuple[bytes, int, int] | None:
    """Kind, begin of the body, and end of the box at `position`; None where there is none."""
    stream.seek(position)
    head = stream.read(16)
    if len(head) < 8:
        return None
    size, body = int.from_bytes(head[:4]), position + 8
    if size == 1:
        if len(head) < 16:
            return None
        size, body = int.from_bytes(head[8:16]), position + 16
    elif size == 0:
        size = end - position
    after = position + size
    return (head[4:8], body, after) if body <= after <= end else None
