"""Whole runs against a cloud whose listing is broken: complete is only said when it is proven.

Each situation is a way in which a page of the listing goes wrong. The first run archives all that
it could learn of, says what is missing, and calls nothing gone; a later run against the same cloud
in good health makes up for everything.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from broken_cloud import PER_PAGE, Asked, Body, Spoil, Stage, stage, uploaded
from cloud_sync.model.report import Outcome, Result
from cloud_sync.model.tracking import Status
from cloud_sync.pipeline import discovery
from cloud_sync.simulator.answers import Answer, json_answer
from cloud_sync.simulator.library import Library, SimMedium, pattern_medium

COUNT = 7
HTML = b"<!DOCTYPE html><html><body>Log in. <span>0 items</span></body></html>"


def medium(number: int, **facts: Any) -> SimMedium:
    """Medium `m{number}`: the listing holds them in this order, three on a page."""
    name = f"GX01000{number}.MP4"
    made = pattern_medium(f"m{number}", 300 + number, filename=name, created_at=uploaded(number))
    return replace(made, **facts)


def seven() -> Library:
    return Library(medium(number) for number in range(COUNT))


def rows_of(body: Body) -> list[Any]:
    rows: list[Any] = body["_embedded"]["media"]
    return rows


def page(rows: list[Any], total: object = COUNT) -> Body:
    return {"_embedded": {"errors": [], "media": rows}, "_pages": {"total_items": total}}


def listed(*numbers: int) -> list[Any]:
    return [medium(number).row() for number in numbers]


def all_rows() -> list[Any]:
    return listed(*range(COUNT))


def cut(size: int, step: int | None = None, total: object = COUNT) -> Spoil:
    """Pages of `size` rows, `step` rows apart."""
    apart = step or size

    def spoil(asked: Asked, _: Body) -> Body:
        first = (asked.page - 1) * apart
        return page(all_rows()[first : first + size], total)

    return spoil


def on_page(number: int, what: Callable[[Body], Body | bytes | Answer], *, once: bool) -> Spoil:
    """Another answer for one page, in the first reading only or in every one."""

    def spoil(asked: Asked, healthy: Body) -> Body | bytes | Answer:
        if asked.page != number or (once and asked.reading > 1):
            return healthy
        return what(healthy)

    return spoil


def on_all(what: Callable[[Body], Body | bytes | Answer]) -> Spoil:
    return lambda _, healthy: what(healthy)


def each_row(change: Callable[[dict[str, Any]], Any]) -> Spoil:
    """Every row of every page changed."""

    def spoil(_: Asked, healthy: Body) -> Body:
        healthy["_embedded"]["media"] = [change(row) for row in rows_of(healthy)]
        return healthy

    return spoil


def one_row(media_id: str, change: Callable[[dict[str, Any]], Any]) -> Spoil:
    return each_row(lambda row: change(row) if row["id"] == media_id else row)


def with_total(total: object) -> Spoil:
    def spoil(_: Asked, healthy: Body) -> Body:
        healthy["_pages"]["total_items"] = total
        return healthy

    return spoil


def without(*path: str) -> Callable[[Body], Body]:
    """The body without a member."""

    def change(body: Body) -> Body:
        place = body
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]
        return body

    return change


def emptied(body: Body) -> Body:
    body["_embedded"]["media"] = []
    return body


def with_errors(body: Body) -> Body:
    body["_embedded"]["errors"] = [{"code": 5}]
    return body


def status(code: int) -> Callable[[Body], Answer]:
    return lambda _: json_answer(code, {"error": "no"})


def truncated(body: Body) -> bytes:
    return json.dumps(body).encode()[:-20]


def shifted_by_an_empty_page(asked: Asked, healthy: Body) -> Body:
    """Page 2 is empty, and what it should hold stands on page 3."""
    if asked.page == 2:
        return emptied(healthy)
    start = (asked.page - 1 - (asked.page > 2)) * PER_PAGE
    return page(all_rows()[start : start + PER_PAGE])


def second_page_twice(asked: Asked, _: Body) -> Body:
    start = (asked.page - 1 - (asked.page > 2)) * PER_PAGE
    return page(all_rows()[start : start + PER_PAGE])


def last_page_for_ever(asked: Asked, _: Body) -> Body:
    start = min(asked.page - 1, 2) * PER_PAGE
    return page(all_rows()[start : start + PER_PAGE])


def first_page_for_ever(_: Asked, __: Body) -> Body:
    return page(listed(0, 1, 2))


def made_up_without_end(asked: Asked, healthy: Body) -> Body:
    if asked.page <= 3:
        return healthy
    row = medium(0).row()
    made_up = [row | {"id": f"none{asked.page}x{n}", "filename": "N.MP4"} for n in range(9)]
    return page(made_up)


def total_flips(asked: Asked, healthy: Body) -> Body:
    healthy["_pages"]["total_items"] = COUNT + asked.page % 2
    return healthy


def total_moves_once(asked: Asked, healthy: Body) -> Body:
    if asked.reading == 1 and asked.page == 1:
        healthy["_pages"]["total_items"] = COUNT - 1
    return healthy


def total_on_most_pages(asked: Asked, healthy: Body) -> Body:
    return without("_pages")(healthy) if asked.page == 2 else healthy


def backwards(asked: Asked, _: Body) -> Body:
    """Every other reading starts at the other end."""
    rows = all_rows()[:: -1 if asked.reading % 2 else 1]
    start = (asked.page - 1) * PER_PAGE
    return page(rows[start : start + PER_PAGE])


def twin_rows(place: int) -> Spoil:
    """`m0` stands in the listing once more, with another name, date and type."""
    twin = medium(0).row() | {"filename": "OTHER.MP4", "captured_at": "2001-01-01T00:00:00Z"}
    rows = all_rows()
    rows.insert(place, twin)

    def spoil(asked: Asked, _: Body) -> Body:
        start = (asked.page - 1) * 4
        return page(rows[start : start + 4])

    return spoil


def extra_fields(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"hologram": {"depth": [1, 2]}, "ready_to_smell": None}


def numbers_as_text(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"file_size": str(row["file_size"]), "item_count": "1", "source_duration": 900}


@dataclass(frozen=True, slots=True)
class Situation:
    """How the listing is spoiled, and what must come of the first run.

    `left` are the media that it does not archive. `says` stands in a warning, in the summary and
    in the notification, where it is not empty. `unreadable` rows are named one by one.
    """

    spoil: Spoil
    result: Result = Result.COMPLETED
    left: frozenset[str] = frozenset()
    says: str = ""
    unreadable: int = 0


def incomplete(spoil: Spoil, says: str, *left: str, unreadable: int = 0) -> Situation:
    return Situation(spoil, Result.COMPLETED_WITH_FAILURES, frozenset(left), says, unreadable)


def failing(spoil: Spoil, says: str) -> Situation:
    """The login works all the while, so a refusal is no reason to ask for another one."""
    return Situation(spoil, Result.FAILED, frozenset(f"m{number}" for number in range(COUNT)), says)


ON_PAGE_2 = ("m3", "m4", "m5")
HTML_SAYS = "web page, as for a log-in"

HARMLESS = {
    "pages of fewer rows than were asked for": cut(2),
    "pages of a single row": cut(1),
    "pages of more rows than were asked for": cut(5, step=3),
    "an empty page in the middle, once": on_page(2, emptied, once=True),
    "an empty page in the middle, the rest a page later": shifted_by_an_empty_page,
    "an empty first page, once": on_page(1, emptied, once=True),
    "a page given twice": second_page_twice,
    "the last page again and again": last_page_for_ever,
    "each reading in another order": backwards,
    "no total": on_all(without("_pages")),
    "a total that is null": with_total(None),
    "a total that is text": with_total(str(COUNT)),
    "a total that is no number": with_total("many"),
    "a total that is negative": with_total(-1),
    "a total on all pages but one": total_on_most_pages,
    "a total that moves, once": total_moves_once,
    "a page without `_embedded`, once": on_page(2, without("_embedded"), once=True),
    "a first page without `_embedded`, once": on_page(1, without("_embedded"), once=True),
    "an HTML page with status 200 in the middle, once": on_page(2, lambda _: HTML, once=True),
    "a page of malformed JSON, once": on_page(2, lambda _: b'{"_embedded": [}', once=True),
    "a page of truncated JSON, once": on_page(1, truncated, once=True),
    "a page without a body, once": on_page(1, lambda _: b"", once=True),
    "rows without a type": each_row(lambda row: {**row, "type": None}),
    "rows of an unknown type": each_row(lambda row: row | {"type": "HoloBurst"}),
    "rows with unknown fields": each_row(extra_fields),
    "numbers as text, text as numbers": each_row(numbers_as_text),
    "sizes that are null": each_row(lambda row: row | {"file_size": None}),
    "sizes that are zero": each_row(lambda row: row | {"file_size": 0}),
    "sizes that make no sense": each_row(lambda row: row | {"file_size": [-1, "x"]}),
    "negative sizes": each_row(lambda row: row | {"file_size": -5}),
    "file names that are null": each_row(lambda row: row | {"filename": None}),
    "file names that are empty": each_row(lambda row: row | {"filename": ""}),
    "rows with nothing but an id and a state": each_row(
        lambda row: {"id": row["id"], "ready_to_view": "ready"}
    ),
    "a state in another letter case": each_row(lambda row: row | {"ready_to_view": "READY"}),
    "one id twice on a page, with another content": twin_rows(1),
    "one id on two pages, with another content": twin_rows(6),
}

SITUATIONS: dict[str, Situation] = {
    **{name: Situation(spoil) for name, spoil in HARMLESS.items()},
    "an empty page in the middle, always": incomplete(
        on_page(2, emptied, once=False), "7 media, 4 were listed", *ON_PAGE_2
    ),
    "the first page again and again": incomplete(
        first_page_for_ever, "7 media, 3 were listed", *ON_PAGE_2, "m6"
    ),
    "a total that is too large": incomplete(with_total(COUNT + 2), "counts 9 media, 7 were listed"),
    "a total that is too small": incomplete(with_total(4), "counts 4 media, but 7 were listed"),
    "a total of 0 with rows": incomplete(with_total(0), "counts 0 media, but 7 were listed"),
    "a total that moves always": incomplete(total_flips, "count moved from 7 to 8"),
    "a listing that never ends": incomplete(made_up_without_end, "it does not end"),
    "a page without `_embedded`, always": incomplete(
        on_page(2, without("_embedded"), once=False), "`_embedded` is missing", *ON_PAGE_2
    ),
    "a page whose `_embedded` has no media, always": incomplete(
        on_page(2, without("_embedded", "media"), once=False), "`_embedded.media`", *ON_PAGE_2
    ),
    "a page of malformed JSON, always": incomplete(
        on_page(2, lambda _: b"{]", once=False), "not JSON (2 bytes)", *ON_PAGE_2
    ),
    "a page of truncated JSON, always": incomplete(
        on_page(2, truncated, once=False), "not JSON", *ON_PAGE_2
    ),
    "a page without a body, always": incomplete(
        on_page(2, lambda _: b"", once=False), "not JSON (0 bytes)", *ON_PAGE_2
    ),
    "an empty first page although media are counted": incomplete(
        on_page(1, emptied, once=False), "although 7 media are counted", "m0", "m1", "m2"
    ),
    "a page that is answered 500, always": incomplete(
        on_page(2, status(500), once=False), "status 500", *ON_PAGE_2
    ),
    "a page that is answered 404, always": incomplete(
        on_page(2, status(404), once=False), "status 404", *ON_PAGE_2
    ),
    "404 instead of an empty page at the end": incomplete(
        on_page(4, status(404), once=False), "page 4 could not be read"
    ),
    "nothing at all and no total": incomplete(
        on_all(lambda _: {"_embedded": {"media": []}}),
        "it is empty, but the cloud does not say",
        *(f"m{number}" for number in range(COUNT)),
    ),
    "a row without an id": incomplete(
        one_row("m4", lambda row: {**row, "id": None}), "could not be read", "m4", unreadable=1
    ),
    "a row that is null": incomplete(
        one_row("m4", lambda _: None), "could not be read", "m4", unreadable=1
    ),
    "a row that is text": incomplete(
        one_row("m4", lambda _: "m4"), "could not be read", "m4", unreadable=1
    ),
    "an id that would leave its place in an address": incomplete(
        one_row("m4", lambda row: row | {"id": "../user"}), "could not be read", "m4", unreadable=1
    ),
    "a page of rows that cannot be read": incomplete(
        on_page(2, lambda _: page([{}, [], 3]), once=False),
        "could not be read",
        *ON_PAGE_2,
        unreadable=3,
    ),
    "errors that the cloud itself reports": incomplete(
        on_page(2, with_errors, once=False),
        "could not be read",
        unreadable=1,
    ),
    "every page without `_embedded`": failing(on_all(without("_embedded")), "is missing"),
    "every page malformed": failing(on_all(lambda _: b"{]"), "not JSON (2 bytes)"),
    "every page without a body": failing(on_all(lambda _: b""), "not JSON (0 bytes)"),
    "every page answered 500": failing(on_all(status(500)), "status 500"),
    "every page empty although media are counted": failing(on_all(emptied), "7 media are counted"),
    "an HTML page with status 200": failing(on_all(lambda _: HTML), HTML_SAYS),
    "an HTML page with status 200 in the middle": incomplete(
        on_page(2, lambda _: HTML, once=False), HTML_SAYS, *ON_PAGE_2
    ),
    "a page refused with 401, always": incomplete(
        on_page(2, status(401), once=False), "the login as such works", *ON_PAGE_2
    ),
    "every page refused with 401": failing(on_all(status(401)), "status 401"),
}


@pytest.fixture
def broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setattr(discovery, "RUNAWAY", 20)
    with stage(seven(), tmp_path) as built:
        yield built


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_broken_listing_is_told_and_a_healthy_one_makes_up_for_it(
    name: str, broken: Stage
) -> None:
    situation = SITUATIONS[name]
    broken.faults.listing = situation.spoil
    first = broken.run()

    assert first.result is situation.result, broken.warnings
    assert first.listing_complete == (first.result is Result.COMPLETED)
    there = [medium for medium in broken.library.media() if medium.id not in situation.left]
    broken.assert_archived(there)
    assert first.counts[Outcome.ARCHIVED] == len(there)
    assert first.reasons.get("unreadable_row", 0) == situation.unreadable
    _assert_said(situation, broken, first.message)
    assert broken.faults.pages < 60, "the listing was asked for without end"

    broken.faults.heal()
    keys = broken.keys()
    second = broken.run()
    assert second.result is Result.COMPLETED, broken.warnings
    assert second.counts[Outcome.ALREADY_ARCHIVED] == len(there)
    assert second.counts[Outcome.ARCHIVED] == len(situation.left)
    broken.assert_archived(broken.library.media())
    assert keys.items() <= broken.keys().items(), "a key changed"


def _assert_said(situation: Situation, stage: Stage, message: str) -> None:
    if situation.result is Result.COMPLETED:
        assert [text for text in stage.warnings if "listing is incomplete" in text] == []
        assert stage.told.sent == []
        return
    ((subject, _),) = stage.told.sent
    if situation.result is Result.COMPLETED_WITH_FAILURES:
        assert any(situation.says in warning for warning in stage.warnings), stage.warnings
        assert "done, but the listing was incomplete" in subject
    else:
        assert situation.says in message


def test_a_listing_that_never_ends_and_counts_nothing_is_given_up(
    broken: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discovery, "MOST_PAGES", 12)
    row = medium(0).row()

    def without_end(asked: Asked, healthy: Body) -> Body:
        if asked.page > 3:
            healthy["_embedded"]["media"] = [row | {"id": f"none{asked.page}"}]
        return without("_pages")(healthy)

    broken.faults.listing = without_end
    summary = broken.run()
    assert summary.result is Result.COMPLETED_WITH_FAILURES
    assert broken.faults.pages == 12
    assert "it does not end: 16 media were listed" in summary.message
    assert summary.reasons == {"gone_at_source": 9}, "made-up media are named one by one"
    broken.assert_archived(broken.library.media())
    broken.faults.heal()
    assert broken.run().result is Result.COMPLETED


NOT_GONE = {
    "a short listing": on_page(2, emptied, once=False),
    "a page that cannot be read": on_page(2, without("_embedded"), once=False),
    "nothing at all and no total": on_all(lambda _: {"_embedded": {"media": []}}),
    "a total that moves always": total_flips,
    "a total that is too small": with_total(2),
    "a listing that never ends": made_up_without_end,
    "an HTML page": on_all(lambda _: HTML),
    "a row that cannot be read": one_row("m4", lambda row: {**row, "id": None}),
}


@pytest.mark.parametrize("name", NOT_GONE)
def test_nothing_is_called_gone_on_an_incomplete_listing(name: str, broken: Stage) -> None:
    waiting = medium(4, state="uploading")
    broken.library.add(waiting)
    assert broken.run().reasons == {"not_ready": 1}
    broken.faults.listing = hiding("m4", NOT_GONE[name])
    summary = broken.run()
    gone = {named.media_id for named in summary.named if named.outcome is Outcome.GONE}
    assert {media_id for media_id in gone if not media_id.startswith("none")} == set()
    assert summary.result is not Result.COMPLETED
    assert broken.row("m4") is Status.PENDING
    broken.faults.heal()
    broken.library.add(medium(4))
    assert broken.run().result is Result.COMPLETED
    broken.assert_archived(broken.library.media())


def hiding(media_id: str, spoil: Spoil) -> Spoil:
    """As `spoil`, and without the medium's row; the total still counts it."""

    def both(asked: Asked, healthy: Body) -> Body | bytes | Answer:
        spoiled = spoil(asked, healthy)
        if isinstance(spoiled, dict):
            place = spoiled.get("_embedded", {})
            rows = [row for row in place.get("media", []) if row.get("id") != media_id]
            if "media" in place:
                place["media"] = rows
        return spoiled

    return both


