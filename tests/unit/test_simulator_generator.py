"""Generated libraries show everything that a real one has been seen to hold, and never vary."""

from __future__ import annotations

import subprocess
import sys
import unicodedata
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from cloud_sync.simulator.kinds import NOT_READY, SHARES
from cloud_sync.simulator.library import Library, Shape, SimMedium, generate
from cloud_sync.simulator.recipes import SHOWCASE

BIG = 6300


@pytest.fixture(scope="module")
def small() -> tuple[SimMedium, ...]:
    return generate(len(SHOWCASE), seed=5).media()


@pytest.fixture(scope="module")
def big() -> tuple[SimMedium, ...]:
    return generate(BIG, seed=5).media()


def _facts(library: Library) -> list[tuple[object, ...]]:
    return [(m.row(), [(f.number, f.size) for f in m.originals]) for m in library.media()]


def test_the_same_seed_gives_the_same_library() -> None:
    assert _facts(generate(300, seed=3)) == _facts(generate(300, seed=3))


def test_another_seed_gives_another_library() -> None:
    ids = {medium.id for medium in generate(300, seed=3).media()}
    assert not ids & {medium.id for medium in generate(300, seed=4).media()}


def test_a_library_does_not_depend_on_the_interpreters_hash_seed() -> None:
    script = (
        "from cloud_sync.simulator.library import generate; from hashlib import sha256;"
        "print(sha256(repr([m.row() for m in generate(200, seed=9).media()]).encode()).hexdigest())"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def test_the_showcase_has_every_type_and_an_unknown_one(small: tuple[SimMedium, ...]) -> None:
    assert {medium.type for medium in small} == set(SHARES)
    assert "SpatialVideo" in SHARES


def test_the_showcase_has_every_shape_and_every_state(small: tuple[SimMedium, ...]) -> None:
    assert {medium.shape for medium in small} == set(Shape)
    assert {medium.state for medium in small} == {"ready", *NOT_READY}


def test_the_showcase_has_every_way_of_not_offering_an_original(
    small: tuple[SimMedium, ...],
) -> None:
    offers = {(medium.ready, medium.offers_original) for medium in small}
    assert offers == {(True, True), (True, False), (False, False), (False, True)}


def test_the_showcase_has_names_that_break_paths_and_encodings(
    small: tuple[SimMedium, ...],
) -> None:
    names = [medium.filename for medium in small]
    assert None in names
    assert "" in names
    texts = [name for name in names if name]
    assert any("../" in name for name in texts)
    assert max(len(name.encode()) for name in texts) >= 250
    assert any(name.startswith(" ") for name in texts)
    assert any("%" in name and "#" in name and "?" in name for name in texts)
    by_form = Counter(unicodedata.normalize("NFC", name) for name in set(texts))
    assert max(by_form.values()) == 2, "no two names differ in their Unicode form only"


def test_the_showcase_has_clashing_names_within_one_month(small: tuple[SimMedium, ...]) -> None:
    in_month = Counter(
        (m.filename.lower(), m.captured_at.strftime("%Y-%m"))
        for m in small
        if m.filename and m.captured_at
    )
    assert in_month[max(in_month, key=lambda key: in_month[key])] == 3


def test_the_showcase_has_two_ids_that_differ_by_case_only(small: tuple[SimMedium, ...]) -> None:
    folded = Counter(medium.id.casefold() for medium in small)
    assert max(folded.values()) == 2


def test_ids_look_like_the_clouds(big: tuple[SimMedium, ...]) -> None:
    assert {len(medium.id) for medium in big} == {13, 24}
    assert len({medium.id for medium in big}) == BIG
    assert all(medium.id.isascii() and medium.id.isalnum() for medium in big)


def test_types_have_their_real_shares(big: tuple[SimMedium, ...]) -> None:
    share = {kind: count / BIG for kind, count in Counter(m.type for m in big).items()}
    assert 0.68 < share["Video"] < 0.76
    assert 0.22 < share["Photo"] < 0.30
    assert share["TimeLapseVideo"] < 0.03


def test_a_third_of_the_names_serves_several_media(big: tuple[SimMedium, ...]) -> None:
    uses = Counter(medium.filename for medium in big if medium.filename)
    repeated = sum(count for count in uses.values() if count > 1) / sum(uses.values())
    assert 0.30 < repeated < 0.40


def test_captures_span_years_and_uploads_follow_after_hours_to_years(
    big: tuple[SimMedium, ...],
) -> None:
    pairs = [(m.captured_at, m.created_at) for m in big if m.captured_at]
    years = {captured.year for captured, _ in pairs}
    assert set(range(2014, 2026)) <= years
    delays = sorted(created - captured for captured, created in pairs)
    assert timedelta(hours=7) < delays[len(delays) // 2] < timedelta(hours=13)
    assert delays[0] < timedelta(0), "no camera's clock ran ahead"
    assert delays[-1] > timedelta(days=365)


def test_some_captures_are_unknown_and_some_lie_on_the_reset_date(
    big: tuple[SimMedium, ...],
) -> None:
    reset = datetime(2016, 1, 1, tzinfo=UTC)
    assert any(medium.captured_at is None for medium in big)
    assert any(m.captured_at and m.captured_at.date() == reset.date() for m in big)


def test_edits_are_listed_as_json_without_a_size_and_are_baked_to_mp4(
    big: tuple[SimMedium, ...],
) -> None:
    edits = [m for m in big if m.type in {"Edit", "MultiClipEdit"} and m.offers_original]
    assert edits
    for medium in edits:
        row = medium.row()
        assert (row["file_size"], row["file_extension"]) == (None, "json")
        assert medium.shape is Shape.BAKED
        assert [file.extension for file in medium.originals] == ["mp4"]


def test_listed_sizes_are_sums_but_for_a_few_that_are_stale_or_missing(
    big: tuple[SimMedium, ...],
) -> None:
    offering = [m for m in big if m.offers_original and m.ready]
    off_by = Counter(
        None if m.listed_size is None else m.listed_size - sum(f.size for f in m.originals)
        for m in offering
    )
    assert set(off_by) == {0, 3245, None}
    assert off_by[0] / len(offering) > 0.95


def test_sizes_stay_within_the_bounds_asked_for() -> None:
    media = generate(200, seed=1, file_bytes=(100, 900)).media()
    sizes = [file.size for medium in media for file in medium.originals]
    assert min(sizes) >= 100
    assert max(sizes) <= 900
    assert min(sizes) < 300 < 600 < max(sizes)


def test_bounds_the_wrong_way_round_are_refused() -> None:
    with pytest.raises(ValueError, match="lowest, highest"):
        generate(1, file_bytes=(2, 1))


def test_plain_libraries_hold_nothing_odd() -> None:
    media = generate(500, seed=2, plain=True).media()
    assert {medium.type for medium in media} == {"Video", "Photo"}
    assert all(len(m.originals) == 1 and m.ready and m.filename for m in media)
    assert all(m.listed_size == m.originals[0].size for m in media)


def test_numbers_of_originals_count_from_one(big: tuple[SimMedium, ...]) -> None:
    for medium in big:
        numbers = [file.number for file in medium.originals]
        assert numbers == list(range(1, len(numbers) + 1))
    assert max(len(medium.originals) for medium in big) >= 10
