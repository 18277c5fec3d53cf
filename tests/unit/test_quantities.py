"""Durations, rates, dates and counts are read strictly, and refusals say what would be right."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest

from cloud_sync.config.quantities import (
    parse_count,
    parse_date,
    parse_duration,
    parse_level,
    parse_listen,
    parse_rate,
    parse_textfile,
)
from cloud_sync.errors import UsageError


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("45m", 2700), ("2h", 7200), ("1h30m", 5400), ("1d", 86400), ("1.5h", 5400)],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("20MB/s", 20_000_000),
        ("500k", 500_000),
        ("8MiB/s", 8 * 2**20),
        ("1.5 GB", 1_500_000_000),
        ("64Ki", 65536),
        ("100", 100),
    ],
)
def test_rates(text: str, rate: int) -> None:
    assert parse_rate(text) == rate


def test_dates_and_counts() -> None:
    assert parse_date(" 2026-05-31 ") == date(2026, 5, 31)
    assert parse_count(" 8 ") == 8


@pytest.mark.parametrize(
    ("parse", "text", "hint"),
    [
        *[
            (parse_duration, text, "2h")
            for text in ("", "2", "h", "2 h", "2h x", "-2h", "0s", "2w", "1h30", "9" * 30 + "d")
        ],
        *[
            (parse_rate, text, "20MB/s")
            for text in ("", "fast", "0", "-5MB", "20MB/h", "20mb/s", "0.1", "9" * 400)
        ],
        *[
            (parse_date, text, "2026-05-31")
            for text in ("", "31.05.2026", "20260531", "2026-W22-7", "2026-02-30", "2026-05")
        ],
        *[(parse_count, text, "5") for text in ("", "0", "-1", "1.5", "five", "9" * 10)],
    ],
)
def test_a_text_that_is_none_is_refused_with_itself_and_an_example(
    parse: Callable[[str], object], text: str, hint: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert repr(text) in caught.value.message
    assert hint in caught.value.hint


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("9464", ("127.0.0.1", 9464)),
        ("127.0.0.1:1", ("127.0.0.1", 1)),
        ("localhost:65535", ("127.0.0.1", 65535)),
    ],
)
def test_addresses_of_this_machine(text: str, address: tuple[str, int]) -> None:
    assert parse_listen(text) == address


@pytest.mark.parametrize(
    "text", ["", "0", "65536", "9464x", "0.0.0.0:9464", "[::]:1", "example.org:80", "127.0.0.1"]
)
def test_no_address_that_others_could_reach(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_listen(text)
    assert "127.0.0.1:9464" in caught.value.hint


def test_levels_of_the_log_and_files_for_node_exporter() -> None:
    assert parse_level(" Warn ") == "WARN"
    assert parse_textfile("/a/b.prom") == "/a/b.prom"
    with pytest.raises(UsageError):
        parse_level("loud")
    with pytest.raises(UsageError, match=r"\.prom"):
        parse_textfile("/a/b.txt")