def test_a_medium_that_slips_through_while_the_total_stands_still_is_not_called_gone(
    broken: Stage,
) -> None:
    """One medium is deleted and one restored from the trash between two pages: no count tells."""
    old = medium(8)
    broken.library.add(medium(3, state="uploading"))
    broken.run()
    broken.library.add(medium(3))

    def swap(asked: Asked, healthy: Body) -> Body:
        if (asked.reading, asked.page) == (1, 1):
            broken.library.remove("m0")
            broken.library.add(old)
        return healthy

    broken.faults.listing = swap
    summary = broken.run()
    assert summary.counts[Outcome.GONE] == 0
    assert broken.row("m3") is Status.COMPLETED, "the second reading saw it"
    assert summary.result is Result.COMPLETED
    broken.assert_archived([*broken.library.media(), medium(0)])


def during(what: Callable[[Library], object]) -> Callable[[Library], Spoil]:
    """A change of the library after page 1 of the first reading has been answered."""

    def plan(library: Library) -> Spoil:
        def spoil(asked: Asked, healthy: Body) -> Body:
            if (asked.reading, asked.page) == (1, 1):
                what(library)
            return healthy

        return spoil

    return plan


def add_all(library: Library, *numbers: int) -> None:
    """New uploads, each before all that are listed."""
    for number in numbers:
        library.add(medium(number, created_at=uploaded(-number)))


