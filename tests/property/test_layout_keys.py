"""Whatever a provider says of a file, its key is one safe name below the archive's root."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cloud_sync.archive.keys import require_key
from cloud_sync.archive.layout import (
    NAME_LIMIT,
    ROOT,
    collision_form,
    first_key_candidates,
    key_candidates,
)
from cloud_sync.model.media import MediaItem

# lone surrogates and control characters come from JSON escapes; hypothesis leaves the first out
CHARACTERS = st.characters(codec=None, categories=None) | st.sampled_from(
    './\\ \t\0\n:*?"<>|-_%~\u0301\u0338\ud800\udfffé😀\u00a0\u2028'
)
TEXTS = st.text(CHARACTERS, max_size=40) | st.text(CHARACTERS, max_size=4).map(lambda s: s * 120)
DATES = st.none() | st.datetimes(timezones=st.timezones() | st.none())


def item(media_id: str, kind: str, filename: str, extension: str, at: datetime | None) -> MediaItem:
    return MediaItem(
        id=media_id,
        type=kind,
        filename=filename,
        extension=extension,
        state="ready",
        ready=True,
        size=None,
        file_count=1,
        captured_at=at,
        uploaded_at=None,
        updated_at=None,
        duration_seconds=None,
    )


ITEMS = st.builds(item, TEXTS, st.sampled_from(["Video", "Edit"]), TEXTS, TEXTS, DATES)
FILES = st.tuples(ITEMS, st.integers(1, 100_000), TEXTS, TEXTS)


def require_safe(key: str) -> None:
    require_key(key)
    assert key.startswith(f"{ROOT}/")
    directory, _, name = key.rpartition("/")
    assert directory == f"{ROOT}/undated" or directory.count("/") == 2
    assert len(name.encode()) <= NAME_LIMIT
    assert unicodedata.is_normalized("NFC", key)
    assert name[0] not in ". \t"
    assert name[-1] not in ". "
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in name)
    assert not set(name) & set('/\\:*?"<>|')


@given(FILES)
def test_every_candidate_is_one_safe_name_below_the_root(
    file: tuple[MediaItem, int, str, str],
) -> None:
    for key in key_candidates(*file):
        require_safe(key)


@given(ITEMS)
def test_every_candidate_from_the_listing_is_safe_too(listed: MediaItem) -> None:
    keys = first_key_candidates(listed)
    assert keys or listed.type != "Edit", "an edit is an MP4 whatever else the listing says"
    for key in keys:
        require_safe(key)


@given(FILES)
def test_a_file_has_candidates_that_differ_and_are_always_the_same(
    file: tuple[MediaItem, int, str, str],
) -> None:
    candidates = key_candidates(*file)
    assert candidates
    assert len(set(candidates)) == len(candidates)
    assert candidates == key_candidates(*file)


@given(FILES, FILES)
def test_different_files_never_share_their_last_candidate(
    one: tuple[MediaItem, int, str, str], other: tuple[MediaItem, int, str, str]
) -> None:
    """Not even on a disk that takes names of other case or normalisation for the same."""
    assume((one[0].id, one[1], one[2]) != (other[0].id, other[1], other[2]))
    last, last_of_other = key_candidates(*one)[-1], key_candidates(*other)[-1]
    assert collision_form(last) != collision_form(last_of_other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a", 1, "x"), ("A", 1, "x")),
        (("a", 1, "x"), ("a", 2, "x")),
        (("a", 1, "x"), ("a", 1, "X")),
        (("a\ud800", 1, "x"), ("a\ud801", 1, "x")),
        (("a", 1, "b\x001\x00c"), ("a\x001\x00b", 1, "c")),
        (("a-2", 1, "x"), ("a", 2, "x")),
        (("a/b", 1, "x"), ("a_b", 1, "x")),
        (("i" * 400, 1, "x"), ("i" * 401, 1, "x")),
        (("e\u0301", 1, "x"), ("\u00e9", 1, "x")),
    ],
)
def test_files_that_look_alike_never_share_their_last_candidate(
    one: tuple[str, int, str], other: tuple[str, int, str]
) -> None:
    def last(media_id: str, number: int, name: str) -> str:
        at = datetime(2025, 6, 1, tzinfo=UTC)
        return key_candidates(item(media_id, "Video", name, "", at), number, name, "mp4")[-1]

    assert collision_form(last(*one)) != collision_form(last(*other))


@given(st.text(CHARACTERS, max_size=30))
def test_the_collision_form_is_the_same_for_all_spellings(text: str) -> None:
    form = collision_form(text)
    assert collision_form(form) == form
    assert collision_form(unicodedata.normalize("NFC", text)) == form
    assert collision_form(unicodedata.normalize("NFD", text)) == form
