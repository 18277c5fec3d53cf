"""The definition of `file-copy-workflow`, as data that linters and emulators read.

The document that travels from state to state is `{context, validation, request, pending, kept,
copies, results, error}`. `pending` are the destinations that are to be copied to, `kept` the copies
that an earlier try of the same execution has made. With a hundred destinations, all failed, it is
about a third of the 256 KiB that a state may have.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from cloud_sync.deployment import retries
from cloud_sync.deployment.states import (
    State,
    call,
    caught,
    choice,
    expression,
    picked,
    publish,
    with_field,
)
from cloud_sync.handlers.copy_messages import CopyResultsAnswer

NAME = "file-copy-workflow"

EVENT_SOURCE = "cloud-sync.copies"
EVENT_TYPE = "File Copy Completed"
"""What a rule of EventBridge goes by to have something done after a copy."""

COPIER_SECONDS = 900
"""Lambda's own limit, which is the function's time-out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the definition refers to: ARNs of functions (or names) and of the topic, and how many
    destinations are copied to at a time. `timeout_seconds`: after it the execution is ended.
    """

    copy_validator: str
    copy_start: str
    object_copier: str
    copy_results: str
    copy_end: str
    copy_verdict: str
    topic: str
    max_concurrency: int = 10
    timeout_seconds: int = 24 * 3600


def definition(parts: Parts) -> State:
    """The whole state machine."""
    return {
        "Comment": "Copies one object to many buckets, and says what became of every copy",
        "QueryLanguage": "JSONata",
        "StartAt": "ValidateInput",
        "TimeoutSeconds": parts.timeout_seconds,
        "States": {
            **_beginning(parts),
            "CopyToMultipleBuckets": _copy_to_multiple_buckets(parts),
            **_recording(parts),
            **_telling(parts),
            **_ends(parts),
        },
    }


def _beginning(parts: Parts) -> dict[str, State]:
    execution = "$states.context.Execution"
    answer = "$states.result.Payload"
    return {
        "ValidateInput": call(
            parts.copy_validator,
            {"input": expression("$states.input")},
            output={
                "context": {
                    "execution_id": expression(f"{execution}.Id"),
                    "start_time": expression(f"{execution}.StartTime"),
                    "redrives": expression(_REDRIVES),
                },
                "validation": {
                    name: expression(f"{answer}.{name}")
                    for name in ("valid", "problems", "message")
                },
                **{name: expression(f"{answer}.{name}") for name in ("request", "pending", "kept")},
            },
            timeout=60,
            retry=retries.quick(),
            catch=[_caught_fault()],
            next_state="CheckInput",
        ),
        "CheckInput": {
            "Type": "Choice",
            "Choices": [choice("$states.input.validation.valid", "LogWorkflowStart")],
            "Default": "InputRefused",
        },
        "LogWorkflowStart": call(
            parts.copy_start,
            {
                "request": expression("$states.input.request"),
                "execution_id": _context("execution_id"),
                "start_time": _context("start_time"),
            },
            output=expression("$states.input"),
            timeout=60,
            retry=retries.noting(),
            catch=[_caught_fault()],
            next_state="CopyToMultipleBuckets",
        ),
    }


def _copy_to_multiple_buckets(parts: Parts) -> State:
    """The Map. An item never fails: what went wrong is its result, and the others go on."""
    one = "[$states.context.Map.Item.Value]"
    return {
        "Type": "Map",
        "Items": expression("$states.input.pending"),
        "MaxConcurrency": parts.max_concurrency,
        "ItemSelector": {
            "bucket": expression("$states.context.Map.Item.Value"),
            "request": expression(
                f"$merge([$states.input.request, {{'destinationBuckets': {one}}}])"
            ),
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "INLINE"},
            "StartAt": "CopyToBucket",
            "States": _item(parts.object_copier),
        },
        "Output": with_field("copies", "$states.result"),
        "Catch": [_caught_fault()],
        "Next": "ProcessResults",
    }


def _item(object_copier: str) -> dict[str, State]:
    return {
        "CopyToBucket": call(
            object_copier,
            {"request": expression("$states.input.request")},
            output=with_field("outcome", "$states.result.Payload.outcome"),
            timeout=COPIER_SECONDS + 60,
            retry=retries.quick(),
            catch=[caught("CopyFailed")],
            next_state="CopyEnded",
        ),
        "CopyEnded": {
            "Type": "Pass",
            "Output": {
                "bucket": expression("$states.input.bucket"),
                "outcome": expression("$states.input.outcome"),
            },
            "End": True,
        },
        "CopyFailed": {
            "Type": "Pass",
            "Comment": "The result of a copy whose calls failed for good",
            "Output": {
                "bucket": expression("$states.input.bucket"),
                "error": expression("$states.input.error"),
            },
            "End": True,
        },
    }


def _recording(parts: Parts) -> dict[str, State]:
    results = picked("$states.result.Payload", tuple(f.name for f in fields(CopyResultsAnswer)))
    told = {
        "request": expression("$states.input.request"),
        "execution_id": _context("execution_id"),
        "copies": expression("$states.input.copies"),
        "kept": expression("$states.input.kept"),
    }
    return {
        "ProcessResults": call(
            parts.copy_results,
            told,
            output=with_field("results", results),
            timeout=60,
            retry=retries.quick(),
            catch=[_caught_fault()],
            next_state="UpdateDynamoDBFinal",
        ),
        "UpdateDynamoDBFinal": call(
            parts.copy_end,
            told,
            output=expression("$states.input"),
            timeout=60,
            retry=retries.noting(),
            catch=[_caught_fault()],
            next_state="AnnounceCompletion",
        ),
        "AnnounceCompletion": _announce_completion(),
        "CheckIfAllSuccessful": {
            "Type": "Choice",
            "Choices": [choice("$states.input.results.failedCopies = 0", "AllCopiesSuccessful")],
            "Default": "SendFailureNotification",
        },
    }


def _announce_completion() -> State:
    """What anything that is to follow a copy listens to."""
    results = "$states.input.results"
    return {
        "Type": "Task",
        "Resource": "arn:aws:states:::events:putEvents",
        "Arguments": {
            "Entries": [
                {
                    "Source": EVENT_SOURCE,
                    "DetailType": EVENT_TYPE,
                    "Detail": {
                        "executionId": _context("execution_id"),
                        "request": expression("$states.input.request"),
                        **{name: expression(f"{results}.{name}") for name in _ANNOUNCED},
                    },
                }
            ]
        },
        "TimeoutSeconds": 60,
        "Output": expression("$states.input"),
        "Retry": retries.service(),
        "Catch": [_caught_fault()],
        "Next": "CheckIfAllSuccessful",
    }


def _telling(parts: Parts) -> dict[str, State]:
    return {
        "SendFailureNotification": publish(
            parts.topic,
            expression("$states.input.results.subject"),
            "$states.input.results.body",
            catch=[caught("NotificationFailed")],
            next_state="SomeCopiesFailed",
            retry=retries.telling(),
        ),
        "NotifyWorkflowFailure": publish(
            parts.topic,
            "File copy workflow failed",
            "'❌ File copy workflow failed\\n\\n'"
            " & '📁 Input: ' & $substring($string($states.context.Execution.Input), 0, 1500)"
            " & '\\n'"
            " & '⚠️ ' & $states.input.error.Error & ': ' & $states.input.error.Cause & '\\n'"
            " & '🔎 Execution: ' & $states.context.Execution.Id & '\\n\\n'"
            " & 'Copies that were made stay. Starting the same input again copies what is'"
            " & ' missing.'",
            catch=[caught("NotificationFailed")],
            next_state="WorkflowFailed",
            retry=retries.telling(),
        ),
    }


def _ends(parts: Parts) -> dict[str, State]:
    return {
        "AllCopiesSuccessful": {
            "Type": "Succeed",
            "Comment": "Every destination holds the object",
        },
        "SomeCopiesFailed": _some_copies_failed(parts.copy_verdict),
        "InputRefused": {
            "Type": "Fail",
            "Error": "InputRefused",
            "Cause": expression("$states.input.validation.message"),
        },
        "WorkflowFailed": {
            "Type": "Fail",
            "Error": "WorkflowFailed",
            "Cause": expression("$states.input.error.Error & ': ' & $states.input.error.Cause"),
        },
        "NotificationFailed": {
            "Type": "Fail",
            "Error": "NotificationFailed",
            "Cause": "Copies failed, and nobody could be told; the table of copies has them",
        },
    }


def _some_copies_failed(copy_verdict: str) -> State:
    """The end where copies failed, by a call that fails.

    A redrive enters a Fail state again and fails at once. It calls a Task again, so this one fails
    the first time; when the execution was redriven it answers which destinations are left, and the
    workflow goes on with those alone.
    """
    answer = "$states.result.Payload"
    names = ("pending", "kept")
    return {
        "Type": "Task",
        "Comment": "Fails, until the execution is redriven; then the failed copies are tried anew",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {
            "FunctionName": copy_verdict,
            "Payload": {
                "request": expression("$states.input.request"),
                "execution_id": expression("$states.context.Execution.Id"),
                "copies": expression("$states.input.copies"),
                "kept": expression("$states.input.kept"),
                "redrives_seen": _context("redrives"),
                "redrives": expression(_REDRIVES),
            },
        },
        "TimeoutSeconds": 60,
        "Output": {
            "context": expression(f"{answer}.context"),
            "validation": expression("$states.input.validation"),
            "request": expression("$states.input.request"),
            **{name: expression(f"{answer}.{name}") for name in names},
        },
        "Retry": retries.quick(),
        "Next": "LogWorkflowStart",
    }


def _caught_fault() -> State:
    return caught("NotifyWorkflowFailure")


def _context(name: str) -> str:
    return expression(f"$states.input.context.{name}")


_REDRIVES = (
    "$exists($states.context.Execution.RedriveCount) ? $states.context.Execution.RedriveCount : 0"
)
_ANNOUNCED = (
    "state",
    "totalBuckets",
    "successfulCopies",
    "failedCopies",
    "successfulBuckets",
    "failedBuckets",
)
