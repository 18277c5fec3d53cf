"""The verdict on an object: every difference has its name, and both numbers."""

from __future__ import annotations

import pytest

from cloud_sync.archive.base import StoredObject
from cloud_sync.archive.checksum import Part, part_checksum, to_text
from cloud_sync.archive.verify import Expected, Verdict, compare, require_part, require_whole
from cloud_sync.errors import ChecksumMismatch

GOOD = to_text(part_checksum(b"good"))
BAD = to_text(part_checksum(b"bad"))


@pytest.mark.parametrize(
    ("expected", "stored", "verdict"),
    [
        ((4, GOOD), (4, GOOD), Verdict.OK),
        ((4, GOOD), None, Verdict.MISSING),
        ((4, None), None, Verdict.MISSING),
        ((4, GOOD), (3, GOOD), Verdict.SIZE_DIFFERS),
        ((4, GOOD), (5, None), Verdict.SIZE_DIFFERS),
        ((4, GOOD), (4, BAD), Verdict.CHECKSUM_DIFFERS),
        ((4, GOOD), (4, None), Verdict.CHECKSUM_UNKNOWN),
        ((4, None), (4, GOOD), Verdict.CHECKSUM_UNKNOWN),
        ((4, None), (4, None), Verdict.CHECKSUM_UNKNOWN),
        ((0, None), (1, None), Verdict.SIZE_DIFFERS),
    ],
)
def test_each_difference_has_its_verdict(
    expected: tuple[int, str | None], stored: tuple[int, str | None] | None, verdict: Verdict
) -> None:
    found = StoredObject("k", *stored) if stored else None
    finding = compare(Expected("k", *expected), found)
    assert finding.verdict is verdict
    assert finding.message.startswith("k: ")


def test_sizes_come_with_both_numbers() -> None:
    finding = compare(Expected("k", 4711, GOOD), StoredObject("k", 815, GOOD))
    assert "4711" in finding.message
    assert "815" in finding.message


def test_checksums_come_with_both_values() -> None:
    finding = compare(Expected("k", 4, GOOD), StoredObject("k", 4, BAD))
    assert GOOD in finding.message
    assert BAD in finding.message


def part(data: bytes) -> Part:
    return Part(len(data), part_checksum(data))


def test_a_part_with_its_checksum_is_taken() -> None:
    assert require_part("k", 1, memoryview(b"good"), part_checksum(b"good")) == part(b"good")


def test_a_part_with_another_checksum_is_refused() -> None:
    with pytest.raises(ChecksumMismatch, match="part 3 of k"):
        require_part("k", 3, memoryview(b"good"), part_checksum(b"bad"))


@pytest.mark.parametrize(
    ("parts", "size", "content", "words"),
    [
        ({2: b"cd"}, 2, b"cd", "part 1 of 2 was never stored"),
        ({1: b"ab", 3: b"ef"}, 4, b"abef", "part 2 of 3 was never stored"),
        ({1: b"a", 2: b"bc"}, 3, b"abc", "part 1 has 1 bytes, 2 were expected"),
        ({1: b"abc"}, 3, b"abc", "part 1 has 3 bytes, 2 were expected"),
        ({1: b"ab", 2: b"c"}, 4, b"abc", "3 bytes are stored, 4 bytes were expected"),
        ({1: b"ab", 2: b"c"}, 3, b"abd", "was expected"),
        ({}, 1, b"", "0 bytes are stored, 1 bytes were expected"),
    ],
)
def test_parts_that_do_not_make_the_object_are_refused(
    parts: dict[int, bytes], size: int, content: bytes, words: str
) -> None:
    known = {number: part(data) for number, data in parts.items()}
    with pytest.raises(ChecksumMismatch, match=words):
        require_whole("k", known, 2, size, to_text(part_checksum(content)))


@pytest.mark.parametrize("content", [b"", b"a", b"ab", b"abc", b"abcd"])
def test_parts_that_make_the_object_are_taken(content: bytes) -> None:
    parts = {n + 1: part(content[2 * n : 2 * n + 2]) for n in range((len(content) + 1) // 2)}
    require_whole("k", parts, 2, len(content), to_text(part_checksum(content)))
