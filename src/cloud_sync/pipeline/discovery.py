"""Lists a whole library and can tell whether it saw all of it.

The listing is live and paged by offset: an item can stand on two pages, or slip between two.
So items are told apart by id, distinct ids are held against the provider's own total, and the
listing is read again when it came out short.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cloud_sync.model.media import MediaItem, Page

PASSES = 3
EMPTY_PAGES_IN_A_ROW = 2


@dataclass(slots=True)
class Census:
    """What a listing came to. `total_items` is the largest total that any page named."""

    ids: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    total_items: int | None = None

    @property
    def short_by(self) -> int:
        """How many media the provider counts that were neither listed nor named unreadable."""
        if self.total_items is None:
            return 0
        return max(0, self.total_items - len(self.ids) - len(self.unreadable))

    @property
    def complete(self) -> bool:
        return self.short_by == 0 and not self.unreadable


def discover(fetch: Callable[[int], Page], census: Census) -> Iterator[tuple[MediaItem, ...]]:
    """Batches of items not seen before, until the listing ends; fills `census` on the way."""
    for _ in range(PASSES):
        census.unreadable.clear()
        census.total_items = None
        for page in _pages(fetch, census):
            census.unreadable.extend(page.unreadable)
            if page.total_items is not None:
                census.total_items = page.total_items
            fresh = {item.id: item for item in page.items if item.id not in census.ids}
            census.ids.update(fresh)
            if fresh:
                yield tuple(fresh.values())
        if census.short_by == 0:
            return


def _pages(fetch: Callable[[int], Page], census: Census) -> Iterator[Page]:
    number, empty = 0, 0
    while True:
        number += 1
        page = fetch(number)
        yield page
        rows = len(page.items) + len(page.unreadable)
        empty = 0 if rows else empty + 1
        # an empty page in the middle is no end while media are still missing
        if page.last and (census.short_by == 0 or empty >= EMPTY_PAGES_IN_A_ROW):
            return
