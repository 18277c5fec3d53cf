"""Calls by a few threads: in order, no further ahead than needed, and stopped by an error."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from cloud_sync.pipeline.windowed import AT_ONCE, batched, windowed


def test_results_come_in_the_order_of_the_items() -> None:
    assert list(windowed(lambda n: n * n, range(1000), workers=4)) == [n * n for n in range(1000)]
    assert list(windowed(str, [], workers=4)) == []


def test_no_more_items_are_taken_than_two_batches_a_worker() -> None:
    """Memory stays flat: a million files are not all handed to the threads at once."""
    taken = 0

    def items() -> Iterator[int]:
        nonlocal taken
        for number in range(100_000):
            taken += 1
            yield number

    results = windowed(lambda n: n, items(), workers=2)
    for _ in range(10):
        next(results)
    assert taken <= 2 * 2 * AT_ONCE
    results.close()  # type: ignore[attr-defined]


def test_calls_run_in_several_threads() -> None:
    both = threading.Barrier(2, timeout=10)

    def meet(number: int) -> int:
        if number in (0, AT_ONCE):
            both.wait()
        return number

    assert list(windowed(meet, range(2 * AT_ONCE), workers=2)) == list(range(2 * AT_ONCE))


def test_an_error_ends_it_at_its_place() -> None:
    def work(number: int) -> int:
        if number == 20:
            raise LookupError(str(number))
        return number

    results = windowed(work, range(1000), workers=2)
    with pytest.raises(LookupError, match="20"):
        list(results)


def test_batches_hold_everything_once() -> None:
    assert list(batched(range(5), 2)) == [[0, 1], [2, 3], [4]]
