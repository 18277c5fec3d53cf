"""Metadata and tags: ASCII on the wire, the same text back, within S3's limits."""

from __future__ import annotations

import string
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.s3_metadata import LIMIT, decode, encode, identity, tag_query


def described(metadata: dict[str, str], media_id: str = "m1") -> ObjectDescription:
    return ObjectDescription(media_id, 3, "video/mp4", metadata, {})


@given(st.text(max_size=60), st.text(max_size=120))
def test_any_text_comes_back_and_travels_as_printable_ascii(media_id: str, value: str) -> None:
    encoded = encode(described({"filename": value}, media_id))
    printable = set(string.printable) - set(string.whitespace)
    assert all(set(text) <= printable for text in encoded.values())
    assert decode(encoded) == {"media-id": media_id, "file-number": "3", "filename": value}
    assert identity(encoded) == (media_id, 3)


@given(st.dictionaries(st.sampled_from(["a", "bb", "ccc"]), st.text(max_size=3000)))
def test_all_of_it_fits_and_values_are_only_ever_cut_at_the_end(metadata: dict[str, str]) -> None:
    encoded = encode(described(metadata))
    assert sum(len(name) + len(value) for name, value in encoded.items()) <= LIMIT
    for name, value in decode(encoded).items():
        assert metadata.get(name, value).startswith(value)


def test_what_is_too_long_is_cut_at_a_whole_character_and_short_facts_stay() -> None:
    encoded = encode(described({"filename": "é" * 5000, "captured-at": "2025-06-01"}))
    used = sum(len(name) + len(value) for name, value in encoded.items())
    assert LIMIT - len("%C3%A9") < used <= LIMIT
    assert set(decode(encoded)["filename"]) == {"é"}
    assert encoded["captured-at"] == "2025-06-01"


def test_plain_names_stay_readable() -> None:
    encoded = encode(described({"filename": "GX010001.MP4", "at": "2025-06-01T10:00:00+02:00"}))
    assert encoded["filename"] == "GX010001.MP4"
    assert encoded["at"] == "2025-06-01T10:00:00+02:00"


def test_a_name_of_ours_cannot_be_taken() -> None:
    with pytest.raises(ValueError, match="taken"):
        encode(described({"media-id": "x"}))


@pytest.mark.parametrize(
    ("headers", "found"),
    [
        ({}, (None, None)),
        ({"media-id": "x"}, ("x", None)),
        ({"Media-Id": "x", "file-number": "two"}, ("x", None)),
        ({"file-number": "7"}, (None, 7)),
    ],
)
def test_objects_of_other_programs_have_no_identity(
    headers: dict[str, str], found: tuple[str | None, int | None]
) -> None:
    assert identity(headers) == found


def test_tags_are_a_query_that_gives_them_back() -> None:
    tags = {"Source": "GoPro", "A b": "c&d=e+f /%", "Ü": ""}
    assert dict(parse_qsl(tag_query(tags), keep_blank_values=True)) == tags
    assert tag_query({}) == ""


def test_more_tags_than_s3_takes_are_a_bug() -> None:
    with pytest.raises(ValueError, match="at most 10"):
        tag_query({str(number): "" for number in range(11)})
