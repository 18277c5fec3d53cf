"""Every way through `file-copy-workflow`, state by state, in a strict interpreter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cloud_sync.handlers.messages import PermanentError, TransientError
from cloud_sync.handlers.object_copier import bounded
from cloud_sync.replicate.tracker import CopyState
from copies_at_work import EXECUTIONS, STATE_BYTES, CopiesAtWork

BEGINNING = ["ValidateInput", "CheckInput", "LogWorkflowStart", "CopyToMultipleBuckets"]
RECORDED = ["ProcessResults", "UpdateDynamoDBFinal", "AnnounceCompletion", "CheckIfAllSuccessful"]
WHOLE = [*BEGINNING, *RECORDED]


def asked(*buckets: str, key: str = "build-123.zip") -> dict[str, Any]:
    return {
        "sourceBucket": "global-builds",
        "sourceKey": key,
        "destinationBuckets": list(buckets or ("region-a-builds", "region-b-builds")),
    }


def copied(event: Any, **changes: Any) -> dict[str, Any]:
    """What object-copier answers where all goes well."""
    (bucket,) = event["request"]["destinationBuckets"]
    outcome = {"bucket": bucket, "status": "COPIED", "code": "", "message": "proven by checksum"}
    outcome |= {"size": 7, "checksum": "CRC64NVME=x", "versionId": "v1", "bytesThroughUs": 0}
    return {"outcome": {**outcome, **changes}}


def failing(*buckets: str, error: Exception | None = None) -> Callable[[Any], Any]:
    """A copier to which these buckets are not there."""

    def react(event: Any) -> Any:
        (bucket,) = event["request"]["destinationBuckets"]
        if bucket not in buckets:
            return copied(event)
        if error:
            raise error
        return copied(event, status="FAILED", code="no_such_bucket", message=f"no {bucket}")

    return react


def test_all_copies_made_ends_in_all_copies_successful_and_tells_nobody() -> None:
    work = CopiesAtWork(on_copy=copied)
    ended = work.run(asked())
    assert ended.names == [*WHOLE, "AllCopiesSuccessful"]
    assert ended.status == "SUCCEEDED"
    results = ended.output["results"]
    assert (results["totalBuckets"], results["successfulCopies"], results["failedCopies"]) == (
        2,
        2,
        0,
    )
    assert results["successfulBuckets"] == ["region-a-builds", "region-b-builds"]
    assert work.told == []
    row = work.tracker.latest("build-123.zip", "global-builds")
    assert row is not None
    assert (row.state, row.execution_id) == (CopyState.COMPLETED, f"{EXECUTIONS}:run-1")


def test_the_start_is_remembered_before_anything_is_copied() -> None:
    work = CopiesAtWork()
    seen = []

    def look(event: Any) -> Any:
        row = work.tracker.latest("build-123.zip", "global-builds")
        seen.append(row and (row.state, row.request.destinations))
        return copied(event)

    work.on_copy = look
    work.run(asked("region-a-builds"))
    assert seen == [(CopyState.IN_PROGRESS, ("region-a-builds",))]


@pytest.mark.parametrize(
    ("failed", "state", "headline"),
    [
        (("region-b-builds",), "PARTLY_FAILED", "⚠️ File copy partly failed"),
        (("region-a-builds", "region-b-builds"), "FAILED", "❌ File copy failed"),
    ],
)
def test_failed_copies_are_told_and_end_in_some_copies_failed(
    failed: tuple[str, ...], state: str, headline: str
) -> None:
    """One failing or all: the others are tried, one notice goes out, the row has the end."""
    work = CopiesAtWork(on_copy=failing(*failed))
    ended = work.run(asked())
    assert ended.names == [*WHOLE, "SendFailureNotification", "SomeCopiesFailed"]
    assert (ended.status, ended.error) == ("FAILED", "SomeCopiesFailed")
    assert work.copied_to() == ["region-a-builds", "region-b-builds"]
    (told,) = work.told
    assert told["Subject"] == f"{len(failed)} of 2 copies failed: build-123.zip"
    for part in (headline, *failed, "build-123.zip", f"{EXECUTIONS}:run-1", "FileCopyTracking"):
        assert part in told["Message"]
    row = work.tracker.latest("build-123.zip", "global-builds")
    assert row is not None
    assert row.state == state
    assert row.results is not None
    assert [each.bucket for each in row.results.failures] == list(failed)


def test_an_error_that_may_pass_is_tried_three_times_after_2_4_and_8_seconds() -> None:
    error = TransientError("throttled: the service asks for fewer calls")
    work = CopiesAtWork(on_copy=failing("region-b-builds", error=error))
    ended = work.run(asked())
    assert ended.waits == [2, 4, 8]
    assert work.copied_to().count("region-b-builds") == 4
    row = work.tracker.latest("build-123.zip", "global-builds")
    assert row is not None
    assert row.results is not None
    (failure,) = row.results.failures
    assert (failure.code, failure.message) == ("throttled", "the service asks for fewer calls")


@pytest.mark.parametrize("error", ["Sandbox.Timedout", "Lambda.TooManyRequestsException"])
def test_a_copier_that_lambda_itself_fails_is_tried_again(error: str) -> None:
    work = CopiesAtWork(on_copy=copied, broken={"object-copier": (error, 3)})
    ended = work.run(asked("region-a-builds"))
    assert (ended.status, ended.waits) == ("SUCCEEDED", [2, 4, 8])


def test_a_fault_of_the_copier_is_one_failed_copy_and_not_tried_again() -> None:
    work = CopiesAtWork(on_copy=failing("region-a-builds", error=PermanentError("a fault")))
    ended = work.run(asked())
    assert ended.waits == []
    assert ended.trace[-1][1]["results"]["failedBuckets"] == ["region-a-builds"]
    assert ended.trace[-1][1]["results"]["successfulBuckets"] == ["region-b-builds"]


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        ({}, {"sourceBucket", "sourceKey", "destinationBuckets"}),
        ({"sourceBucket": "global-builds", "sourceKey": "k"}, {"destinationBuckets"}),
        (asked() | {"sourceKey": ""}, {"sourceKey"}),
        (asked("global-builds"), {"destinationBuckets[0]"}),
        (asked("Not_A_Bucket"), {"destinationBuckets[0]"}),
        ([], {"request"}),
    ],
)
def test_a_refused_input_writes_nothing_and_names_each_field(
    document: Any, fields: set[str]
) -> None:
    work = CopiesAtWork(on_copy=copied)
    ended = work.run(document)
    assert ended.names == ["ValidateInput", "CheckInput", "InputRefused"]
    assert (ended.status, ended.error) == ("FAILED", "InputRefused")
    problems = ended.output["validation"]["problems"]
    assert fields <= {each["field"] for each in problems}
    assert all(field in ended.output["validation"]["message"] for field in fields)
    assert [name for name, _ in work.calls] == ["copy-validator"]
    assert (work.told, work.announced) == ([], [])


@pytest.mark.parametrize("function", ["copy-start", "copy-end"])
def test_a_row_is_written_in_four_tries_after_1_2_and_4_seconds(function: str) -> None:
    work = CopiesAtWork(on_copy=copied, broken={function: ("TransientError", 3)})
    ended = work.run(asked())
    assert (ended.status, ended.waits) == ("SUCCEEDED", [1, 2, 4])


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        ("copy-validator", "Lambda.Unknown"),
        ("copy-start", "TransientError"),
        ("copy-results", "PermanentError"),
        ("copy-end", "TransientError"),
        ("events:putEvents", "EventBridge.FailedEntry"),
    ],
)
def test_a_step_that_fails_for_good_is_told_and_is_no_success(broken: str, error: str) -> None:
    work = CopiesAtWork(on_copy=copied, broken={broken: (error, 9)})
    ended = work.run(asked())
    assert ended.names[-2:] == ["NotifyWorkflowFailure", "WorkflowFailed"]
    assert ended.status == "FAILED"
    (told,) = work.told
    assert error in told["Message"]
    assert "build-123.zip" in told["Message"]
    assert f"{EXECUTIONS}:run-1" in told["Message"]


def test_a_start_that_cannot_be_remembered_copies_nothing() -> None:
    work = CopiesAtWork(on_copy=copied, broken={"copy-start": ("TransientError", 9)})
    work.run(asked())
    assert work.copied_to() == []


def test_a_notice_is_sent_in_three_tries_after_1_and_2_seconds() -> None:
    work = CopiesAtWork(on_copy=failing("region-a-builds"))
    work.broken["sns:publish"] = ("SNS.SnsException", 2)
    ended = work.run(asked())
    assert (ended.error, ended.waits, len(work.told)) == ("SomeCopiesFailed", [1, 2], 1)


@pytest.mark.parametrize("broken", ["", "copy-end"])
def test_a_notice_that_cannot_be_sent_ends_in_notification_failed(broken: str) -> None:
    work = CopiesAtWork(on_copy=failing("region-a-builds"))
    work.broken = {"sns:publish": ("SNS.SnsException", 9), broken: ("PermanentError", 9)}
    ended = work.run(asked())
    assert ended.names[-1] == "NotificationFailed"
    assert (ended.status, ended.error, work.told) == ("FAILED", "NotificationFailed", [])


def test_whatever_follows_a_copy_hears_of_it_with_the_counts() -> None:
    work = CopiesAtWork(on_copy=failing("region-a-builds"))
    work.run(asked())
    (event,) = work.announced
    assert (event["Source"], event["DetailType"]) == ("cloud-sync.copies", "File Copy Completed")
    assert event["Detail"] == {
        "executionId": f"{EXECUTIONS}:run-1",
        "request": asked(),
        "state": "PARTLY_FAILED",
        "totalBuckets": 2,
        "successfulCopies": 1,
        "failedCopies": 1,
        "successfulBuckets": ["region-b-builds"],
        "failedBuckets": ["region-a-builds"],
    }


def test_a_redrive_copies_only_what_failed_and_is_remembered_beside_the_first_try() -> None:
    document = asked("one-builds", "two-builds", "three-builds")
    work = CopiesAtWork(on_copy=failing("two-builds", "three-builds"))
    first = work.run(document)
    work.on_copy = failing("three-builds")
    work.calls.clear()
    second = work.redrive(first, document)
    assert work.copied_to() == ["two-builds", "three-builds"]
    assert second.names[0] == second.names[-1] == "SomeCopiesFailed"
    assert second.trace[-1][1]["results"]["successfulBuckets"] == ["one-builds", "two-builds"]
    work.on_copy = copied
    work.calls.clear()
    third = work.redrive(second, document, count=2)
    assert work.copied_to() == ["three-builds"]
    assert third.names[-1] == "AllCopiesSuccessful"
    assert third.output["results"]["successfulCopies"] == 3
    history = work.tracker.history("build-123.zip", "global-builds")
    assert [(each.execution_id, each.state) for each in history] == [
        (f"{EXECUTIONS}:run-1#redrive-2", CopyState.COMPLETED),
        (f"{EXECUTIONS}:run-1#redrive-1", CopyState.PARTLY_FAILED),
        (f"{EXECUTIONS}:run-1", CopyState.PARTLY_FAILED),
    ]


def test_optional_fields_travel_to_every_copy() -> None:
    document = asked() | {
        "versionId": "v7",
        "storageClass": "STANDARD_IA",
        "prefixMapping": {"from": "build-", "to": "releases/"},
    }
    work = CopiesAtWork(on_copy=copied)
    assert work.run(document).status == "SUCCEEDED"
    for name, event in work.calls:
        if name == "object-copier":
            bucket = event["request"].pop("destinationBuckets")
            assert event["request"] | {"destinationBuckets": []} == document | {
                "destinationBuckets": []
            }
            assert len(bucket) == 1


@pytest.mark.parametrize("letter", ["k", "ф", "😀"])
def test_a_hundred_destinations_that_all_fail_fit_into_the_state(letter: str) -> None:
    """With the longest names, keys and sentences that can be; the interpreter holds every document
    against the 256 KiB of a state, and counts a letter beyond ASCII as six bytes and more.
    """
    key = (letter * 1024).encode()[:1024].decode("utf-8", "ignore")
    buckets = [f"{number:03}-{'b' * 59}" for number in range(100)]
    message = f"copying s3://global-builds/{key}: " + letter * 900
    work = CopiesAtWork(
        on_copy=lambda event: copied(
            event, status="FAILED", code="access_denied", message=bounded(message)
        )
    )
    ended = work.run(asked(*buckets, key=key))
    assert ended.names[-1] == "SomeCopiesFailed"
    assert ended.trace[-1][1]["results"]["failedCopies"] == 100
    assert 50_000 < ended.largest < STATE_BYTES
