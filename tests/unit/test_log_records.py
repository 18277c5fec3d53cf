"""The shape of a log line, held against every event of a run and against its page."""

from __future__ import annotations

import json
import typing
from dataclasses import fields

import pytest

from builders import summary
from cloud_sync.config.quantities import LEVELS
from cloud_sync.logs.events import LogContext, line_of
from cloud_sync.logs.record import ALWAYS, Level, LogRecord
from cloud_sync.model.report import Named, Outcome, Result
from cloud_sync.pipeline.events import (
    Event,
    FileArchived,
    FileFailed,
    FilePaused,
    FileProgress,
    FileStarted,
    LoginAwaited,
    LoginChecked,
    LoginRenewed,
    MediumSettled,
    PageListed,
    PlanMade,
    RunEnded,
    RunStarted,
    Warned,
)
from documentation import code, read, rows_by_code, section

SIGNED = "https://cdn.example.org/a.mp4?Signature=abc&Key-Pair-Id=k"
NAMED = Named("m", "GX01.MP4", Outcome.FAILED, "key_taken", f"something lies there; see {SIGNED}")
EVENTS: list[Event] = [
    RunStarted("run-1", "s3://bucket/some"),
    PageListed(2, 3),
    PlanMade(2, 9, 1),
    FileStarted("m", 1, "GX01.MP4", "k/GX01.MP4", 5, 2),
    FileArchived("m", 1, "GX01.MP4", "k/GX01.MP4", 5, "crc=", 3, 1.5, 0.25),
    FilePaused("m", 1, "GX01.MP4", "k/GX01.MP4", "interrupted", 3, 1.5),
    FileFailed("m", 1, "GX01.MP4", "throttled", "asked for fewer calls", 2.0),
    MediumSettled("m", "GX01.MP4", Outcome.ARCHIVED, None),
    MediumSettled("m", "GX01.MP4", Outcome.FAILED, NAMED),
    Warned("look at that"),
    LoginChecked(works=True, trouble="", message="", age_seconds=60.0, life_used=0.5),
    LoginChecked(works=False, trouble="expired", message="no", age_seconds=None, life_used=None),
    LoginAwaited("the login died", "cloud-sync login", 60.0),
    LoginRenewed(),
    RunEnded(summary(result=Result.COMPLETED)),
    RunEnded(summary(result=Result.FAILED, message="the archive is full")),
]
CONTEXT = LogContext("video-downloader", "s3://bucket/some", "chain", "run-1")


def record_of(event: Event, context: LogContext = CONTEXT) -> LogRecord:
    line = line_of(event)
    assert line is not None
    return context.record("2026-11-21T02:00:00Z", line)


def test_every_kind_of_event_is_among_the_examples() -> None:
    assert {type(event) for event in EVENTS} == set(typing.get_args(Event)) - {FileProgress}


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_every_event_is_a_line_with_the_agreed_fields_as_its_page_says(event: Event) -> None:
    record = json.loads(record_of(event).to_line())
    assert set(ALWAYS) <= set(record)
    assert record["correlation_id"] == "chain"
    row = rows_by_code(section(read("docs/reference/logs.md"), "## Event types"))
    _, levels, own = row[record["event_type"]][:3]
    assert record["level"] in code(levels), event
    told = {name for name, value in record.items() if value is not None}
    everywhere = {"timestamp", "level", "correlation_id", "function_name", "event_type"}
    assert told - everywhere - {"run_id", "archive", "s3_bucket"} <= set(code(own)), event


def test_the_progress_of_bytes_is_not_logged() -> None:
    assert line_of(FileProgress("m", 1, 5)) is None


def test_the_page_names_every_field_and_no_other() -> None:
    page = section(read("docs/reference/logs.md"), "## Fields")
    assert list(rows_by_code(page)) == [each.name for each in fields(LogRecord)]


def test_every_event_type_of_the_page_is_written() -> None:
    """The three of a function's call are written by `handlers.telling`."""
    told = set(rows_by_code(section(read("docs/reference/logs.md"), "## Event types")))
    calls = {"function_started", "function_ended", "function_failed"}
    assert told == {record_of(event).event_type for event in EVENTS} | calls


def test_a_line_has_the_names_of_the_specification() -> None:
    record = record_of(EVENTS[4]).to_json()
    assert record["event_type"] == "video_download_complete"
    assert (record["s3_bucket"], record["s3_key"]) == ("bucket", "some/k/GX01.MP4")
    assert (record["file_size_bytes"], record["filename"]) == (5, "GX01.MP4")
    assert (record["bytes_transferred"], record["transfer_duration_seconds"]) == (3, 1.5)
    assert record["time_to_first_byte_seconds"] == 0.25


def test_a_folder_is_no_bucket() -> None:
    record = record_of(EVENTS[3], LogContext("cloud-sync", "/mnt/archive", "", "run-1")).to_json()
    assert (record["s3_bucket"], record["s3_key"]) == (None, "k/GX01.MP4")
    assert record["correlation_id"] == "run-1", "a run stands for itself"


def test_no_signed_url_gets_into_a_line_and_the_line_stays_json() -> None:
    failed = record_of(EVENTS[8])
    assert failed.error_message is not None
    assert "Signature=abc" in failed.error_message
    line = failed.to_line()
    assert "Signature=abc" not in line
    assert json.loads(line)["error_code"] == "key_taken"
    quoted = record_of(Warned('Cookie: gp_access_token=eyJabcdefghij.b.c "quoted" \\'))
    assert "eyJabc" not in quoted.to_line()
    assert json.loads(quoted.to_line())["event_type"] == "warned"


def test_levels_are_those_of_the_setting_in_their_order() -> None:
    assert tuple(Level) == LEVELS
    assert Level.ERROR.at_least(Level.WARN)
    assert not Level.INFO.at_least(Level.WARN)
