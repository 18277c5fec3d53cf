"""Lists a whole library and can tell whether it saw all of it.

The listing is live and paged by offset: an item can stand on two pages, or slip between two.
So items are told apart by id, distinct ids are held against the provider's own total, and the
listing is read again when the two do not agree. Page counts and page sizes are not believed: a
reading goes on until nothing comes any more, and it is bounded, for a listing may repeat itself or
never end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cloud_sync.errors import (
    CloudSyncError,
    RefusedAtSource,
    ServiceUnavailable,
    SourceNotUnderstood,
)
from cloud_sync.model.media import MediaItem, Page

PASSES = 3
QUIET_PAGES = 3
"""Pages in a row without anything new that end a reading whose count does not hold."""

FAILED_PAGES = 2
"""Pages in a row that cannot be had: it is not the page then, and the error is raised."""

MOST_PAGES = 10_000
"""Pages of one reading: a million media at a hundred a page."""

RUNAWAY = 1_000
"""So many media more than twice the provider's total are no library but a listing without end."""


@dataclass(slots=True)
class Census:
    """What a listing came to.

    `ids` are all media seen in any reading of it. The rest is about the last reading alone:
    `listed` its media, `unreadable` its other rows, `unread` the pages that could not be had and
    why, `totals` all that its pages named as total, `untold` whether a page with rows named none,
    `ended` whether it came to an end, and `before` the media of the reading before it.
    A medium that was deleted since an earlier reading must not stand in for one that slipped
    through.
    """

    ids: set[str] = field(default_factory=set)
    listed: set[str] = field(default_factory=set)
    before: set[str] = field(default_factory=set)
    unreadable: list[str] = field(default_factory=list)
    unread: dict[int, CloudSyncError] = field(default_factory=dict)
    totals: set[int] = field(default_factory=set)
    untold: bool = False
    ended: bool = False

    @property
    def total_items(self) -> int | None:
        """The largest total that a page named, None where none did."""
        return max(self.totals, default=None)

    @property
    def short_by(self) -> int:
        """How many media the provider counts that were neither listed nor named unreadable."""
        return max(0, (self.total_items or 0) - self._rows)

    @property
    def count_holds(self) -> bool:
        """Whether every page named one total, and just as many rows were seen.

        A total that moves proves nothing: a deletion and an upload between two pages may have
        hidden a medium and replaced it in the count.
        """
        return self.totals == {self._rows} and not self.untold and not self.unread

    @property
    def settled(self) -> bool:
        """Whether reading again would tell nothing that is not known yet."""
        return self.ended and (self.count_holds or self._agrees)

    @property
    def complete(self) -> bool:
        """Whether everything was seen: by the provider's total or, where pages named none, by two
        readings in a row of the same media. Nothing at all needs a total of 0 to be believed.
        """
        return self.settled and not self.unreadable

    @property
    def _rows(self) -> int:
        return len(self.listed) + len(self.unreadable)

    @property
    def _agrees(self) -> bool:
        steady = bool(self.listed) and self.listed == self.before and not self.unread
        return steady and self.untold and self.totals <= {self._rows}

    def begin_reading(self) -> None:
        """Start anew, but keep the media seen."""
        self.before, self.listed = self.listed, set()
        self.unreadable.clear()
        self.unread.clear()
        self.totals.clear()
        self.untold = self.ended = False

    def take(self, page: Page) -> tuple[MediaItem, ...]:
        """Count a page; its items that were in no page before. Of two rows with one id the first
        counts."""
        self.unreadable.extend(page.unreadable)
        if page.total_items is not None:
            self.totals.add(page.total_items)
        elif page.items or page.unreadable:
            self.untold = True
        fresh: dict[str, MediaItem] = {}
        for item in page.items:
            if item.id not in self.ids:
                fresh.setdefault(item.id, item)
        self.ids.update(fresh)
        self.listed.update(item.id for item in page.items)
        return tuple(fresh.values())

    def doubts(self) -> Iterator[str]:
        """Why the listing may lack media, beside `short_by` and `unreadable`, in sentences."""
        if not self.ended:
            yield f"it does not end: {len(self.listed)} media were listed before it was given up"
        if self.unread:
            number, error = next(iter(self.unread.items()))
            yield f"its page {number} could not be read ({error.message})"
        if len(self.totals) > 1:
            yield f"the cloud's count moved from {min(self.totals)} to {max(self.totals)} meanwhile"
        elif self.totals and self._rows > max(self.totals):
            yield f"the cloud counts {max(self.totals)} media, but {self._rows} were listed"
        if not self._rows and not self.totals:
            yield "it is empty, but the cloud does not say that there are no media"
        elif self.untold and not self._agrees:
            yield "not all of its pages bear a count, and two readings of it differ"


def discover(fetch: Callable[[int], Page], census: Census) -> Iterator[tuple[MediaItem, ...]]:
    """Batches of items not seen before, until the listing ends; fills `census` on the way.

    A page that `fetch` cannot have (ServiceUnavailable, SourceNotUnderstood, RefusedAtSource) is
    left out and noted. Raised is such an error where pages in a row cannot be had, or nothing was
    listed besides.
    """
    for _ in range(PASSES):
        census.begin_reading()
        yield from _reading(fetch, census)
        if census.settled or not census.ended:
            return
    if census.unread and not census.ids and not census.unreadable:
        raise next(iter(census.unread.values())) from None


def _reading(fetch: Callable[[int], Page], census: Census) -> Iterator[tuple[MediaItem, ...]]:
    quiet = 0
    failed: list[CloudSyncError] = []
    for number in range(1, MOST_PAGES + 1):
        try:
            page = fetch(number)
        except (ServiceUnavailable, SourceNotUnderstood, RefusedAtSource) as error:
            failed.append(error)
            census.unread[number] = error
            if len(failed) >= FAILED_PAGES:
                raise failed[0] from None
            continue
        seen, missing = len(census.listed), census.short_by
        fresh = census.take(page)
        failed.clear()
        if fresh:
            yield fresh
        brought = len(census.listed) > seen or (page.unreadable and missing)
        quiet = 0 if brought else quiet + 1
        if _is_end(page, quiet, census):
            census.ended = True
            return
        if census.totals and len(census.listed) > 2 * max(census.totals) + RUNAWAY:
            return


def _is_end(page: Page, quiet: int, census: Census) -> bool:
    """An empty page in the middle is no end while media are still missing, nor is a repeated page:
    several in a row are."""
    return (page.last and census.count_holds) or quiet >= QUIET_PAGES
