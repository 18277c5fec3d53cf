"""When a destination counts as holding the source, and when it is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from cloud_sync.replicate.comparison import Decision, Likeness, decide, likeness
from cloud_sync.replicate.mark import NAME, Mark, mark_of, marked
from cloud_sync.replicate.store import Checksum, ListedVersion, ObjectVersion, StoredVersion

WHEN = datetime(2026, 11, 21, tzinfo=UTC)
SOURCE = StoredVersion(
    ObjectVersion("source", "key", "v2"), 10, '"abc"', WHEN, Checksum("CRC64NVME", "AAA=")
)
COPY = replace(SOURCE, at=ObjectVersion("copies", "key"))
V3 = ListedVersion(ObjectVersion("source", "key", "v3"), 10, '"newer"', WHEN, latest=True)


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        (COPY, Likeness.CHECKSUM),
        (replace(COPY, etag='"other"'), Likeness.CHECKSUM),
        (replace(COPY, size=11), Likeness.DIFFERENT),
        (replace(COPY, checksum=Checksum("CRC64NVME", "BBB=")), Likeness.DIFFERENT),
        (replace(COPY, checksum=None), Likeness.ETAG),
        (replace(COPY, checksum=None, etag="abc"), Likeness.ETAG),
        (replace(COPY, checksum=Checksum("SHA256", "CCC=")), Likeness.ETAG),
        (replace(COPY, checksum=None, etag='"x"'), Likeness.UNPROVEN),
        (
            replace(COPY, checksum=Checksum("CRC64NVME", "AAA=", False), etag='"x"'),
            Likeness.UNPROVEN,
        ),
    ],
)
def test_checksums_of_all_bytes_have_the_last_word(
    there: StoredVersion, expected: Likeness
) -> None:
    assert likeness(SOURCE, there) is expected


def test_two_objects_without_an_etag_prove_nothing() -> None:
    bare = replace(SOURCE, checksum=None, etag='""')
    assert likeness(bare, replace(bare, at=COPY.at)) is Likeness.UNPROVEN


def none_newer() -> list[ListedVersion]:
    return []


def bearing(version: str | None, **changes: object) -> StoredVersion:
    """A copy that says it is of this version."""
    origin = replace(SOURCE, at=replace(SOURCE.at, version_id=version))
    return replace(COPY, metadata={NAME: str(Mark.of(origin))}, **changes)  # type: ignore[arg-type]


def test_nothing_there_is_copied_and_the_same_is_not() -> None:
    assert decide(SOURCE, None, none_newer) is Decision.COPY
    assert decide(SOURCE, COPY, none_newer) is Decision.ALREADY_THERE
    assert decide(SOURCE, replace(COPY, size=9), none_newer) is Decision.COPY


def test_equal_bytes_under_an_older_mark_are_copied_again() -> None:
    assert decide(SOURCE, bearing("v1"), none_newer) is Decision.COPY


def test_a_newer_version_there_stays() -> None:
    assert decide(SOURCE, bearing("v3"), lambda: [V3]) is Decision.NEWER_THERE
    unmarked = replace(COPY, checksum=None, etag='"newer"')
    assert decide(SOURCE, unmarked, lambda: [V3]) is Decision.NEWER_THERE


def test_a_mark_of_another_object_says_nothing() -> None:
    other = replace(SOURCE, at=ObjectVersion("source", "another", "v3"))
    there = replace(COPY, size=3, metadata={NAME: str(Mark.of(other))})
    assert decide(SOURCE, there, lambda: [V3]) is Decision.COPY


def test_our_mark_of_this_version_is_enough_where_nothing_else_can_be_compared() -> None:
    there = bearing("v2", checksum=None, etag='"parts-2"')
    assert decide(SOURCE, there, none_newer) is Decision.ALREADY_THERE
    assert decide(SOURCE, replace(there, size=9), none_newer) is Decision.COPY


def test_a_mark_is_read_back_and_needs_room_and_ascii() -> None:
    bears = marked({"a": "b"}, SOURCE)
    assert bears is not None
    assert bears["a"] == "b"
    assert mark_of(bears) == Mark.of(SOURCE)
    assert marked({"a": "b" * 2000}, SOURCE) is None
    assert marked({"a": "ü"}, SOURCE) is None
    for damaged in ("", "one", "one two", "one  three", "a b c d"):
        assert mark_of({NAME: damaged}) is None
