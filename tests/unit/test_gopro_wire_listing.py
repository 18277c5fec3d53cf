"""What a page of the GoPro listing becomes, and what is named when it cannot be read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud_sync.errors import ServiceUnavailable, SourceNotUnderstood
from cloud_sync.provider.gopro.wire import parse_page, parse_user


def row(**fields: Any) -> dict[str, Any]:
    return {
        "id": "aBc123DEF4567",
        "type": "Video",
        "filename": "GX010777.MP4",
        "file_extension": "MP4",
        "file_size": 4_000_000_000,
        "item_count": 2,
        "ready_to_view": "ready",
        "captured_at": "2024-07-31T23:30:00+02:00",
        "created_at": "2024-08-01T08:00:00Z",
        "updated_at": "2024-08-01T09:00:00Z",
        "source_duration": "61500",
    } | fields


def page(*rows: Any, total: Any = 971, **embedded: Any) -> dict[str, Any]:
    return {
        "_embedded": {"errors": [], "media": list(rows)} | embedded,
        "_pages": {"current_page": 1, "per_page": 100, "total_items": total, "total_pages": 10},
    }


def test_a_row_is_read_in_full_and_keeps_the_offset_it_was_written_with() -> None:
    item = parse_page(json.dumps(page(row())).encode(), 1).items[0]
    assert (item.id, item.type, item.filename) == ("aBc123DEF4567", "Video", "GX010777.MP4")
    assert (item.extension, item.size, item.file_count) == ("mp4", 4_000_000_000, 2)
    assert item.ready
    assert item.captured_at is not None
    assert item.captured_at.utcoffset() == timedelta(hours=2)
    assert item.captured_at.month == 7
    assert item.uploaded_at == datetime(2024, 8, 1, 8, tzinfo=UTC)
    assert item.updated_at == datetime(2024, 8, 1, 9, tzinfo=UTC)
    assert item.duration_seconds == 61.5


def test_the_total_is_told_and_a_page_with_rows_is_never_the_last() -> None:
    read = parse_page(page(row()), 10)
    assert (read.total_items, read.last) == (971, False)


def test_an_empty_page_past_the_end_is_the_last() -> None:
    read = parse_page(page(), 11)
    assert (read.items, read.unreadable, read.last) == ((), (), True)


def test_an_empty_library_is_an_empty_last_page() -> None:
    assert parse_page(page(total=0), 1).last


def test_an_empty_first_page_of_a_counted_library_is_a_fault_and_no_empty_library() -> None:
    with pytest.raises(ServiceUnavailable, match="although 971 media"):
        parse_page(page(), 1)


@pytest.mark.parametrize(
    ("body", "named"),
    [
        (b"<!DOCTYPE html><html>blocked</html>", "an HTML page (35 bytes)"),
        (b"", "not JSON (0 bytes)"),
        (b'{"_embedded": {"media": [', "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        pytest.param(b"[" * 100_000, "not JSON", id="deep"),
        (b'{"_embedded": {"media": [NaN]}}', "not JSON"),
        (b"[]", "the answer is a list where an object"),
        (b'"text"', "the answer is text where an object"),
        (b"null", "the answer is null where an object"),
        (b"{}", "`_embedded` is missing where an object"),
        (b'{"_embedded": null}', "`_embedded` is null where an object"),
        (b'{"_embedded": []}', "`_embedded` is a list where an object"),
        (b'{"_embedded": {}}', "`_embedded.media` is missing where a list"),
        (b'{"_embedded": {"media": {}}}', "`_embedded.media` is an object where a list"),
        (b'{"_embedded": {"media": "secret"}}', "`_embedded.media` is text where a list"),
    ],
)
def test_what_is_no_listing_is_named_and_never_an_empty_page(body: bytes, named: str) -> None:
    with pytest.raises(SourceNotUnderstood) as raised:
        parse_page(body, 3)
    assert named in raised.value.message
    assert "page 3" in raised.value.message
    assert "secret" not in raised.value.message


@pytest.mark.parametrize(
    ("bad", "named"),
    [
        ({"filename": "GX1.MP4"}, "page 2, row 2 (GX1.MP4): `id` is missing"),
        ({"id": None}, "`id` is null"),
        ({"id": ""}, "`id` is text that cannot be used"),
        ({"id": ".."}, "`id` is text that cannot be used"),
        ({"id": "a/b"}, "`id` is text that cannot be used"),
        ({"id": "a\ud800"}, "`id` is text that cannot be used"),
        ({"id": "\udfff"}, "`id` is text that cannot be used"),
        ({"id": "a\x00b"}, "`id` is text that cannot be used"),
        ({"id": ["x"]}, "`id` is a list"),
        ({"id": True}, "`id` is true or false"),
        ("text", "page 2, row 2: it is text where an object"),
        (None, "page 2, row 2: it is null where an object"),
    ],
)
def test_a_row_that_cannot_be_read_is_named_and_the_others_are_read(bad: Any, named: str) -> None:
    read = parse_page(page(row(), bad, row(id="other")), 2)
    assert [item.id for item in read.items] == ["aBc123DEF4567", "other"]
    assert len(read.unreadable) == 1
    assert named in read.unreadable[0]
    assert not read.last


def test_a_page_of_unreadable_rows_only_is_not_the_last() -> None:
    assert not parse_page(page({}, {}), 5).last


def test_errors_that_the_cloud_reports_with_a_page_are_told() -> None:
    read = parse_page(page(row(), errors=[{"code": 5}, "x"]), 4)
    assert len(read.unreadable) == 2
    assert "page 4: the camera cloud itself reports an error" in read.unreadable[0]


def test_an_id_keeps_its_letter_case_and_a_number_counts_as_text() -> None:
    read = parse_page(page(row(id="AbC"), row(id="aBc"), row(id=77)), 1)
    assert [item.id for item in read.items] == ["AbC", "aBc", "77"]


def test_everything_but_the_id_may_be_missing_or_null() -> None:
    bare = parse_page(page({"id": "x"}, dict.fromkeys(row(), None) | {"id": "y"}), 1).items
    assert [item.id for item in bare] == ["x", "y"]
    for item in bare:
        assert (item.type, item.filename, item.extension, item.size) == ("", "", "", None)
        assert (item.file_count, item.captured_at, item.duration_seconds) == (1, None, None)


@pytest.mark.parametrize("kind", ["Photo", "ExternalVideo", "Livestream", "Audio", "HoloBurst"])
def test_every_type_is_listed_whether_known_or_not(kind: str) -> None:
    assert parse_page(page(row(type=kind)), 1).items[0].type == kind


@pytest.mark.parametrize("name", ["", "GS010001.360", "my holiday ☀.mov", "20191231_1.mp4"])
def test_no_item_is_left_out_for_its_file_name(name: str) -> None:
    assert parse_page(page(row(filename=name)), 1).items[0].filename == name


@pytest.mark.parametrize(
    "state",
    [
        *("uploading", "registered", "pretranscoding", "transcoding", "processing", "loading"),
        *("rendering", "stabilizing", "updating", "live", "failure", "unknown", "dreaming", None),
    ],
)
def test_any_state_but_ready_waits(state: str | None) -> None:
    item = parse_page(page(row(ready_to_view=state)), 1).items[0]
    assert not item.ready
    assert item.state == (state or "")


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ("123", 123),
        (123.0, 123),
        (0, None),
        ("0", None),
        (-1, None),
        (1.5, None),
        (True, None),
        (2**63, None),
        ("9" * 30, None),
        ("many", None),
        ([], None),
    ],
)
def test_a_size_is_a_positive_whole_number_or_unknown(value: Any, size: int | None) -> None:
    assert parse_page(page(row(file_size=value)), 1).items[0].size == size


@pytest.mark.parametrize(
    "value",
    ["", "yesterday", 1722470400, "0000-00-00T00:00:00Z", "0001-01-01T00:00:00+14:00", {}],
)
def test_a_capture_date_that_cannot_be_read_is_unknown(value: Any) -> None:
    assert parse_page(page(row(captured_at=value)), 1).items[0].captured_at is None


@pytest.mark.parametrize("value", ["nan", "inf", -5, 10**400, True, "soon", [1]])
def test_a_duration_that_cannot_be_read_is_unknown(value: Any) -> None:
    assert parse_page(page(row(source_duration=value)), 1).items[0].duration_seconds is None


def test_a_name_with_half_a_surrogate_pair_can_be_stored() -> None:
    name = parse_page(page(row(filename="GX\ud83d1.MP4")), 1).items[0].filename
    assert name.encode() == b"GX?1.MP4"


@pytest.mark.parametrize(
    "body",
    [
        {"user_id": "u1"},
        {"gopro_user_id": "u1"},
        {"id": "u1", "storage": {}},
        {"user": {"id": "u1"}},
        {"_embedded": {"user": {"user_id": "u1"}}},
    ],
)
def test_the_account_is_found_where_it_may_stand(body: dict[str, Any]) -> None:
    assert parse_user(body).id == "u1"


def test_an_account_answer_without_an_id_is_a_login_that_works() -> None:
    assert parse_user({"storage_used": 5}).id == ""


@pytest.mark.parametrize("body", [b"<html>", b"[]", {"error": "invalid_request"}])
def test_an_account_answer_that_is_none_is_not_understood(body: Any) -> None:
    with pytest.raises(SourceNotUnderstood):
        parse_user(body)
