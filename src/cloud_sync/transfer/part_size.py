"""How an object is cut into parts, within S3's limits."""

from __future__ import annotations

MIB = 2**20
SMALLEST_PART = 8 * MIB
MOST_PARTS = 10_000


def part_size(size: int | None) -> int:
    """The length in bytes of every part but the last, for an object of `size` bytes.

    At least 8 MiB, a whole number of MiB, and such that 10,000 parts suffice.
    An unknown size is taken for the largest that cameras make (110 GB, with room to spare).
    """
    expected = 150 * 10**9 if size is None else size
    needed = -(-expected // MOST_PARTS)
    return max(SMALLEST_PART, -(-needed // MIB) * MIB)
