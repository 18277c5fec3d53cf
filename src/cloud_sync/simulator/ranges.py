"""The `Range` header, as S3 reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ONE_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass(frozen=True, slots=True)
class Stretch:
    """`length` bytes from `offset`."""

    offset: int
    length: int


class Unsatisfiable(ValueError):
    """The range lies outside of the object."""


def read_range(header: str | None, size: int) -> Stretch | None:
    """The stretch asked for; None for the whole object.

    A header that is no single byte range counts as none. Raises Unsatisfiable.
    """
    match = _ONE_RANGE.fullmatch(header.strip()) if header else None
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    if not first:
        wanted = min(int(last), size)
        if wanted == 0:
            raise Unsatisfiable
        return Stretch(size - wanted, wanted)
    start, end = int(first), min(int(last) if last else size - 1, size - 1)
    if last and int(last) < start:
        return None
    if start >= size:
        raise Unsatisfiable
    return Stretch(start, end - start + 1)
