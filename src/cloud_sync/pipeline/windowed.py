"""Many small calls by a few threads, in order, without holding all of them at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 16
"""Items that one thread works through in one go: handing each over alone costs more than a look
at a file."""


def batched(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items, `size` at a time."""
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def windowed(work: Callable[[T], R], items: Iterable[T], *, workers: int) -> Iterator[R]:
    """`work` of each item, in the order of the items; the first error ends it.

    Items are asked for as results are taken: at most two batches a worker are on their way.
    """

    def work_off(batch: list[T]) -> list[R]:
        return [work(item) for item in batch]

    waiting: deque[Future[list[R]]] = deque()
    with ThreadPoolExecutor(workers, thread_name_prefix="check") as pool:
        try:
            for batch in batched(items, AT_ONCE):
                waiting.append(pool.submit(work_off, batch))
                if len(waiting) >= 2 * workers:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
