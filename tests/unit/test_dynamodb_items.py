"""What goes into DynamoDB items comes out of them, and no item is taken for another."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.model.tracking import (
    PartRecord,
    Reason,
    SourceCheck,
    Status,
    TrackedFile,
    TrackedMedium,
)
from cloud_sync.tracker.dynamodb_actions import KEY, size_of, update
from cloud_sync.tracker.dynamodb_items import (
    INDEX,
    PROJECTED,
    Row,
    Transfer,
    attempt_key,
    chunk_key,
    form_key,
    item_of,
    media_id_of,
    media_key,
    part_value,
    parts_of,
    row_of,
    upload_key,
)

NOW = datetime(2024, 6, 1, 12, 0, 0, 5, tzinfo=UTC)
WHOLE = Row(
    TrackedMedium(
        media_id="Xy-9_é",
        filename="Früh \x00 \ud83d.MP4",
        status=Status.IN_PROGRESS,
        media_type="Video",
        s3_key="k/ü.mp4",
        file_size=2**62,
        captured_at=datetime(2024, 2, 29, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        upload_date=NOW,
        source_updated_at=NOW,
        sync_timestamp=NOW,
        duration_seconds=0.1 + 0.2,
        reason=Reason("why", "noch nicht \udc00"),
        attempts=3,
        failures=2,
        lease_owner="worker-1",
        lease_until=NOW,
        files=(
            TrackedFile(1, "k/ü.mp4", "a"),
            TrackedFile(
                2, "k/2", "", Status.COMPLETED, 5, "c", '"e"', SourceCheck.MATCHED, "md5 of parts"
            ),
        ),
    ),
    revision=7,
    tries=4,
    open_epoch=3,
    lease_epoch=3,
    transfers={2: Transfer("/tmp/\udce9", 8, 2**50, None, "ab", 312)},
)


def after_a_write(row: Row) -> Row:
    return replace(row, revision=row.revision + 1)


@pytest.mark.parametrize(
    "row", [WHOLE, Row(TrackedMedium("a", "", Status.PENDING, sync_timestamp=NOW))]
)
def test_a_medium_comes_back_field_by_field(row: Row) -> None:
    assert row_of(item_of(row), open_epoch=3) == after_a_write(row)


@pytest.mark.parametrize("open_epoch", [None, 4])
def test_a_lease_counts_only_while_its_run_is_open(open_epoch: int | None) -> None:
    row = row_of(item_of(WHOLE), open_epoch)
    assert (row.medium.lease_owner, row.medium.lease_until, row.lease_epoch) == (None, None, None)
    assert row.medium.status is Status.IN_PROGRESS
    assert row.open_epoch == 3, "which attempt ran is still known"


def test_the_index_has_all_that_it_is_asked_for() -> None:
    item = item_of(WHOLE)
    assert INDEX == "status-sync_timestamp-index"
    assert {"status", "sync_timestamp", *PROJECTED} <= set(item)
    assert item["file_count"] == {"N": "2"}
    assert item["stored_bytes"] == {"N": "5"}, "the files that are stored, and no others"
    assert item["retry_count"] == {"N": "2"}


@given(st.text())
def test_every_id_comes_back_from_its_key_and_none_looks_like_an_item_of_ours(
    media_id: str,
) -> None:
    key = media_key(media_id)
    assert key, "DynamoDB takes no empty key"
    assert media_id_of(key) == media_id
    assert not key.startswith("#") or key.startswith("#media#")


@given(st.text(max_size=4), st.text(max_size=4))
def test_two_media_share_no_key(one: str, other: str) -> None:
    assert (media_key(one) == media_key(other)) == (one == other)


@given(st.text(alphabet="#1a", max_size=6), st.text(alphabet="#1a", max_size=6))
def test_two_media_share_no_attempt_and_no_chunk_of_parts(one: str, other: str) -> None:
    if one != other:
        numbers = range(1, 12)
        assert not {attempt_key(one, n) for n in numbers} & {attempt_key(other, n) for n in numbers}
        chunks = {chunk_key(each, 1, "ab", 1) for each in (one, other)}
        assert len(chunks) == 2


def test_keys_that_count_as_the_same_have_one_item() -> None:
    assert form_key("K/É.MP4") == form_key("k/e\u0301.mp4") != form_key("k/e.mp4")
    assert upload_key("A") != upload_key("a")
    assert len(form_key("x" * 5_000)) < 100, "a long key must not break the limit of 2048 bytes"


def test_parts_come_back_by_number() -> None:
    parts = [
        PartRecord(7, 2**40, b"\x00\xff\x80\x00\x27\x00\x0a\x01", "ré\udce9ceipt", b"m" * 16),
        PartRecord(10_000, 1, b"c" * 8, ""),
    ]
    chunk = {KEY: {"S": "#part#…"}} | {str(part.number): part_value(part) for part in parts}
    assert parts_of(chunk) == {part.number: part for part in parts}


def test_an_update_names_every_attribute_so_that_any_name_will_do() -> None:
    action = update(
        "k", set_={"d#1#a b": {"S": "r"}}, add={"m#x.y": {"N": "-1"}}, remove=["status", "z"]
    )
    assert action["Update"] == {
        "Key": {KEY: {"S": "k"}},
        "UpdateExpression": "SET #n0 = :v0 ADD #n1 :v1 REMOVE #n2, #n3",
        "ExpressionAttributeNames": {
            "#n0": "d#1#a b",
            "#n1": "m#x.y",
            "#n2": "status",
            "#n3": "z",
        },
        "ExpressionAttributeValues": {":v0": {"S": "r"}, ":v1": {"N": "-1"}},
    }


def test_the_size_of_an_item_is_not_taken_for_less_than_its_texts() -> None:
    item = item_of(WHOLE)
    texts = sum(len(name) for name in item)
    assert size_of(item) > texts
    assert size_of({"a": {"S": "é" * 100}}) >= 201
    assert size_of({"a": {"L": [{"B": b"x" * 100}] * 3}}) >= 300
