"""Rows, descriptors, listings, signatures and ranges are worded as the real service words them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from cloud_sync.clock import from_text
from cloud_sync.simulator.descriptor import describe
from cloud_sync.simulator.library import Library, Shape, SimMedium, generate, pattern_medium
from cloud_sync.simulator.listing import BadQuery, Query, read_page, read_query
from cloud_sync.simulator.objects import object_at
from cloud_sync.simulator.ranges import Stretch, Unsatisfiable, read_range
from cloud_sync.simulator.rows import single_row
from cloud_sync.simulator.signing import Signer

NULLABLE = {
    "filename", "file_extension", "captured_at", "captured_at_timezone", "file_size", "width",
    "height", "source_duration", "camera_model", "content_title", "content_type",
    "content_description", "source_mgumi", "mce_type", "fov", "reprocessed_at",
    "firmware_version", "stabilized",
}  # fmt: skip
NEVER_NULL = {
    "id", "type", "created_at", "updated_at", "submitted_at", "item_count", "resolution", "tags",
    "gopro_user_id", "source_gumi", "moments_count", "on_public_profile", "orientation", "play_as",
    "ready_to_edit", "ready_to_view", "token", "thumbnail_available", "available_labels",
    "ai_training_opt_out",
}  # fmt: skip


class HandClock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant

    def monotonic(self) -> float:
        return self.instant.timestamp()


def _sign(method: str, path: str) -> str:
    return f"{method} {path}"


def _described(medium: SimMedium) -> Mapping[str, Any]:
    found = describe(medium, _sign)
    json.dumps(found)
    embedded: Mapping[str, Any] = found["_embedded"]
    return embedded


def _labels(medium: SimMedium) -> list[str]:
    return [entry["label"] for entry in _described(medium)["variations"]]


@pytest.fixture(scope="module")
def media() -> tuple[SimMedium, ...]:
    return generate(1500, seed=8, file_bytes=(10, 100)).media()


class TestRows:
    def test_every_row_has_every_field(self, media: tuple[SimMedium, ...]) -> None:
        for medium in media:
            assert set(medium.row()) == NULLABLE | NEVER_NULL

    def test_what_may_be_null_is_null_somewhere_and_nothing_else_ever(
        self, media: tuple[SimMedium, ...]
    ) -> None:
        rows = [medium.row() for medium in media]
        null = {name for row in rows for name, value in row.items() if value is None}
        assert null == NULLABLE
        filled = {name for row in rows for name, value in row.items() if value is not None}
        assert NULLABLE - filled <= {"content_type", "content_description", "reprocessed_at"}

    def test_dates_are_utc_instants_with_a_z(self, media: tuple[SimMedium, ...]) -> None:
        for medium in media:
            row = medium.row()
            assert row["created_at"].endswith("Z")
            assert from_text(row["created_at"]) == medium.created_at
            assert from_text(row["updated_at"]) > medium.created_at

    def test_durations_are_milliseconds_as_text(self, media: tuple[SimMedium, ...]) -> None:
        durations = [medium.row()["source_duration"] for medium in media]
        assert all(text is None or text.isdigit() for text in durations)

    def test_item_count_is_the_number_of_originals(self, media: tuple[SimMedium, ...]) -> None:
        for medium in media:
            if medium.offers_original:
                assert medium.row()["item_count"] == len(medium.originals)

    def test_a_single_row_tells_more(self) -> None:
        medium = pattern_medium("A", 5, 6)
        more = set(single_row(medium)) - set(medium.row())
        assert more == {"folder_path", "region", "item_durations"}


class TestDescriptors:
    def test_a_videos_original_comes_after_its_proxies(self) -> None:
        medium = pattern_medium("A", 100)
        embedded = _described(medium)
        assert _labels(medium) == ["edit_proxy", "high_res_proxy_mp4", "source"]
        assert "/proxy/" in embedded["files"][0]["url"]

    def test_a_proxy_may_have_the_size_of_the_source(self) -> None:
        proxy, source = _described(pattern_medium("A", 100))["variations"][1:]
        assert (proxy["width"], proxy["height"]) == (source["width"], source["height"])

    def test_chapters_are_told_apart_by_number_and_path(self, media: tuple[SimMedium, ...]) -> None:
        orders = set()
        for medium in media:
            if medium.type == "Video" and len(medium.originals) > 1:
                sources = [
                    entry
                    for entry in _described(medium)["variations"]
                    if entry["label"] == "source"
                ]
                numbers = [entry["item_number"] for entry in sources]
                assert sorted(numbers) == list(range(1, len(medium.originals) + 1))
                assert all(
                    entry["url"].endswith(f"/source/default/{entry['item_number']}.mp4")
                    for entry in sources
                    if medium.originals[0].extension == "mp4"
                )
                orders.add(numbers == sorted(numbers))
        assert orders == {True, False}, "chapters always come in one order"

    def test_some_chaptered_videos_offer_a_joined_copy(self, media: tuple[SimMedium, ...]) -> None:
        chaptered = [m for m in media if m.type == "Video" and m.ready and len(m.originals) > 1]
        assert {"concat" in _labels(medium) for medium in chaptered} == {True, False}

    def test_a_photos_first_file_is_its_original(self) -> None:
        medium = pattern_medium("A", 5, media_type="Photo", extension="jpg")
        embedded = _described(medium)
        assert embedded["files"][0]["url"] == embedded["variations"][0]["url"]
        assert _labels(medium) == ["source"]

    def test_a_burst_has_all_frames_in_files_and_one_cover_as_source(self) -> None:
        medium = pattern_medium(
            "A", 5, 6, 7, media_type="Burst", extension="jpg", shape=Shape.FRAMES
        )
        embedded = _described(medium)
        assert [entry["item_number"] for entry in embedded["files"]] == [1, 2, 3]
        (cover,) = embedded["variations"]
        assert cover["label"] == "source"
        assert cover["url"] == embedded["files"][0]["url"]

    def test_the_other_kind_of_set_has_numbered_sources(self) -> None:
        medium = pattern_medium("A", 5, 6, 7, media_type="TimeLapse", extension="jpg")
        variations = _described(medium)["variations"]
        assert sorted(entry["item_number"] for entry in variations) == [1, 2, 3]

    def test_edits_have_a_baked_source_and_no_source(self) -> None:
        medium = pattern_medium("A", 5, media_type="MultiClipEdit", shape=Shape.BAKED)
        assert _labels(medium)[-1] == "baked_source"
        assert "source" not in _labels(medium)

    @pytest.mark.parametrize(
        ("shape", "place"),
        [(Shape.RAW_SIDECAR, "sidecar_files"), (Shape.RAW_VARIATION, "variations")],
    )
    def test_raw_photos_stand_beside_the_jpg(self, shape: Shape, place: str) -> None:
        medium = pattern_medium("A", 5, 6, media_type="Photo", extension="jpg", shape=shape)
        medium.originals[1].extension = "gpr"
        raw = [entry for entry in _described(medium)[place] if entry["label"] == "raw_photo"]
        assert [entry["type"] for entry in raw] == ["gpr"]
        assert _labels(medium).count("source") == 1

    def test_an_item_without_an_original_offers_proxies_only(self) -> None:
        medium = replace(pattern_medium("A", 5), originals=())
        assert _labels(medium) == ["edit_proxy", "high_res_proxy_mp4"]

    def test_an_item_that_is_not_ready_offers_its_source_at_most(self) -> None:
        medium = pattern_medium("A", 5)
        assert _labels(replace(medium, state="transcoding")) == ["source"]
        assert _labels(replace(medium, state="uploading", originals=())) == []

    def test_parts_of_a_descriptor_are_now_and_then_absent_or_null(
        self, media: tuple[SimMedium, ...]
    ) -> None:
        singles = [m for m in media if m.type == "Video" and len(m.originals) == 1]
        numbers = {_described(m)["variations"][-1].get("item_number", "absent") for m in singles}
        assert numbers == {1, None, "absent"}

    def test_every_url_leads_to_an_object_and_originals_to_their_bytes(
        self, media: tuple[SimMedium, ...]
    ) -> None:
        for medium in media:
            embedded = _described(medium)
            reached = set()
            entries = embedded["files"] + embedded["variations"] + embedded["sidecar_files"]
            for entry in entries:
                found = object_at(medium, entry["url"].removeprefix("GET "))
                assert found is not None, entry
                assert entry["head"] == entry["url"].replace("GET", "HEAD")
                if found in medium.originals:
                    reached.add(found.number)
            assert reached == {file.number for file in medium.originals}


class TestListing:
    def test_newest_capture_comes_first_and_unknown_captures_stand_at_their_upload(self) -> None:
        day = datetime(2024, 1, 1, tzinfo=UTC)
        library = Library(
            pattern_medium(name, 1, captured_at=captured, created_at=created)
            for name, captured, created in (
                ("old", day, day + timedelta(days=900)),
                ("new", day + timedelta(days=50), day + timedelta(days=51)),
                ("unknown", None, day + timedelta(days=20)),
            )
        )
        assert [medium.id for medium in library.media()] == ["new", "unknown", "old"]
        page, total = library.page(Query(order_by="created_at"), 1, 2)
        assert ([medium.id for medium in page], total) == (["old", "new"], 3)

    def test_pages_together_are_the_library(self, media: tuple[SimMedium, ...]) -> None:
        library = Library(media)
        for query in (Query(), Query(types=frozenset({"Video", "Photo"}))):
            seen: list[SimMedium] = []
            for number in range(1, 100):
                page, total = library.page(query, number, 70)
                seen += page
            assert seen == [medium for medium in media if query.matches(medium)]
            assert total == len(seen)

    def test_an_addition_while_paging_shifts_items_to_the_next_page(self) -> None:
        library = generate(40, seed=1, plain=True)
        first, _ = library.page(Query(), 1, 10)
        library.add(pattern_medium("X", 1, captured_at=datetime(2030, 1, 1, tzinfo=UTC)))
        second, _ = library.page(Query(), 2, 10)
        assert second[0] == first[-1]

    def test_a_removal_while_paging_hides_an_item(self) -> None:
        library = generate(40, seed=1, plain=True)
        before = library.media()
        library.page(Query(), 1, 10)
        library.remove(before[0].id)
        second, total = library.page(Query(), 2, 10)
        assert second[0] == before[11], "item 11 has moved to the page that was read already"
        assert total == 39

    def test_a_filtered_listing_is_live_too(self) -> None:
        library = generate(40, seed=1, plain=True)
        query = Query(types=frozenset({"Photo"}))
        photo, _ = library.page(query, 1, 1)
        _, before = library.page(query, 1, 100)
        library.remove(photo[0].id)
        assert library.page(query, 1, 100)[1] == before - 1

    def test_an_added_medium_replaces_its_older_self(self) -> None:
        library = generate(40, seed=1, plain=True)
        oldest = library.media()[-1]
        moved = replace(oldest, captured_at=datetime(2030, 1, 1, tzinfo=UTC), filename="x.MP4")
        library.add(moved)
        assert library.media()[0] == moved
        assert library.get(oldest.id) == moved
        assert len(library.media()) == len(library) == 40

    def test_a_removed_medium_is_gone_from_the_listing_and_still_stored(self) -> None:
        library = generate(5, seed=1, plain=True)
        medium = library.remove(library.media()[2].id)
        assert library.get(medium.id) is None
        assert medium not in library.media()
        assert library.stored(medium.id) == medium
        with pytest.raises(KeyError):
            library.remove(medium.id)

    def test_a_capture_range_is_half_open(self) -> None:
        query = read_query({"captured_range": "2024-01-01T00:00:00Z,2024-02-01T00:00:00Z"})
        inside = pattern_medium("A", 1, captured_at=datetime(2024, 1, 1, tzinfo=UTC))
        assert query.matches(inside)
        end = datetime(2024, 2, 1, tzinfo=UTC)
        assert query.matches(replace(inside, captured_at=end - timedelta(seconds=1)))
        assert not query.matches(replace(inside, captured_at=end))
        assert not query.matches(replace(inside, captured_at=None))

    def test_filters_are_read_from_lists_with_commas(self) -> None:
        query = read_query({"type": "Video, Photo", "processing_states": "ready"})
        assert query == Query(types=frozenset({"Video", "Photo"}), states=frozenset({"ready"}))
        assert query.matches(pattern_medium("A", 1))
        assert not query.matches(replace(pattern_medium("A", 1), state="failure"))
        assert not query.matches(replace(pattern_medium("A", 1), type="Burst"))

    @pytest.mark.parametrize(
        "parameters",
        [{"order_by": "size"}, {"captured_range": "2024"}, {"captured_range": "a,b"}],
    )
    def test_filters_that_cannot_be_read_are_refused(self, parameters: dict[str, str]) -> None:
        with pytest.raises(BadQuery):
            read_query(parameters)

    def test_page_sizes_have_a_default_and_a_cap(self) -> None:
        assert read_page({}) == (1, 30)
        assert read_page({"page": "3", "per_page": "1000"}) == (3, 100)

    @pytest.mark.parametrize("text", ["0", "-1", "x", "1.5", "²"])
    def test_page_numbers_that_are_none_are_refused(self, text: str) -> None:
        with pytest.raises(BadQuery):
            read_page({"page": text})


class TestSignatures:
    def test_a_url_opens_what_it_was_signed_for_and_nothing_else(self) -> None:
        signer = Signer(3600, HandClock())
        query = dict(parse_qsl(signer.sign("GET", "/a/1", "attachment")))
        assert signer.refusal("GET", "/a/1", query) == ""
        assert signer.refusal("HEAD", "/a/1", query) == "signature"
        assert signer.refusal("GET", "/a/2", query) == "signature"
        for name in ("Expires", "Signature", "response-content-disposition"):
            assert signer.refusal("GET", "/a/1", query | {name: query[name] + "0"}) == "signature"
            without = {key: value for key, value in query.items() if key != name}
            assert signer.refusal("GET", "/a/1", without) == "signature"

    def test_a_url_dies_with_its_time(self) -> None:
        clock = HandClock()
        signer = Signer(3600, clock)
        query = dict(parse_qsl(signer.sign("GET", "/a/1", "")))
        clock.instant += timedelta(seconds=3599)
        assert signer.refusal("GET", "/a/1", query) == ""
        clock.instant += timedelta(seconds=1)
        assert signer.refusal("GET", "/a/1", query) == "expired"

    def test_another_simulators_signature_opens_nothing(self) -> None:
        query = dict(parse_qsl(Signer(3600, HandClock()).sign("GET", "/a/1", "")))
        assert Signer(3600, HandClock()).refusal("GET", "/a/1", query) == "signature"


class TestRanges:
    @pytest.mark.parametrize(
        ("header", "offset", "length"),
        [
            ("bytes=0-0", 0, 1),
            ("bytes=10-19", 10, 10),
            ("bytes=90-", 90, 10),
            ("bytes=90-500", 90, 10),
            ("bytes=-5", 95, 5),
            ("bytes=-500", 0, 100),
        ],
    )
    def test_a_range_is_cut_to_the_object(self, header: str, offset: int, length: int) -> None:
        assert read_range(header, 100) == Stretch(offset, length)

    @pytest.mark.parametrize(
        "header", [None, "", "bytes=-", "bytes=5-4", "items=0-1", "bytes=0-1,3-4", "bytes=a-b"]
    )
    def test_what_is_no_single_range_means_the_whole(self, header: str | None) -> None:
        assert read_range(header, 100) is None

    @pytest.mark.parametrize("header", ["bytes=100-", "bytes=500-600", "bytes=-0"])
    def test_a_range_outside_cannot_be_satisfied(self, header: str) -> None:
        with pytest.raises(Unsatisfiable):
            read_range(header, 100)
