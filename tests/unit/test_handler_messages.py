"""The messages between the state machine and its functions survive JSON, and are checked."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

import pytest

from cloud_sync.handlers.environment import FunctionEnvironment, VariableMissing
from cloud_sync.handlers.message import Message, MessageError
from cloud_sync.handlers.messages import (
    FailureMarkerRequest,
    Manifest,
    ManifestLine,
    MediaListerAnswer,
    RunInput,
    RunSummaryAnswer,
    TokenValidatorAnswer,
    Unfinished,
    VideoDownloaderAnswer,
    VideoDownloaderRequest,
    VideoStatus,
    manifest_key,
)
from cloud_sync.model.report import Result

RUN = {"correlation_id": "c", "run_id": "r", "provider": "gopro", "account": "default"}
MESSAGES: list[Message] = [
    RunInput(),
    RunInput(limit=3, since="2026-01-01", dry_run=True, continuation=2),
    TokenValidatorAnswer(
        valid=False,
        statusCode=401,
        cookie_age_days=None,
        validation_method="none",
        duration_seconds=0.0,
        trouble="missing",
        message="there is no login",
    ),
    MediaListerAnswer(total_found=0, new_count=0, already_synced=0, manifest=None),
    MediaListerAnswer(
        total_found=2,
        new_count=1,
        already_synced=1,
        manifest=Manifest(bucket="b", key=manifest_key("r")),
    ),
    VideoDownloaderRequest(
        **RUN,
        media_id="m",
        round=1,
        deadline="2026-11-21T13:00:00.000Z",
        listed=ManifestLine(media_id="m", extension="mp4", file_count=3, bytes_before=7),
        unfinished=Unfinished(file=2, bytes=5, seconds=1.5),
    ),
    VideoDownloaderAnswer(
        media_id="m",
        status=VideoStatus.CONTINUE,
        s3_key=None,
        bytes_transferred=1,
        transfer_duration_seconds=2.0,
        throughput_mbps=0.1,
    ),
    FailureMarkerRequest(**RUN, media_id="m", error="PermanentError", cause=""),
    RunSummaryAnswer(
        run_id="r",
        result=Result.COMPLETED_WITH_FAILURES,
        found=2,
        new=2,
        already_archived=0,
        archived=1,
        failed=1,
        pending=0,
        gone=0,
        needs_attention=0,
        filtered=0,
        files_archived=1,
        bytes=5,
        duration_seconds=1.0,
        throughput_mbps=0.1,
        failed_ids=("m",),
        failed_ids_omitted=0,
        postponed=0,
        progressed=True,
        message="one failed",
    ),
]


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_a_message_comes_back_from_json_as_it_was_sent(message: Message) -> None:
    wire = json.loads(json.dumps(message.to_json()))
    assert type(message).from_json(wire) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_a_field_that_nobody_knows_is_left_alone(message: Message) -> None:
    """Functions and state machine are not deployed in the same instant."""
    assert type(message).from_json(message.to_json() | {"later": 1}) == message


@pytest.mark.parametrize("message", MESSAGES, ids=lambda each: type(each).__name__)
def test_a_field_of_another_kind_is_named(message: Message) -> None:
    for field in fields(message):
        with pytest.raises(MessageError, match=field.name):
            type(message).from_json(message.to_json() | {field.name: object()})


def test_a_field_that_is_missing_is_named() -> None:
    with pytest.raises(MessageError, match=r"VideoDownloaderRequest\.deadline: missing"):
        VideoDownloaderRequest.from_json({**RUN, "media_id": "m", "round": 1})


@pytest.mark.parametrize("document", [None, [], "text", 3])
def test_what_is_no_object_is_no_message(document: object) -> None:
    with pytest.raises(MessageError):
        RunInput.from_json(document)


@pytest.mark.parametrize(
    ("field", "value"), [("limit", True), ("limit", "3"), ("dry_run", 1), ("continuation", 1.5)]
)
def test_a_number_is_no_truth_value_and_no_text(field: str, value: Any) -> None:
    with pytest.raises(MessageError, match=field):
        RunInput.from_json({field: value})


def test_an_unknown_status_is_refused_with_the_known_ones() -> None:
    wire = MESSAGES[6].to_json() | {"status": "FAILED"}
    with pytest.raises(MessageError, match="DONE, CONTINUE, SKIPPED, POSTPONED, BLOCKED"):
        VideoDownloaderAnswer.from_json(wire)


def test_a_functions_environment_comes_back_from_its_variables() -> None:
    environment = FunctionEnvironment(
        environment="dev",
        table="t",
        bucket="b",
        secret="s",
        storage_plan="direct",
        concurrency="5",
        gopro_api_url="https://api.gopro.com",
        log_level="INFO",
    )
    variables = environment.to_variables()
    assert variables["CLOUD_SYNC_TABLE"] == "t"
    assert FunctionEnvironment.read(variables) == environment


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(VariableMissing, match="CLOUD_SYNC_TABLE"):
        FunctionEnvironment.read({"CLOUD_SYNC_ENVIRONMENT": "dev"})
