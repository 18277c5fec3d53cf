"""Whatever becomes of a valid answer, it is read rightly or refused by name: never a crash.

Answers are mutated anywhere: members dropped, retyped, nested, doubled, renamed.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_sync.clock import to_text
from cloud_sync.errors import (
    CloudSyncError,
    NoOriginal,
    NotReady,
    ServiceUnavailable,
    SourceNotUnderstood,
)
from cloud_sync.model.media import MediaFile, MediaItem
from cloud_sync.provider.gopro.wire import parse_download, parse_page, parse_user

Path = tuple[Any, ...]
"""Keys and indices from the root to one place."""

ROW: dict[str, Any] = {
    "id": "aBc123DEF4567",
    "type": "Video",
    "filename": "GX010777.MP4",
    "file_extension": "MP4",
    "file_size": 4_000_000_000,
    "item_count": 3,
    "ready_to_view": "ready",
    "captured_at": "2024-07-31T23:30:00+02:00",
    "created_at": "2024-08-01T08:00:00Z",
    "updated_at": "2024-08-01T09:00:00Z",
    "source_duration": "61500",
}
LISTING: dict[str, Any] = {
    "_embedded": {"errors": [], "media": [ROW, ROW | {"id": "b"}, ROW | {"id": "c"}]},
    "_pages": {"current_page": 1, "per_page": 100, "total_items": 3, "total_pages": 1},
}


def entry(name: str, number: int, **fields: Any) -> dict[str, Any]:
    return {
        "url": f"https://cdn.example/x/source/default/{name}?Signature=SECRET",
        "item_number": number,
        "camera_position": "default",
        "available": True,
    } | fields


CHAPTERS: dict[str, Any] = {
    "filename": "GX010777.MP4",
    "_embedded": {
        "files": [entry(f"proxy{n}.mp4", n) for n in (1, 2, 3)],
        "variations": [
            entry("edit.mp4", 1, label="edit_proxy", type="mp4"),
            *(entry(f"{n}.mp4", n, label="source", type="mp4") for n in (2, 1, 3)),
        ],
        "sidecar_files": [entry("t.mp4", 1, label="gpmf", type="mp4")],
    },
}
FRAMES: dict[str, Any] = {
    "filename": "G0011530.JPG",
    "_embedded": {
        "files": [entry(f"{n}.jpg", n) for n in (1, 2, 3)],
        "variations": [entry("1.jpg", 1, label="source", type="jpg")],
        "sidecar_files": [entry("a.gpr", 1, label="raw_photo", type="gpr")],
    },
}
ORIGINALS = {f"{n}.{kind}" for n in (1, 2, 3) for kind in ("mp4", "jpg")} | {"a.gpr"}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=True)
    | st.text(max_size=8)
    | st.sampled_from([10**400, -(10**30), "\ud800", "9" * 25, "..", "http://[", "0001-01-01"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


def places(value: Any, path: Path = ()) -> Iterator[Path]:
    """Every place inside `value` but the root."""
    steps: Sequence[Any] = ()
    if isinstance(value, dict):
        steps = list(value)
    elif isinstance(value, list):
        steps = range(len(value))
    for step in steps:
        yield (*path, step)
        yield from places(value[step], (*path, step))


def mutate(draw: st.DrawFn, value: Any) -> None:
    """Change one place of `value` in place; nothing when there is none left."""
    found = list(places(value))
    if not found:
        return
    path = draw(st.sampled_from(found))
    parent: Any = value
    for step in path[:-1]:
        parent = parent[step]
    last = path[-1]
    how = draw(st.sampled_from(["drop", "retype", "nest", "double", "rename", "as text"]))
    if how == "drop":
        del parent[last]
    elif how == "retype":
        parent[last] = draw(values)
    elif how == "nest":
        parent[last] = draw(st.sampled_from([[parent[last]], {"value": parent[last]}]))
    elif how == "as text":
        parent[last] = str(parent[last])
    elif isinstance(parent, list):
        parent.append(copy.deepcopy(parent[last]))
    elif how == "rename":
        parent[draw(st.text(max_size=4))] = parent.pop(last)
    else:
        parent[last] = [copy.deepcopy(parent[last])] * 2


@st.composite
def mutated(draw: st.DrawFn, *originals: dict[str, Any]) -> Any:
    value = copy.deepcopy(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        mutate(draw, value)
    return value


def check_item(item: MediaItem) -> None:
    """The model's own promises, and that a tracker can hold and compare what it gets."""
    assert item.id
    for text in (item.id, item.type, item.filename, item.extension, item.state):
        text.encode("utf-8")
    assert item.size is None or 0 < item.size < 2**63
    assert 0 < item.file_count < 2**63
    assert item.duration_seconds is None or 0 <= item.duration_seconds < float("inf")
    for moment in (item.captured_at, item.uploaded_at, item.updated_at):
        assert moment is None or to_text(moment)


