"""Parts: any size tiles exactly, within S3's limits."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from cloud_sync.transfer.part_size import MIB, MOST_PARTS, SMALLEST_PART, part_size

LARGEST_OBJECT = 5 * 2**40


@given(st.integers(0, LARGEST_OBJECT))
@example(0)
@example(SMALLEST_PART * MOST_PARTS)
@example(SMALLEST_PART * MOST_PARTS + 1)
@example(LARGEST_OBJECT)
def test_at_most_10_000_parts_of_at_least_8_mib(size: int) -> None:
    length = part_size(size)
    assert length >= 8 * 2**20
    assert length % MIB == 0
    assert -(-size // length) <= 10_000
    assert length == SMALLEST_PART or -(-size // (length - MIB)) > MOST_PARTS, "larger than needed"
