"""Whether the bytes that the CDN declares are the bytes that the listing promised.

Listings were seen to be stale by a few kilobytes after the cloud had processed an item again:
the CDN is right then. A large difference means another file.
"""

from __future__ import annotations

from enum import StrEnum

from cloud_sync.errors import SizeMismatch

SMALLEST_DRIFT = 4 * 1024
LARGEST_DRIFT = 64 * 1024
DRIFT_SHARE = 0.01


class SizeVerdict(StrEnum):
    """How a listed and an actual size go together."""

    EQUAL = "equal"
    UNKNOWN = "unknown"
    DRIFT = "drift"
    FAR = "far"


def compare_sizes(listed: int | None, actual: int) -> SizeVerdict:
    """UNKNOWN without a listed size (null or zero); DRIFT up to 1 %, from 4 to 64 KiB."""
    if not listed:
        return SizeVerdict.UNKNOWN
    difference = abs(listed - actual)
    if difference == 0:
        return SizeVerdict.EQUAL
    near = difference <= min(LARGEST_DRIFT, max(SMALLEST_DRIFT, int(DRIFT_SHARE * listed)))
    return SizeVerdict.DRIFT if near and actual > 0 else SizeVerdict.FAR


def far_from_listing(doing: str, listed: int | None, found: str, *, kept: str) -> SizeMismatch:
    """What a person is told of FAR. `found` says what has which size instead."""
    return SizeMismatch(
        f"{doing}: the listing says {listed} bytes, {found}",
        kept=kept,
        hint="look at it in the GoPro app; `cloud-sync sync --retry-failed` tries again",
    )
