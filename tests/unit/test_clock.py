"""Instants as text: UTC with a Z, whatever the machine's own zone is."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.clock import SystemClock, from_text, to_text


@given(st.datetimes(timezones=st.timezones()).filter(lambda each: 1 < each.year < 9999))
def test_an_instant_survives_its_text(instant: datetime) -> None:
    text = to_text(instant)
    assert text.endswith("Z")
    assert from_text(text) == instant.astimezone(UTC)


def test_texts_without_an_offset_are_utc() -> None:
    assert from_text("2026-05-31T12:00:00") == datetime(2026, 5, 31, 12, tzinfo=UTC)
    east = timezone(timedelta(hours=2))
    assert from_text("2026-05-31T12:00:00+02:00") == datetime(2026, 5, 31, 12, tzinfo=east)
    with pytest.raises(ValueError, match="isoformat"):
        from_text("yesterday")


def test_the_system_clock_is_aware_and_never_runs_backwards() -> None:
    clock = SystemClock()
    assert clock.now().utcoffset() == timedelta(0)
    first = clock.monotonic()
    assert clock.monotonic() >= first
