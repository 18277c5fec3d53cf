"""Reproducing S3's ETags: what is compared, what is not, and when a difference is damage."""

from __future__ import annotations

from hashlib import md5
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.model.tracking import SourceCheck
from cloud_sync.transfer.part_size import MIB, SMALLEST_PART
from cloud_sync.transfer.source_check import (
    NOT_COMPARABLE,
    PLAIN,
    Verdict,
    check_parts,
    check_whole,
    digest,
    is_damage,
    rule_for,
    rule_name,
    rule_resumed,
)

HEX = "0" * 32
DATA = Random(5).randbytes(7 * MIB)
SIX = rule_name(6 * MIB)


def s3_etag(data: bytes, part: int) -> str:
    """As S3 makes it, written anew here."""
    sums = [md5(data[at : at + part]).digest() for at in range(0, len(data), part)]
    return f"{md5(b''.join(sums)).hexdigest()}-{len(sums)}"


def flipped(data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


@pytest.mark.parametrize(
    ("size", "etag", "part"),
    [
        (12_000_000_000, f"{HEX}-1908", 6),
        (100 * MIB, f"{HEX}-17", 6),
        (100 * MIB, f"{HEX}-20", 5),
        (100 * MIB, f"{HEX}-13", 8),
        (100 * MIB, f"{HEX}-15", 7),
        (9 * MIB, f"{HEX}-2", 6),
    ],
)
def test_the_part_size_is_told_from_size_and_count_the_likeliest_first(
    size: int, etag: str, part: int
) -> None:
    rule = rule_for(size, etag)
    assert rule is not None
    assert rule.part_size == part * MIB


@pytest.mark.parametrize(
    ("size", "etag"),
    [
        (100 * MIB, None),
        (100 * MIB, ""),
        (100 * MIB, HEX),
        (100 * MIB, f"{HEX}-10"),
        (100 * MIB, f"{HEX}-7"),
        (100 * MIB, f"{HEX}-0"),
        (100 * MIB, f"{HEX}-017"),
        (100 * MIB, f"{HEX.replace('0', 'A')}-17"),
        (100 * MIB, f"{HEX}0-17"),
        (60_000 * MIB, f"{HEX}-10001"),
        (100 * MIB, f"{HEX}-17\n"),
    ],
)
def test_where_nothing_can_be_reproduced_there_is_no_rule(size: int, etag: str | None) -> None:
    assert rule_for(size, etag) is None


@given(st.integers(SMALLEST_PART + 1, 2**36), st.integers(5, 8))
def test_a_part_size_that_was_used_is_never_ruled_out(size: int, mib: int) -> None:
    """And where the rule is sure of its part size, it is the one that was used."""
    count = -(-size // (mib * MIB))
    if count > 10_000:
        return
    etag = f"{HEX}-{count}"
    assert rule_resumed(size, etag, mib * MIB) is not None
    rule = rule_for(size, etag)
    assert rule is not None
    fitting = [p for p in range(5, 200) if -(-size // (p * MIB)) == count]
    assert rule.sure == (len(fitting) == 1)
    assert not rule.sure or rule.part_size == mib * MIB


@pytest.mark.parametrize(
    ("proven", "expected"),
    [(set(), [6, 6, 5]), ({"md5-of-6MiB-parts"}, [6, 6, 5]), ({"md5-of-5MiB-parts"}, [5, 5, 6])],
)
def test_where_two_part_sizes_fit_a_proven_one_comes_first_and_the_other_last(
    proven: set[str], expected: list[int]
) -> None:
    tries = [rule_for(20 * MIB, f"{HEX}-4", proven, doubts) for doubts in (0, 1, 2)]
    assert [rule.part_size // MIB for rule in tries if rule] == expected
    assert not any(rule.sure for rule in tries if rule)


def test_where_one_part_size_fits_every_try_goes_by_it() -> None:
    tries = [rule_for(21 * MIB, f"{HEX}-4", set(), doubts) for doubts in (0, 1, 2)]
    assert [rule.part_size // MIB for rule in tries if rule] == [6, 6, 6]


def test_a_transfer_that_was_begun_in_other_parts_is_not_comparable() -> None:
    assert rule_resumed(100 * MIB, f"{HEX}-17", SMALLEST_PART) is None
    assert check_parts(None, [b"x" * 16]) == NOT_COMPARABLE


def test_the_digests_of_parts_give_the_etag_or_do_not() -> None:
    data = DATA + DATA
    rule = rule_for(len(data), s3_etag(data, 6 * MIB))
    assert rule is not None
    sums = [digest(memoryview(data)[at : at + 6 * MIB]) for at in range(0, len(data), 6 * MIB)]
    assert check_parts(rule, sums) == Verdict(SourceCheck.MATCHED, SIX)
    assert check_parts(rule, [sums[1], sums[0], sums[2]]).check is SourceCheck.DIFFERS
    assert check_parts(rule, [sums[0], b"", sums[2]]) == NOT_COMPARABLE


@pytest.mark.parametrize(
    ("etag", "rule"),
    [
        (md5(DATA).hexdigest(), PLAIN),
        (s3_etag(DATA, 6 * MIB), SIX),
        (s3_etag(DATA, 5 * MIB), rule_name(5 * MIB)),
        (s3_etag(DATA, 64 * MIB), rule_name(8 * MIB)),
    ],
)
def test_a_whole_original_is_held_against_its_etag_by_every_rule_that_fits(
    etag: str, rule: str
) -> None:
    assert check_whole(memoryview(DATA), etag) == Verdict(SourceCheck.MATCHED, rule)
    found = check_whole(memoryview(flipped(DATA)), etag)
    assert (found.check, found.sure) == (SourceCheck.DIFFERS, True)


@pytest.mark.parametrize("etag", [None, "abc", f"{HEX}-3", f'"{HEX}"', f"W/{HEX}"])
def test_a_whole_original_with_another_mark_is_not_comparable(etag: str | None) -> None:
    assert check_whole(memoryview(DATA), etag) == NOT_COMPARABLE


DIFFERS = Verdict(SourceCheck.DIFFERS, SIX)
UNSURE = Verdict(SourceCheck.DIFFERS, SIX, sure=False)


@pytest.mark.parametrize(
    ("verdict", "proven", "doubts", "last_try", "damage"),
    [
        (DIFFERS, {SIX}, 0, False, True),
        (DIFFERS, {SIX}, 2, True, True),
        (DIFFERS, {PLAIN}, 0, False, False),
        (DIFFERS, {PLAIN}, 1, False, True),
        (DIFFERS, {PLAIN}, 2, True, False),
        (DIFFERS, set(), 0, True, False),
        (UNSURE, {SIX}, 0, False, True),
        (UNSURE, {SIX}, 2, True, False),
        (Verdict(SourceCheck.MATCHED, SIX), {SIX}, 1, False, False),
        (NOT_COMPARABLE, {SIX}, 1, False, False),
    ],
)
def test_a_difference_is_damage_only_by_a_rule_that_was_proven(
    verdict: Verdict, proven: set[str], doubts: int, last_try: bool, damage: bool
) -> None:
    assert is_damage(verdict, proven, doubts=doubts, last_try=last_try) is damage
