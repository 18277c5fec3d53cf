"""The listing: complete is only said when everything was seen or named."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from builders import item
from cloud_sync.errors import (
    AuthRequired,
    AuthTrouble,
    CloudSyncError,
    ServiceUnavailable,
    SourceNotUnderstood,
    Throttled,
)
from cloud_sync.model.media import Page
from cloud_sync.pipeline.discovery import (
    MOST_PAGES,
    PASSES,
    QUIET_PAGES,
    RUNAWAY,
    Census,
    discover,
)


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
    quiet = [page("", 2, last=True)] * QUIET_PAGES
    pages = iter([page("ab", 3), *quiet, page("bc", 2, last=True)])
    ids, census = read(lambda _: next(pages))
    assert ids == ["a", "b", "c"]
    assert census.complete


def test_a_total_that_moved_in_a_reading_proves_nothing() -> None:
    """A row repeated from nowhere makes up for the one that a deletion hid."""
    ids, census = read(fixed(page("ab", 4), page("cd", 3), page("", 4, last=True)))
    assert ids == ["a", "b", "c", "d"]
    assert not census.complete
    assert list(census.doubts()) == ["the cloud's count moved from 3 to 4 meanwhile"]


def test_a_page_without_anything_new_is_no_end_while_the_count_does_not_hold() -> None:
    ids, census = read(fixed(page("ab", 4), page("ab", 4), page("ab", 4), page("cd", 4)))
    assert ids == ["a", "b", "c", "d"]
    assert census.complete


def test_a_page_that_repeats_for_ever_is_given_up() -> None:
    calls: list[int] = []

    def fetch(number: int) -> Page:
        calls.append(number)
        return page("ab", 4)

    _, census = read(fetch)
    assert (census.short_by, census.complete) == (2, False)
    assert len(calls) == PASSES * (1 + QUIET_PAGES)


@pytest.mark.parametrize("rising", [True, False])
def test_a_listing_that_never_ends_is_given_up_after_so_many_pages(rising: bool) -> None:
    calls: list[int] = []

    def fetch(number: int) -> Page:
        calls.append(number)
        return Page((item(f"m{number}"),), (), number + 100 if rising else None, last=False)

    _, census = read(fetch)
    assert (len(calls), census.complete, census.ended) == (MOST_PAGES, False, False)


def test_a_listing_far_beyond_its_total_is_given_up_at_once() -> None:
    calls: list[int] = []

    def fetch(number: int) -> Page:
        calls.append(number)
        return Page(tuple(item(f"m{number}-{n}") for n in range(100)), (), 50, last=False)

    _, census = read(fetch)
    assert len(calls) == (2 * 50 + RUNAWAY) // 100 + 1
    assert "it does not end" in next(census.doubts())


def test_rows_that_cannot_be_read_for_ever_are_given_up() -> None:
    _, census = read(lambda _: page("", None, unreadable=1))
    assert not census.complete
    _, census = read(lambda _: page("", 5, unreadable=1))
    assert len(census.unreadable) < 20


def test_one_page_that_cannot_be_had_does_not_take_the_others_along() -> None:
    def fetch(number: int) -> Page:
        if number == 2:
            raise SourceNotUnderstood("listing: nonsense")
        return {1: page("ab", 6), 3: page("ef", 6)}.get(number, page("", 6, last=True))

    ids, census = read(fetch)
    assert ids == ["a", "b", "e", "f"]
    assert (census.complete, census.short_by) == (False, 2)
    assert list(census.doubts()) == ["its page 2 could not be read (listing: nonsense)"]


@pytest.mark.parametrize("error", [ServiceUnavailable("down"), SourceNotUnderstood("nonsense")])
def test_two_pages_in_a_row_that_cannot_be_had_end_the_listing(error: CloudSyncError) -> None:
    def fetch(number: int) -> Page:
        if number > 1:
            raise error
        return page("ab", 9)

    with pytest.raises(type(error)):
        read(fetch)


def test_a_listing_of_which_nothing_could_be_read_is_no_empty_library() -> None:
    def fetch(number: int) -> Page:
        if number == 1:
            raise SourceNotUnderstood("listing: nonsense")
        return page("", 0, last=True)

    with pytest.raises(SourceNotUnderstood):
        read(fetch)


@pytest.mark.parametrize("error", [AuthRequired("no", trouble=AuthTrouble.EXPIRED), Throttled("x")])
def test_a_dead_login_or_a_throttled_listing_is_never_a_page_left_out(
    error: CloudSyncError,
) -> None:
    def fetch(number: int) -> Page:
        if number == 2:
            raise error
        return page("ab", 2)

    with pytest.raises(type(error)):
        read(fetch)


def test_of_two_rows_with_one_id_the_first_counts() -> None:
    first, second = item("a", filename="first"), item("a", filename="second")
    census = Census()
    found = [*discover(lambda _: Page((first, second), (), 1, last=True), census)]
    assert found == [(first,)]
    assert census.complete


def test_an_unreadable_row_is_counted_but_never_complete() -> None:
    _, census = read(fixed(page("a", 2, last=True, unreadable=1)))
    assert (census.short_by, census.complete) == (0, False)
    assert census.unreadable == ["a broken row"]


def test_without_a_total_two_readings_must_agree() -> None:
    calls: list[int] = []

    def fetch(number: int) -> Page:
        calls.append(number)
        return {1: page("a"), 2: page("b", last=True)}.get(number, page("", last=True))

    ids, census = read(fetch)
    assert ids == ["a", "b"]
    assert census.complete
    assert calls.count(1) == 2


def test_without_a_total_readings_that_differ_prove_nothing() -> None:
    readings = iter(["ab", "ac", "ad"])
    _, census = read(lambda number: page(next(readings)) if number == 1 else page("", last=True))
    assert not census.complete
    assert list(census.doubts()) == [
        "not all of its pages bear a count, and two readings of it differ"
    ]


def test_nothing_at_all_without_a_total_is_no_empty_library() -> None:
    _, census = read(lambda _: page("", last=True))
    assert not census.complete
    assert "it is empty, but" in next(census.doubts())
    _, census = read(lambda _: page("", 0, last=True))
    assert census.complete


@pytest.mark.parametrize("total", [0, 1])
def test_a_total_below_what_was_listed_proves_nothing(total: int) -> None:
    ids, census = read(fixed(page("ab", total), page("", total, last=True), page("c", total)))
    assert ids == ["a", "b", "c"], "a wrong total does not end the listing"
    assert not census.complete
    assert list(census.doubts()) == [f"the cloud counts {total} media, but 3 were listed"]


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
