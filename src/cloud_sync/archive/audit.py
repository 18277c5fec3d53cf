"""Looks at what an archive holds at a key, as cheaply as it can tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import Enum

from cloud_sync.archive.base import Archive, StoredObject
from cloud_sync.archive.checksum import of_stream
from cloud_sync.archive.verify import (
    Expected,
    Finding,
    Verdict,
    compare,
    in_cold_storage,
    unreadable,
)


class Depth(Enum):
    """When the bytes of an object are read: never, where no record vouches for them, or always."""

    RECORDS = "records"
    IN_DOUBT = "in_doubt"
    BYTES = "bytes"


@dataclass(frozen=True, slots=True)
class Examined:
    """A finding with what is there; size and checksum are those of the bytes where `read`."""

    finding: Finding
    stored: StoredObject | None
    read: bool = False


_READ_AT = {
    Depth.RECORDS: frozenset[Verdict](),
    Depth.IN_DOUBT: frozenset({Verdict.CHECKSUM_UNKNOWN}),
    Depth.BYTES: frozenset({Verdict.OK, Verdict.CHECKSUM_UNKNOWN}),
}


def examine(
    archive: Archive, expected: Expected, depth: Depth, go_on: Callable[[], None] = lambda: None
) -> Examined:
    """Compare the object at the key with what is expected of it, by the archive's own records.

    An object that must be restored first is never read. `go_on` as in `of_stream`. Raises what
    `Archive.describe` and `Archive.open` raise.
    """
    record = archive.describe(expected.key)
    stored = record.stored if record else None
    finding = compare(expected, stored)
    if stored is None or finding.verdict not in _READ_AT[depth]:
        return Examined(finding, stored)
    if stored.cold:
        cold = finding.verdict is Verdict.OK
        return Examined(in_cold_storage(expected) if cold else finding, stored)
    return _read(archive, expected, stored, go_on)


def audit(archive: Archive, expected: Expected, go_on: Callable[[], None]) -> Finding:
    """Whether the key holds just the bytes that are expected.

    A checksum that the archive keeps with the object is believed; where it keeps none, the bytes
    are read; `go_on` as in `of_stream`. Raises what `Archive.head` and `Archive.open` raise.
    """
    stored = archive.head(expected.key)
    finding = compare(expected, stored)
    if stored is None or finding.verdict is not Verdict.CHECKSUM_UNKNOWN:
        return finding
    return _read(archive, expected, stored, go_on).finding


def _read(
    archive: Archive, expected: Expected, stored: StoredObject, go_on: Callable[[], None]
) -> Examined:
    try:
        with archive.open(expected.key) as stream:
            size, checksum = of_stream(stream, go_on)
    except FileNotFoundError:
        return Examined(compare(expected, None), None)
    except OSError:
        return Examined(unreadable(expected), stored)
    found = replace(stored, size=size, checksum=checksum)
    return Examined(compare(expected, found), found, read=True)
