"""Where an original lands: the examples of the layout, one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest

from cloud_sync.archive.layout import collision_form, first_key_candidates, key_candidates
from cloud_sync.model.media import MediaItem

MONTH = "gopro-videos/2025/06/"

ITEM = MediaItem(
    id="x4Kq9",
    type="Video",
    filename="GX010042.MP4",
    extension="mp4",
    state="ready",
    ready=True,
    size=1,
    file_count=1,
    captured_at=datetime(2025, 6, 30, 12, tzinfo=UTC),
    uploaded_at=datetime(2025, 7, 2, tzinfo=UTC),
    updated_at=None,
    duration_seconds=None,
)


def test_the_plain_name_comes_first_and_the_media_id_settles_a_collision() -> None:
    first, second, *_ = key_candidates(ITEM, 1, "GX010042.MP4", "mp4")
    assert first == MONTH + "GX010042.MP4"
    assert second == MONTH + "GX010042-x4Kq9.MP4"


def test_from_the_second_file_on_the_mark_holds_the_number_too() -> None:
    first, second, *_ = key_candidates(ITEM, 2, "GX020042.MP4", "mp4")
    assert first == MONTH + "GX020042.MP4"
    assert second == MONTH + "GX020042-x4Kq9-2.MP4"


def test_the_listing_alone_gives_the_keys_of_the_first_file() -> None:
    assert first_key_candidates(ITEM) == key_candidates(ITEM, 1, "GX010042.MP4", "mp4")


@pytest.mark.parametrize(
    ("captured", "uploaded", "directory"),
    [
        (datetime(2025, 6, 30, tzinfo=UTC), datetime(2025, 7, 2, tzinfo=UTC), "2025/06"),
        (None, datetime(2025, 7, 2, tzinfo=UTC), "2025/07"),
        (None, None, "undated"),
        # as the provider writes it: already July there, still June in UTC
        (datetime(2025, 7, 1, 1, tzinfo=timezone(timedelta(hours=2))), None, "2025/07"),
        (datetime(2025, 6, 30, 23, tzinfo=timezone(timedelta(hours=-8))), None, "2025/06"),
        (datetime(9, 1, 1, tzinfo=UTC), None, "0009/01"),
    ],
)
def test_the_folder_is_the_month_of_capture_then_of_upload(
    captured: datetime | None, uploaded: datetime | None, directory: str
) -> None:
    dated = replace(ITEM, captured_at=captured, uploaded_at=uploaded)
    assert first_key_candidates(dated)[0] == f"gopro-videos/{directory}/GX010042.MP4"


@pytest.mark.parametrize(
    ("filename", "extension", "name"),
    [
        ("GX010042.MP4", "mp4", "GX010042.MP4"),
        ("GX010042.MP4", "", "GX010042.MP4"),
        ("GX010042", "mp4", "GX010042.mp4"),
        ("GOPR0001.JPG", "gpr", "GOPR0001.gpr"),
        ("my.holiday.2025", "mp4", "my.holiday.mp4"),
        ("", "mp4", "x4Kq9.mp4"),
        ("", "", "x4Kq9"),
        ("..", "mp4", "_.mp4"),
        ("../../etc/passwd", "mp4", "__.._etc_passwd.mp4"),
        (" blank.mp4", "mp4", "_blank.mp4"),
        (".hidden", "", "_hidden"),
        ("trailing. ", "", "trailing_"),
        ("a:b*c|d.mp4", "mp4", "a_b_c_d.mp4"),
        ("e\u0301.mp4", "mp4", "\u00e9.mp4"),
        ("100% & more?.mp4", "mp4", "100% & more_.mp4"),
    ],
)
def test_a_name_stays_as_it_is_where_it_can(filename: str, extension: str, name: str) -> None:
    assert key_candidates(ITEM, 1, filename, extension)[0] == MONTH + name


def test_an_edit_is_an_mp4_whatever_the_listing_calls_its_project_file() -> None:
    edit = replace(ITEM, type="MultiClipEdit", filename="Holiday.json", extension="json")
    assert first_key_candidates(edit)[0] == MONTH + "Holiday.mp4"


def test_without_a_kind_of_file_the_key_waits_for_the_files() -> None:
    assert first_key_candidates(replace(ITEM, filename="", extension="")) == ()


def test_a_long_name_is_cut_at_its_stem_and_keeps_mark_and_extension() -> None:
    first, second, *_ = key_candidates(ITEM, 1, "é" * 300 + ".mp4", "mp4")
    names = [key.removeprefix(MONTH) for key in (first, second)]
    assert [len(name.encode()) for name in names] == [254, 254]
    assert names[0].endswith("é.mp4")
    assert names[1].endswith("é-x4Kq9.mp4")


def test_an_endless_extension_is_cut_too() -> None:
    name = key_candidates(ITEM, 1, "a", "x" * 400)[0].removeprefix(MONTH)
    assert name == "a." + "x" * 32


@pytest.mark.parametrize(
    ("one", "other"),
    [("A/B.MP4", "a/b.mp4"), ("\u00e9", "e\u0301"), ("Straße", "STRASSE"), ("\u212b", "\u00e5")],
)
def test_keys_that_may_be_one_file_on_some_disk_have_one_form(one: str, other: str) -> None:
    assert collision_form(one) == collision_form(other)
