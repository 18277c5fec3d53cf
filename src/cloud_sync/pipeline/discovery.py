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
    """What a listing came to.

    `ids` are all media seen in any reading of it. The rest is about the last reading alone:
    `listed` its media, `unreadable` its other rows, `total_items` the largest total that a page
    named. A medium that was deleted since an earlier reading must not stand in for one that
    slipped through.
    """

    ids: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    total_items: int | None = None

    @property
    def short_by(self) -> int:
        """How many media the provider counts that were neither listed nor named unreadable."""
        if self.total_items is None:
            return 0
        return max(0, self.total_items - len(self.listed) - len(self.unreadable))

    @property
    def complete(self) -> bool:
        return self.short_by == 0 and not self.unreadable

    def begin_reading(self) -> None:
        """Start anew, but keep the media seen."""
        self.listed.clear()
        self.unreadable.clear()
        self.total_items = None

    def take(self, page: Page) -> tuple[MediaItem, ...]:
        """Count a page; its items that were in no page before."""
        self.unreadable.extend(page.unreadable)
        if page.total_items is not None:
            self.total_items = max(self.total_items or 0, page.total_items)
        fresh = {item.id: item for item in page.items if item.id not in self.ids}
        self.ids.update(fresh)
        self.listed.update(item.id for item in page.items)
        return tuple(fresh.values())


def discover(fetch: Callable[[int], Page], census: Census) -> Iterator[tuple[MediaItem, ...]]:
    """Batches of items not seen before, until the listing ends; fills `census` on the way."""
    for _ in range(PASSES):
        census.begin_reading()
        for page in _pages(fetch, census):
            if fresh := census.take(page):
                yield fresh
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