def emptied(body: Any) -> bool:
    """Whether the mutation made the list of media an empty one, which is a valid answer."""
    embedded = body.get("_embedded")
    return isinstance(embedded, dict) and embedded.get("media") == []


def test_what_is_mutated_is_read_whole_before() -> None:
    """Were it refused as it is, the properties below would hold of nothing."""
    page = parse_page(LISTING, 1)
    assert [item.id for item in page.items] == ["aBc123DEF4567", "b", "c"]
    assert not page.unreadable
    for offer, originals in ((CHAPTERS, 3), (FRAMES, 4)):
        files = parse_download(offer, page.items[0])
        names = {file.url.reveal().partition("?")[0].rpartition("/")[2] for file in files}
        assert len(files) == len(names) == originals
        assert names <= ORIGINALS


MANY = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@MANY
@given(mutated(LISTING), st.integers(1, 9))
def test_a_mutated_listing_names_every_row_it_cannot_read(body: Any, number: int) -> None:
    try:
        page = parse_page(body, number)
    except SourceNotUnderstood:
        return
    except ServiceUnavailable:
        assert emptied(body)
        return
    rows = body["_embedded"]["media"]
    assert len(page.items) + len(page.unreadable) >= len(rows)
    assert page.last == (not rows)
    for item in page.items:
        check_item(item)


@MANY
@given(mutated(CHAPTERS, FRAMES))
def test_a_mutated_offer_gives_all_originals_or_none(body: Any) -> None:
    item = parse_page(LISTING, 1).items[0]
    try:
        files = parse_download(body, item)
    except (SourceNotUnderstood, NoOriginal, NotReady) as error:
        told = error.message
    else:
        check_files(files)
        told = repr(files)
    assert "SECRET" not in told


def check_files(files: Sequence[MediaFile]) -> None:
    numbers = [file.number for file in files]
    assert numbers == sorted(set(numbers)), "numbers are in order, each once"
    assert len(files) >= 3, "three originals are promised"
    assert numbers[0] == 1
    assert len({file.url for file in files}) == len(files), "one file stands for two"
    for file in files:
        file.filename.encode("utf-8")
        assert file.extension == file.extension.lower()


@MANY
@given(mutated(CHAPTERS))
def test_no_proxy_is_ever_given_for_a_chapter(body: Any) -> None:
    """Unless a mutation has moved the label `source` itself, only originals come out."""
    item = parse_page(LISTING, 1).items[0]
    try:
        files = parse_download(body, item)
    except CloudSyncError:
        return
    for file in files:
        name = file.url.reveal().partition("?")[0].rpartition("/")[2]
        assert not name.startswith(("proxy", "edit"))


@MANY
@given(mutated({"user_id": "u", "user": {"id": "x"}, "errors": []}))
def test_a_mutated_account_is_an_account_or_refused(body: Any) -> None:
    try:
        parse_user(body).id.encode("utf-8")
    except SourceNotUnderstood:
        return


@MANY
@given(values | st.binary(max_size=40))
def test_any_value_at_all_is_refused_by_name(body: Any) -> None:
    item = parse_page(LISTING, 1).items[0]
    for read in (lambda: parse_page(body, 1), lambda: parse_download(body, item)):
        try:
            read()
        except SourceNotUnderstood:
            continue
        raise AssertionError("nothing like an answer was read as one")


@MANY
@given(st.data())
def test_a_cut_answer_is_never_a_shorter_one(data: st.DataObject) -> None:
    whole = json.dumps(LISTING).encode()
    cut = data.draw(st.integers(0, len(whole) - 1))
    try:
        parse_page(whole[:cut], 1)
    except SourceNotUnderstood:
        return
    raise AssertionError("a cut answer was read as a whole one")
