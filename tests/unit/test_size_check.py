"""A listing may be stale by a little; a large difference is another file."""

from __future__ import annotations

import pytest

from cloud_sync.transfer.size_check import SizeVerdict, compare_sizes

KIB = 1024


@pytest.mark.parametrize(
    ("listed", "actual", "verdict"),
    [
        (None, 5, SizeVerdict.UNKNOWN),
        (0, 5, SizeVerdict.UNKNOWN),
        (1000, 1000, SizeVerdict.EQUAL),
        (1000, 1000 + 4 * KIB, SizeVerdict.DRIFT),
        (1000, 1001 + 4 * KIB, SizeVerdict.FAR),
        (1_000_000, 990_000, SizeVerdict.DRIFT),
        (1_000_000, 989_999, SizeVerdict.FAR),
        (10**10, 10**10 + 64 * KIB, SizeVerdict.DRIFT),
        (10**10, 10**10 - 64 * KIB - 1, SizeVerdict.FAR),
        (1000, 0, SizeVerdict.FAR),
    ],
)
def test_the_bounds_of_drift(listed: int | None, actual: int, verdict: SizeVerdict) -> None:
    assert compare_sizes(listed, actual) is verdict
