"""What of an unfinished upload can be trusted: a pure comparison of record and archive.

| recorded in the tracker | reported by the archive               | trusted                     |
|-------------------------|---------------------------------------|-----------------------------|
| no                      | anything                              | no                          |
| yes                     | nothing, or another length            | no                          |
| yes                     | the same length, with a checksum      | if the checksums agree      |
| yes                     | the same length, no checksum          | if the receipts agree       |
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cloud_sync.archive.base import KeptPart
from cloud_sync.model.tracking import PartRecord


def trusted_parts(
    recorded: Iterable[PartRecord], kept: Mapping[int, KeptPart]
) -> dict[int, PartRecord]:
    """The recorded parts that the archive still holds, by number."""
    return {
        part.number: part
        for part in recorded
        if part.number in kept and _agrees(part, kept[part.number])
    }


def _agrees(part: PartRecord, kept: KeptPart) -> bool:
    if part.length != kept.length:
        return False
    if kept.checksum is not None:
        return part.checksum == kept.checksum
    return bool(part.receipt) and part.receipt == kept.receipt
