"""The capture date in a JPEG, as cameras write it (EXIF 2.3)."""

from __future__ import annotations

import struct
from datetime import datetime

_ASCII, _LONG = 2, 4
_MODEL, _DATE, _EXIF_IFD = 0x0110, 0x0132, 0x8769
_DATE_ORIGINAL, _OFFSET_ORIGINAL = 0x9003, 0x9011
_HEADER = b"MM\x00\x2a\x00\x00\x00\x08"
_START = b"\xff\xd8"


def with_capture_date(jpeg: bytes, captured: datetime, model: str) -> bytes:
    """The same picture with camera model and capture date; `captured` must be in UTC.

    ValueError where `jpeg` is no JPEG.
    """
    if not jpeg.startswith(_START):
        raise ValueError("not a JPEG")
    body = b"Exif\x00\x00" + _tiff(captured, model)
    return _START + struct.pack(">HH", 0xFFE1, len(body) + 2) + body + jpeg[2:]


def _tiff(captured: datetime, model: str) -> bytes:
    date = captured.strftime("%Y:%m:%d %H:%M:%S").encode() + b"\0"
    texts = [(_MODEL, model.encode("ascii", "replace") + b"\0"), (_DATE, date)]
    # the second directory follows the first, whose length does not depend on where that is
    second = len(_HEADER) + len(_directory(len(_HEADER), texts, 0))
    first = _directory(len(_HEADER), texts, second)
    return _HEADER + first + _directory(second, [(_DATE_ORIGINAL, date), _UTC], None)


_UTC = (_OFFSET_ORIGINAL, b"+00:00\0")


def _directory(place: int, texts: list[tuple[int, bytes]], pointer: int | None) -> bytes:
    """An image file directory at `place`: texts, and a pointer to the EXIF directory if any."""
    count = len(texts) + (pointer is not None)
    data_place = place + 2 + 12 * count + 4
    entries, data = b"", b""
    for tag, text in texts:
        entries += struct.pack(">HHI", tag, _ASCII, len(text))
        if len(text) <= 4:
            # so short a value stands where the place of a longer one would
            entries += text.ljust(4, b"\0")
        else:
            entries += struct.pack(">I", data_place + len(data))
            data += text + b"\0" * (len(text) % 2)
    if pointer is not None:
        entries += struct.pack(">HHII", _EXIF_IFD, _LONG, 1, pointer)
    return struct.pack(">H", count) + entries + struct.pack(">I", 0) + data
