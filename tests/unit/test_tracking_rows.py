"""What is written into rows comes back, and sorts as it should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.clock import instant_text
from cloud_sync.model.tracking import Checkpoint, PartRecord, Reason, Status, TrackedMedium
from cloud_sync.tracker import rows

ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=ZONES)  # noqa: DTZ001
TEXTS = st.text(st.characters())


@given(INSTANTS, INSTANTS)
def test_instants_sort_as_their_texts_do(first: datetime, second: datetime) -> None:
    texts = instant_text(first), instant_text(second)
    assert (texts[0] < texts[1]) == (first < second)
    assert (texts[0] == texts[1]) == (first == second)


def test_a_whole_second_sorts_before_its_fractions() -> None:
    whole = datetime(2024, 1, 1, tzinfo=UTC)
    assert instant_text(whole) == "2024-01-01T00:00:00.000000Z"
    assert instant_text(whole) < instant_text(whole + timedelta(microseconds=1))


@given(TEXTS)
def test_any_text_comes_back(text: str) -> None:
    assert rows.loaded_text(rows.stored_text(text)) == text


@pytest.mark.parametrize("text", ["", "plain", "früh 🎥", "\x00"])
def test_readable_texts_stay_readable_in_the_database(text: str) -> None:
    assert rows.stored_text(text) == text


MEDIA = st.builds(
    TrackedMedium,
    media_id=st.text(),
    filename=TEXTS,
    status=st.sampled_from(Status),
    media_type=TEXTS,
    s3_key=st.none() | st.text(),
    file_size=st.none() | st.integers(0, 2**63 - 1),
    captured_at=st.none() | INSTANTS,
    upload_date=st.none() | INSTANTS,
    source_updated_at=st.none() | INSTANTS,
    sync_timestamp=st.none() | INSTANTS,
    duration_seconds=st.none() | st.floats(0, 1e9),
    reason=st.none() | st.builds(Reason, st.text(), TEXTS),
    attempts=st.integers(0, 99),
    failures=st.integers(0, 99),
    lease_owner=st.none() | st.text(),
    lease_until=st.none() | INSTANTS,
)


@given(MEDIA)
def test_every_attribute_of_a_medium_comes_back(medium: TrackedMedium) -> None:
    again = rows.medium_of(rows.medium_row(medium))
    assert again == medium
    if medium.captured_at is not None:
        assert again.captured_at is not None
        assert again.captured_at.isoformat() == medium.captured_at.isoformat()


PARTS = st.builds(PartRecord, st.integers(1), st.integers(0), st.binary(), TEXTS)
CHECKPOINTS = st.builds(
    Checkpoint,
    token=TEXTS,
    part_size=st.integers(1),
    size=st.integers(0),
    etag=st.none() | TEXTS,
    parts=st.lists(PARTS, max_size=3).map(tuple),
)


@given(CHECKPOINTS)
def test_every_attribute_of_a_checkpoint_and_its_parts_comes_back(checkpoint: Checkpoint) -> None:
    parts = tuple(rows.part_of(rows.part_row(part)) for part in checkpoint.parts)
    assert rows.checkpoint_of(rows.checkpoint_row(checkpoint), parts) == checkpoint
