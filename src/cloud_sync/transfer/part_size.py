"""How an object is cut into parts, within S3's limits."""

from __future__ import annotations

MIB = 2**20
SMALLEST_PART = 8 * MIB
MOST_PARTS = 10_000


def part_size(size: int) -> int:
    """The length in bytes of every part but the last, for an object of `size` bytes.

    At least 8 MiB, a whole number of MiB, and such that 10,000 parts suffice.
    """
    needed = -(-size // MOST_PARTS)
    return max(SMALLEST_PART, -(-needed // MIB) * MIB)
