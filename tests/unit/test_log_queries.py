"""Queries of Logs Insights, answered as the service answers them."""

from __future__ import annotations

from typing import Any

import pytest

from cloud_sync.logs.expressions import QueryError
from cloud_sync.logs.insights import answer
from cloud_sync.logs.queries import FAILED, QUERIES, SLOW, THROUGHPUT

Records = list[dict[str, Any]]


def line(number: int, **own: Any) -> dict[str, Any]:
    return {"timestamp": f"2026-11-21T02:00:{number:02}Z", "level": "INFO", **own}


def moved(number: int, size: int, seconds: float) -> dict[str, Any]:
    return line(
        number,
        event_type="video_download_complete",
        media_id=f"m{number}",
        file_size_bytes=size,
        bytes_transferred=size,
        transfer_duration_seconds=seconds,
    )


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        ("a = 1", [1]),
        ("a != 1", [2, 3]),
        ("a > 1 and a <= 3", [2, 3]),
        ("a < 2 or a >= 3", [1, 3]),
        ("not a = 2", [1, 3]),
        ('name = "x"', [1]),
        ("nothing = 1", []),
        ("nothing != 1", []),
        ("a = name", []),
        ("(a = 1 or a = 2) and a != 1", [2]),
        ("a = 1 or a = 2 and a = 3", [1]),
        ("a * 2 + 1 = 5", [2]),
        ("10 - a - 1 > 7", [1]),
        ("a / 0 > 0", []),
    ],
)
def test_conditions_hold_as_in_the_service(condition: str, found: list[int]) -> None:
    records: Records = [{"a": 1, "name": "x"}, {"a": 2}, {"a": 3, "name": "y"}]
    assert [row["a"] for row in answer(f"fields a | filter {condition}", records)] == found


def test_rows_are_sorted_and_limited() -> None:
    records: Records = [{"a": 2}, {"a": None}, {"a": 3}, {"a": 1}]
    assert answer("fields a | sort a desc | limit 2", records) == [{"a": 3}, {"a": 2}]
    assert answer("fields a | sort a | limit 2", records) == [{"a": None}, {"a": 1}]


def test_aggregates_leave_out_what_is_not_there() -> None:
    records: Records = [{"a": 2}, {"b": 7}, {"a": 4}]
    query = "stats count(*) as n, count(a) as with_a, sum(a) as s, avg(a) as v, max(a) as x"
    assert answer(query, records) == [{"n": 3, "with_a": 2, "s": 6, "v": 3.0, "x": 4}]


def test_aggregates_over_nothing_are_no_row() -> None:
    assert answer("stats count(*) as n", []) == []


@pytest.mark.parametrize(
    "query",
    [
        "parse a as b",
        "fields a | filter",
        "filter a ~ 1",
        "stats median(a) as m",
        "stats sum(a)",
        "fields (a",
        "limit 3 4",
    ],
)
def test_what_is_not_understood_is_refused_and_not_guessed(query: str) -> None:
    with pytest.raises(QueryError):
        answer(query, [{"a": 1}])


def test_failed_downloads_are_the_newest_hundred() -> None:
    records = [
        line(number % 60, level="ERROR", event_type="video_download_failed", media_id=f"m{number}")
        for number in range(120)
    ] + [line(1, level="ERROR", event_type="other"), line(1, event_type="video_download_failed")]
    rows = answer(FAILED.text, records)
    assert len(rows) == 100
    assert rows[0]["@timestamp"] == "2026-11-21T02:00:59Z"
    assert list(rows[0]) == ["@timestamp", "media_id", "filename", "error_code", "error_message"]


def test_throughput_is_in_megabits_of_ten_to_the_sixth() -> None:
    """48.2 MB in 8 s is 48.2 Mbit/s: no 2^20, and bits."""
    records = [moved(1, 48_200_000, 8), moved(2, 1_000_000, 8), moved(3, 5, 0)]
    (row,) = answer(THROUGHPUT.text, records)
    assert row["max_throughput"] == pytest.approx(48.2)
    assert row["min_throughput"] == pytest.approx(1)
    assert row["avg_throughput"] == pytest.approx(24.6)
    assert (row["transfers"], row["bytes"]) == (2, 49_200_000)


def test_slow_transfers_are_small_originals_that_took_long() -> None:
    records = [
        moved(1, 524_287_999, 121),
        moved(2, 524_288_000, 999),
        moved(3, 10, 120),
        moved(4, 10, 500),
    ]
    assert [row["media_id"] for row in answer(SLOW.text, records)] == ["m4", "m1"]


def test_every_query_has_a_name_of_its_own_and_functions_to_ask() -> None:
    assert {query.name for query in QUERIES} == {"failed", "throughput", "slow"}
    assert all(query.functions for query in QUERIES)
