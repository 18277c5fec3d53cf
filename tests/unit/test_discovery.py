"""The listing: complete is only said when everything was seen or named."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from builders import item
from cloud_sync.model.media import Page
from cloud_sync.pipeline.discovery import PASSES, Census, discover


def page(ids: str, total: int | None = None, *, last: bool = False, unreadable: int = 0) -> Page:
    rows = tuple(item(each) for each in ids)
    return Page(rows, ("a broken row",) * unreadable, total, last)


def read(fetch: Callable[[int], Page]) -> tuple[list[str], Census]:
    census = Census()
    return [each.id for batch in discover(fetch, census) for each in batch], census


def fixed(*pages: Page) -> Callable[[int], Page]:
    """The same pages in every reading, and empty ones past the end."""
    return lambda number: pages[number - 1] if number <= len(pages) else page("", last=True)


def test_every_page_is_read_and_repeats_count_once() -> None:
    ids, census = read(fixed(page("ab", 3), page("bc", 3, last=True)))
    assert ids == ["a", "b", "c"]
    assert census.complete


def test_an_empty_page_in_the_middle_is_no_end() -> None:
    ids, census = read(fixed(page("ab", 4), page("", 4, last=True), page("cd", 4, last=True)))
    assert ids == ["a", "b", "c", "d"]
    assert census.complete


def test_a_short_page_is_no_end() -> None:
    ids, census = read(fixed(page("ab", 4), page("c", 4), page("d", 4, last=True)))
    assert ids == ["a", "b", "c", "d"]
    assert census.complete


def test_a_short_listing_is_read_again_and_then_called_incomplete() -> None:
    calls: list[int] = []

    def fetch(number: int) -> Page:
        calls.append(number)
        return page("ab", 3, last=True) if number == 1 else page("", 3, last=True)

    ids, census = read(fetch)
    assert ids == ["a", "b"]
    assert (census.short_by, census.complete) == (1, False)
    assert calls.count(1) == PASSES


def test_a_medium_that_slipped_through_is_found_by_reading_again() -> None:
    pages = iter(
        [page("ab", 3), page("", 3, last=True), page("", 3, last=True), page("abc", 3, last=True)]
    )
    ids, census = read(lambda _: next(pages))
    assert ids == ["a", "b", "c"]
    assert census.complete


def test_a_deletion_while_listing_does_not_hide_what_slipped_through() -> None:
    """`a` is deleted after page 1, so `c` slips onto it; the total shrinks to what was seen."""
    pages = iter(
        [page("ab", 3), page("", 2, last=True), page("", 2, last=True), page("bc", 2, last=True)]
    )
    ids, census = read(lambda _: next(pages))
    assert ids == ["a", "b", "c"]
    assert census.complete


def test_an_unreadable_row_is_counted_but_never_complete() -> None:
    _, census = read(fixed(page("a", 2, last=True, unreadable=1)))
    assert (census.short_by, census.complete) == (0, False)
    assert census.unreadable == ["a broken row"]


def test_without_a_total_the_last_page_is_believed() -> None:
    ids, census = read(fixed(page("a"), page("b", last=True)))
    assert ids == ["a", "b"]
    assert census.complete


class LiveCloud:
    """A library that changes between pages, as its owner uploads and deletes."""

    def __init__(self, moves: list[str], start: int, per_page: int) -> None:
        self.ids = [f"m{number}" for number in range(start)]
        self.stable = set(self.ids)
        self._moves = iter(moves)
        self._uploads = 0
        self._per_page = per_page

    def fetch(self, number: int) -> Page:
        move = next(self._moves, "")
        if move == "empty":
            return Page((), (), len(self.ids), last=False)
        first = (number - 1) * self._per_page
        size = self._per_page - (move == "short")
        rows = self.ids[first : first + size]
        if move == "repeat":
            rows = self.ids[max(0, first - 1) : first] + rows
        total, last = len(self.ids), first + self._per_page >= len(self.ids)
        self._change(move)
        return Page(tuple(item(each) for each in rows), (), total, last)

    def _change(self, move: str) -> None:
        if move == "upload":
            self._uploads += 1
            self.ids.insert(0, f"new{self._uploads}")
        elif move.startswith("delete") and self.ids:
            gone = self.ids.pop(0 if move == "delete_newest" else -1)
            self.stable.discard(gone)


MOVES = st.sampled_from(
    ["", "", "empty", "short", "repeat", "upload", "delete_newest", "delete_oldest"]
)


@settings(deadline=None, max_examples=300)
@given(st.lists(MOVES, max_size=30), st.integers(0, 9), st.integers(2, 4))
def test_complete_is_only_said_when_every_lasting_medium_was_seen(
    moves: list[str], start: int, per_page: int
) -> None:
    cloud = LiveCloud(moves, start, per_page)
    ids, census = read(cloud.fetch)
    assert len(ids) == len(set(ids)) == len(census.ids)
    if census.complete:
        assert cloud.stable <= set(ids)
