"""Looks at what an archive holds at a key, as cheaply as it can tell."""

from __future__ import annotations

from dataclasses import replace

from cloud_sync.archive.base import Archive
from cloud_sync.archive.checksum import of_stream
from cloud_sync.archive.verify import Expected, Finding, Verdict, compare


def audit(archive: Archive, expected: Expected, *, deep: bool = False) -> Finding:
    """Compare the object at the key with what is expected of it.

    The archive's own record of the checksum is believed unless `deep` asks for the bytes; where it
    keeps none, the bytes are read. Raises what `Archive.head` and `Archive.open` raise.
    """
    stored = archive.head(expected.key)
    finding = compare(expected, stored)
    in_doubt = finding.verdict is Verdict.CHECKSUM_UNKNOWN
    if stored is None or not (in_doubt or (deep and finding.verdict is Verdict.OK)):
        return finding
    try:
        with archive.open(expected.key) as stream:
            size, checksum = of_stream(stream)
    except FileNotFoundError:
        return compare(expected, None)
    return compare(expected, replace(stored, size=size, checksum=checksum))
