"""Made-up bytes are the same each time, differ by place, and bear the ETags that S3 would give."""

from __future__ import annotations

from hashlib import md5, sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.simulator.etag import PART, ETags, s3_etag
from cloud_sync.simulator.library import pattern_medium
from cloud_sync.simulator.pattern import BLOCK, PatternFile, pattern

WHOLE = pattern(1, "clip", 0, 5 * BLOCK)


@given(offset=st.integers(0, 5 * BLOCK), length=st.integers(0, 5 * BLOCK))
def test_every_stretch_is_the_same_stretch_of_the_whole(offset: int, length: int) -> None:
    length = min(length, 5 * BLOCK - offset)
    assert pattern(1, "clip", offset, length) == WHOLE[offset : offset + length]


def test_no_block_is_like_another() -> None:
    blocks = [pattern(1, "clip", index * BLOCK, BLOCK) for index in range(200)]
    assert len(set(blocks)) == 200
    # nor like another that is moved by part of a block
    assert len({block[1000:2000] for block in blocks}) == 200


def test_bytes_depend_on_seed_and_name() -> None:
    stretches = {pattern(seed, name, 0, 100) for seed in (1, 2) for name in ("a", "b")}
    assert len(stretches) == 4


def test_a_terabyte_costs_nothing_to_look_into() -> None:
    file = PatternFile(1, "GX010001.MP4", "mp4", 1 << 40, medium_id="huge")
    assert len(file.read((1 << 40) - 10, 100)) == 10
    assert file.read(1 << 39, 64) == file.read((1 << 39) - 64, 128)[64:]
    assert file.read(1 << 40, 1) == b""


def test_sha256_is_that_of_all_bytes() -> None:
    file = pattern_medium("A", 3_000_001).originals[0]
    assert file.sha256() == sha256(file.read(0, file.size)).hexdigest()


def test_reprocessing_changes_the_bytes_and_the_fingerprint() -> None:
    before = pattern_medium("A", 1000).originals[0]
    after = pattern_medium("A", 1000, content="again").originals[0]
    assert before.read(0, 1000) != after.read(0, 1000)
    assert before.fingerprint != after.fingerprint


@pytest.mark.parametrize("size", [0, 1, PART - 1, PART])
def test_the_etag_of_one_part_is_its_md5(size: int) -> None:
    file = pattern_medium("A", size).originals[0]
    assert s3_etag(file) == md5(file.read(0, size)).hexdigest()


def test_the_etag_of_several_parts_is_the_md5_of_their_md5s() -> None:
    file = pattern_medium("A", 2 * PART + 1).originals[0]
    body = file.read(0, file.size)
    parts = [md5(body[at : at + PART]).digest() for at in range(0, len(body), PART)]
    assert s3_etag(file) == f"{md5(b''.join(parts)).hexdigest()}-3"


def test_above_the_limit_an_etag_only_tells_versions_apart() -> None:
    file = pattern_medium("A", 2 * PART).originals[0]
    again = pattern_medium("A", 2 * PART, content="again").originals[0]
    etags = ETags(limit=PART)
    assert etags.of(file) == etags.of(file)
    assert etags.of(file).endswith("-2")
    assert etags.of(file) not in {s3_etag(file), etags.of(again)}