def exchange(library: Library, media_id: str, number: int) -> None:
    library.remove(media_id)
    add_all(library, number)


CHANGES = {
    "an upload": during(lambda library: add_all(library, 9)),
    "uploads of more than a page": during(lambda library: add_all(library, *range(9, 13))),
    "a deletion before the page": during(lambda library: library.remove("m1")),
    "a deletion behind the page": during(lambda library: library.remove("m5")),
    "deletions of a whole page": during(
        lambda library: [library.remove(media_id) for media_id in ("m0", "m1", "m2")]
    ),
    "an upload and a deletion": during(lambda library: exchange(library, "m0", 9)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_library_that_changes_while_it_is_listed_is_archived_whole(
    name: str, broken: Stage
) -> None:
    before = {each.id for each in broken.library.media()}
    broken.faults.listing = CHANGES[name](broken.library)
    first = broken.run()
    assert first.result is Result.COMPLETED, broken.warnings
    lasting = before & {each.id for each in broken.library.media()}
    assert lasting <= set(broken.keys()), "a medium slipped through"
    broken.faults.heal()
    assert broken.run().result is Result.COMPLETED
    assert {each.id for each in broken.library.media()} <= set(broken.keys())


def test_ids_that_differ_by_letter_case_only_are_two_media(tmp_path: Path) -> None:
    low = pattern_medium("abcdefgh12345", 500, created_at=uploaded(0))
    high = pattern_medium("ABCDEFGH12345", 700, created_at=uploaded(1))
    with stage(Library([low, high]), tmp_path) as cloud:
        assert cloud.run().counts[Outcome.ARCHIVED] == 2
        cloud.assert_archived([low, high])
        assert cloud.run().counts[Outcome.ALREADY_ARCHIVED] == 2


@pytest.mark.parametrize("place", [1, 6])
def test_of_two_rows_with_one_id_the_first_counts(broken: Stage, place: int) -> None:
    broken.faults.listing = twin_rows(place)
    broken.run()
    assert broken.keys()["m0"] == "gopro-videos/2024/05/GX010000.MP4"


def test_an_empty_library_is_done(tmp_path: Path) -> None:
    with stage(Library(), tmp_path) as cloud:
        summary = cloud.run()
        assert (summary.result, summary.found) == (Result.COMPLETED, 0)


def test_a_row_in_an_unknown_state_waits_and_is_archived_when_it_is_ready(broken: Stage) -> None:
    broken.faults.listing = one_row("m4", lambda row: row | {"ready_to_view": "dreaming"})
    first = broken.run()
    assert (first.result, first.reasons) == (Result.COMPLETED, {"not_ready": 1})
    (named,) = first.named
    assert "'dreaming'" in named.message
    assert broken.row("m4") is Status.PENDING
    broken.faults.heal()
    broken.run()
    broken.assert_archived(broken.library.media())


def test_a_healthy_library_is_listed_once(broken: Stage) -> None:
    """Proof costs no second reading where the cloud's count holds."""
    broken.faults.listing = on_all(lambda body: body)
    broken.run()
    assert (broken.faults.readings, broken.faults.pages) == (1, 4)
