"""Each check of `cloud-sync demo --aws` fails when what it claims is not so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from builders import tracked
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.memory import MemoryArchive
from cloud_sync.cli.demo_aws import checks
from cloud_sync.cli.demo_aws.checks import DONE, IDLE, PARTIAL, STATE_LIMIT
from cloud_sync.cli.demo_aws.cloud import BAD_ID, GOOD_ID, late_media, selected
from cloud_sync.cli.demo_aws.execution import Ended
from cloud_sync.cli.demo_aws.notices import Notice
from cloud_sync.model.tracking import Status, TrackedFile, TrackedMedium
from cloud_sync.simulator.library import Library, SimMedium, pattern_medium
from cloud_sync.transfer.part_size import SMALLEST_PART

KEY = "gopro-videos/2024/05/GX010001.MP4"
MEDIUM = pattern_medium("a", 5_000)
CONTENT = MEDIUM.originals[0].read(0, 5_000)


def ended(states: tuple[str, ...], status: str = "SUCCEEDED") -> Ended:
    return Ended("demo", "arn", status, states, {}, 1.0)


def archive_with(**objects: bytes) -> MemoryArchive:
    archive = MemoryArchive()
    for key, content in objects.items():
        description = ObjectDescription("a", 1, "video/mp4", {}, {})
        archive.put(key, description, memoryview(content), part_checksum(content))
    return archive


def row(**facts: Any) -> dict[str, TrackedMedium]:
    checksum = to_text(part_checksum(CONTENT))
    file = TrackedFile(1, KEY, "GX010001.MP4", Status.COMPLETED, 5_000, checksum)
    return {"a": tracked("a", Status.COMPLETED, files=(replace(file, **facts),))}


def test_executions_that_end_as_meant_are_well() -> None:
    assert not checks.check_executions([ended(DONE), ended(IDLE), ended(PARTIAL)]).differences


@pytest.mark.parametrize(
    "executions",
    [
        [ended(DONE, "FAILED"), ended(IDLE), ended(PARTIAL)],
        [ended(PARTIAL), ended(DONE), ended(PARTIAL)],
        [ended(DONE), ended(IDLE), ended(IDLE)],
        [ended(DONE), ended(IDLE), ended(())],
    ],
)
def test_an_execution_that_ends_elsewhere_is_told(executions: list[Ended]) -> None:
    assert checks.check_executions(executions).differences


def test_a_second_execution_that_fetches_anything_is_told() -> None:
    assert not checks.check_idle(0).differences
    assert "1.5 kB" in checks.check_idle(1_500).differences[0]


def test_originals_that_lie_there_byte_for_byte_are_well_and_counted() -> None:
    check = checks.check_objects(Library([MEDIUM]), row(), archive_with(**{KEY: CONTENT}))
    assert check.differences == ()
    assert check.told == "1 original (5.0 kB) in the bucket, byte for byte"


@pytest.mark.parametrize(
    ("rows", "objects", "told"),
    [
        (row(), {KEY: b"x" * 5_000}, "differs from"),
        (row(), {KEY: CONTENT[:-1]}, "differs from"),
        (row(), {}, "is not in the bucket"),
        (row(size=4_999), {KEY: CONTENT}, "another size or checksum"),
        (row(checksum="AAAAAAAAAAA="), {KEY: CONTENT}, "another size or checksum"),
        ({}, {}, "is not in the archive"),
        (row(), {KEY: CONTENT, "gopro-videos/x.MP4": b"x"}, "nobody knows of it"),
    ],
)
def test_an_original_that_is_not_as_it_should_be_is_told(
    rows: dict[str, TrackedMedium], objects: dict[str, bytes], told: str
) -> None:
    check = checks.check_objects(Library([MEDIUM]), rows, archive_with(**objects))
    assert told in " ".join(check.differences)


def test_media_that_cannot_be_archived_are_not_asked_of_the_bucket() -> None:
    _, bad = late_media()
    library = Library([bad, replace(MEDIUM, state="transcoding")])
    assert checks.check_objects(library, {}, MemoryArchive()).differences == ()


@pytest.mark.parametrize(
    ("medium", "status"),
    [
        (MEDIUM, Status.COMPLETED),
        (replace(MEDIUM, state="transcoding"), Status.PENDING),
        (replace(MEDIUM, originals=()), Status.SKIPPED),
        (late_media()[0], Status.COMPLETED),
        (late_media()[1], Status.FAILED),
    ],
)
def test_every_medium_has_the_status_that_belongs_to_it(medium: SimMedium, status: Status) -> None:
    library = Library([medium])
    assert not checks.check_rows(library, [tracked(medium.id, status)]).differences
    for other in set(Status) - {status}:
        assert checks.check_rows(library, [tracked(medium.id, other)]).differences
    assert checks.check_rows(library, []).differences


def test_a_row_of_a_medium_that_nobody_has_is_told() -> None:
    assert checks.check_rows(Library(), [tracked("a", Status.COMPLETED)]).differences


GOOD_NOTICE = Notice("s", {"failed_ids": [BAD_ID]})


def test_one_alert_and_one_failed_item_are_well() -> None:
    assert not checks.check_notices([GOOD_NOTICE], [{"media_id": BAD_ID}]).differences


@pytest.mark.parametrize(
    ("notices", "items"),
    [
        ([], [{"media_id": BAD_ID}]),
        ([GOOD_NOTICE, GOOD_NOTICE], [{"media_id": BAD_ID}]),
        ([Notice("s", {"failed_ids": [GOOD_ID]})], [{"media_id": BAD_ID}]),
        ([GOOD_NOTICE], []),
        ([GOOD_NOTICE], [{"media_id": GOOD_ID}]),
        ([GOOD_NOTICE], [{"media_id": BAD_ID}, {"media_id": BAD_ID}]),
    ],
)
def test_other_alerts_or_failed_items_are_told(
    notices: list[Notice], items: list[dict[str, object]]
) -> None:
    assert checks.check_notices(notices, items).differences


def test_small_histories_without_secrets_are_well_and_measured() -> None:
    events = [{"details": {"input": '{"a": "ü"}'}}, {"details": {"output": "{}"}}]
    check = checks.check_histories(events, ["token"])
    assert check.differences == ()
    assert "11 bytes of 262,144" in check.told


@pytest.mark.parametrize(
    "events",
    [
        [],
        [{"details": {"input": '{"a": "token"}'}}],
        [{"details": {"input": "{}"}, "cause": "at http://127.0.0.1:1/token"}],
        [{"details": {"input": "x" * (STATE_LIMIT + 1)}}],
    ],
)
def test_a_secret_a_large_document_or_no_history_at_all_is_told(
    events: list[dict[str, Any]],
) -> None:
    assert checks.check_histories(events, ["token"]).differences


def test_media_in_several_parts_stay_out_and_are_counted() -> None:
    small = pattern_medium("small", SMALLEST_PART, SMALLEST_PART)
    large = pattern_medium("large", 10, SMALLEST_PART + 1)
    cloud = selected(Library([small, large, replace(MEDIUM, originals=())]))
    assert ({medium.id for medium in cloud.library.media()}, cloud.left_out) == ({"small", "a"}, 1)
    assert (cloud.media, cloud.bytes) == (2, 2 * SMALLEST_PART)
