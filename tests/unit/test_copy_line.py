"""The quick reading of `cloud-sync copy` says what the general reading of command lines says."""

from __future__ import annotations

from dataclasses import asdict
from functools import cache
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.core import TyperGroup

from cloud_sync.cli.application import app
from cloud_sync.cli.copy_line import ABOUT_THE_REQUEST, ABOUT_THE_WORK, FLAGS, plain_copy

VALUED = sorted({**ABOUT_THE_REQUEST, **ABOUT_THE_WORK})
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12).filter(
    lambda word: not word.startswith("-")
)
PLACES = WORDS | st.sampled_from(["s3://builds/app.zip", "s3://region-a", "./clip.mp4"])
PIECES = st.one_of(
    PLACES.map(lambda place: [place]),
    st.sampled_from(sorted(FLAGS)).map(lambda flag: [flag]),
    st.tuples(st.sampled_from(VALUED), WORDS).map(list),
)
LINES = st.lists(PIECES, max_size=8).map(lambda pieces: [word for each in pieces for word in each])


@cache
def general() -> Any:
    group = typer.main.get_command(app)
    assert isinstance(group, TyperGroup)
    return group.commands["copy"]


# the general reading takes long
@settings(deadline=None, max_examples=40)
@given(LINES)
def test_both_readings_come_to_the_same(line: list[str]) -> None:
    plain = plain_copy(line)
    assert plain is not None
    given = general().make_context("copy", list(line)).params
    assert {**asdict(plain.arguments), **asdict(plain.options)} == {
        **given,
        "places": tuple(given["places"] or ()),
    }


@pytest.mark.parametrize(
    "line",
    [
        ["--help"],
        ["-h"],
        ["--nonsense", "value"],
        ["--concurrency"],
        ["--concurrency=4"],
        ["--concurrency", "-4"],
        ["--input", "-"],
        ["-qv"],
        ["--quie"],
        ["--"],
        ["-"],
        ["s3://builds/app.zip", "--", "--quiet"],
    ],
)
def test_what_has_more_than_one_reading_is_left_to_the_general_one(line: list[str]) -> None:
    assert plain_copy(["s3://builds/app.zip", "s3://region-a", *line]) is None


def test_the_quick_reading_knows_every_option_of_the_command() -> None:
    known = {name for each in general().params for name in each.opts if name.startswith("-")}
    assert known == {*FLAGS, *VALUED}
