"""When the daily run is due on one machine, on any night of the year."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.schedule.daily import DailyStart
from cloud_sync.schedule.due import Turn, next_turn

BERLIN = ZoneInfo("Europe/Berlin")
NIGHTLY = DailyStart("02:30", "Europe/Berlin")


def starts(start: DailyStart, after: datetime, number: int) -> list[str]:
    found = []
    for _ in range(number):
        after = start.after(after)
        found.append(after.astimezone(ZoneInfo(start.zone)).strftime("%m-%d %H:%M %z"))
    return found


def test_a_time_that_the_spring_night_skips_comes_at_the_next_minute_that_exists() -> None:
    noon = datetime(2026, 3, 28, 12, tzinfo=BERLIN)
    assert starts(NIGHTLY, noon, 3) == [
        "03-29 03:00 +0200",
        "03-30 02:30 +0200",
        "03-31 02:30 +0200",
    ]


def test_a_time_that_the_autumn_night_has_twice_comes_once() -> None:
    noon = datetime(2026, 10, 24, 12, tzinfo=BERLIN)
    assert starts(NIGHTLY, noon, 3) == [
        "10-25 02:30 +0200",
        "10-26 02:30 +0100",
        "10-27 02:30 +0100",
    ]


@given(
    zone=st.sampled_from(["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC"]),
    hour=st.integers(0, 23),
    minute=st.integers(0, 59),
    begun=st.integers(0, 2 * 365 * 24 * 3600),
)
def test_every_day_of_a_zone_has_one_start(zone: str, hour: int, minute: int, begun: int) -> None:
    start = DailyStart(f"{hour:02}:{minute:02}", zone)
    instants = [datetime(2025, 1, 1, tzinfo=UTC) + timedelta(seconds=begun)]
    for _ in range(10):
        instants.append(start.after(instants[-1]))
    days = [instant.astimezone(ZoneInfo(zone)).date() for instant in instants[1:]]
    assert all(later - earlier == timedelta(days=1) for earlier, later in pairwise(days))
    assert all(start.until(instant) == instant for instant in instants[1:])
    assert all(
        start.until(later - timedelta(seconds=1)) == earlier
        for earlier, later in pairwise(instants[1:])
    )


@pytest.mark.parametrize(
    ("last_begun", "expected"),
    [
        pytest.param(None, Turn(datetime(2026, 6, 2, 12, tzinfo=UTC)), id="never ran: at once"),
        pytest.param(
            datetime(2026, 6, 2, 0, 30, tzinfo=UTC),
            Turn(datetime(2026, 6, 3, 0, 30, tzinfo=UTC)),
            id="ran on time: the next night",
        ),
        pytest.param(
            datetime(2026, 6, 2, 9, tzinfo=UTC),
            Turn(datetime(2026, 6, 3, 0, 30, tzinfo=UTC)),
            id="ran by hand since: the next night",
        ),
        pytest.param(
            datetime(2026, 5, 28, 0, 30, tzinfo=UTC),
            Turn(
                datetime(2026, 6, 2, 12, tzinfo=UTC), missed=datetime(2026, 6, 2, 0, 30, tzinfo=UTC)
            ),
            id="slept over five starts: one run makes up for all",
        ),
        pytest.param(
            datetime(2026, 7, 1, tzinfo=UTC),
            Turn(datetime(2026, 6, 3, 0, 30, tzinfo=UTC)),
            id="a clock that was set back: by the clock",
        ),
    ],
)
def test_which_run_comes_next(last_begun: datetime | None, expected: Turn) -> None:
    assert next_turn(NIGHTLY, last_begun, datetime(2026, 6, 2, 12, tzinfo=UTC)) == expected
