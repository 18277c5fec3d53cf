"""DownloadVideos: the Distributed Map over the manifest, and the child that archives one medium."""

from __future__ import annotations

from cloud_sync.archive.run_files import RUNS_PREFIX
from cloud_sync.deployment import retries
from cloud_sync.deployment.states import State, call, caught, choice, expression
from cloud_sync.handlers.messages import Unfinished

LABEL = "DownloadVideos"

ROUNDS_LIMIT = 200
"""The most calls for one medium: more than fit before the soft deadline, which ends the loop."""

DOWNLOADER_SECONDS = 900
"""Lambda's own limit, which is the function's time-out."""


def download_videos(
    *,
    video_downloader: str,
    failure_marker: str,
    failed_items_queue: str,
    bucket: str,
    max_concurrency: int,
    next_state: str,
    failure_state: str,
) -> State:
    """The Map. A child that fails does not fail the Map: the tracker knows what became of it.

    Children are STANDARD: a download takes longer than the five minutes of an EXPRESS one.
    Their results go to the bucket and not into the state.
    """
    return {
        "Type": "Map",
        "Label": LABEL,
        "MaxConcurrency": max_concurrency,
        "ToleratedFailurePercentage": 100,
        "ItemReader": {
            "Resource": "arn:aws:states:::s3:getObject",
            "ReaderConfig": {"InputType": "JSONL"},
            "Parameters": {
                "Bucket.$": "$.media.manifest.bucket",
                "Key.$": "$.media.manifest.key",
            },
        },
        "ItemSelector": {
            "media_id.$": "$$.Map.Item.Value.media_id",
            "listed.$": "$$.Map.Item.Value",
            "round": 1,
            "unfinished": Unfinished().to_json(),
            "correlation_id.$": "$.context.correlation_id",
            "run_id.$": "$.context.run_id",
            "provider.$": "$.context.provider",
            "account.$": "$.context.account",
            "deadline.$": "$.context.deadline",
        },
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "DownloadVideo",
            "States": _child(video_downloader, failure_marker, failed_items_queue),
        },
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject",
            "Parameters": {
                "Bucket": bucket,
                "Prefix.$": f"States.Format('{RUNS_PREFIX}{{}}', $.context.run_id)",
            },
        },
        # the children's results are for nobody in the state, and a ResultPath of null would do, but
        # the CDK drops every null
        "ResultSelector": {"finished": True},
        "ResultPath": "$.downloads",
        "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": failure_state}],
        "Next": next_state,
    }


def _child(video_downloader: str, failure_marker: str, queue: str) -> dict[str, State]:
    return {
        "DownloadVideo": call(
            video_downloader,
            {name: expression(f"$states.input.{name}") for name in _REQUEST},
            output=_merged_answer(),
            timeout=DOWNLOADER_SECONDS + 60,
            retry=retries.patient(),
            catch=[caught("MarkVideoFailed")],
            next_state="CheckVideoStatus",
        ),
        "CheckVideoStatus": {
            "Type": "Choice",
            "QueryLanguage": "JSONata",
            "Choices": [
                choice("$states.input.status != 'CONTINUE'", "MarkVideoComplete"),
                choice(f"$states.input.round <= {ROUNDS_LIMIT}", "DownloadVideo"),
            ],
            "Default": "TooManyRounds",
        },
        "MarkVideoComplete": _outcome(),
        "TooManyRounds": _too_many_rounds(),
        "MarkVideoFailed": _mark_video_failed(failure_marker),
        "QueueFailedVideo": _queue_failed_video(queue),
    }


def _merged_answer() -> str:
    """The child's input with the answer, its bytes summed up, and the number of the next round."""
    answer = "$states.result.Payload"
    before = "$exists($states.input.bytes_transferred) ? $states.input.bytes_transferred : 0"
    return expression(
        "$merge([$states.input, {"
        f"'status': {answer}.status, 's3_key': {answer}.s3_key,"
        f" 'reason_code': {answer}.reason_code, 'throughput_mbps': {answer}.throughput_mbps,"
        f" 'bytes_transferred': ({before}) + {answer}.bytes_transferred,"
        f" 'unfinished': {answer}.unfinished,"
        " 'round': $states.input.round + 1}])"
    )


def _outcome() -> State:
    """The child's result. The function itself has written the row, after it verified the bytes."""
    return {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": {name: expression(f"$states.input.{name}") for name in _RESULT},
        "End": True,
    }


def _too_many_rounds() -> State:
    return {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Comment": "A function that never comes to an end is a fault of ours, not of the medium",
        "Output": expression(
            "$merge([$states.input, {'error': {'Error': 'TooManyRounds', 'Cause':"
            " 'the download did not end within "
            f"{ROUNDS_LIMIT} calls'}}}}])"
        ),
        "Next": "MarkVideoFailed",
    }


def _mark_video_failed(failure_marker: str) -> State:
    """Writes the row. When even that fails, the medium still goes to the queue."""
    return call(
        failure_marker,
        {
            **{name: expression(f"$states.input.{name}") for name in _IDENTITY},
            "error": expression("$states.input.error.Error"),
            "cause": expression("$states.input.error.Cause"),
        },
        output=expression(
            "$merge([$states.input, {'status': $states.result.Payload.status,"
            " 'reason_code': $states.result.Payload.reason_code,"
            " 'message': $states.result.Payload.message}])"
        ),
        timeout=60,
        retry=retries.patient(),
        catch=[
            {
                "ErrorEquals": ["States.ALL"],
                "Output": expression(
                    "$merge([$states.input, {'status': 'FAILED', 'reason_code': 'row_not_written',"
                    " 'message': $states.input.error.Error}])"
                ),
                "Next": "QueueFailedVideo",
            }
        ],
        next_state="QueueFailedVideo",
    )


def _queue_failed_video(queue: str) -> State:
    """One message a failed medium, for whoever looks into it; then the child has ended."""
    body = ", ".join(f"'{name}': $states.input.{name}" for name in _FAILED)
    return {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Resource": "arn:aws:states:::sqs:sendMessage",
        "Arguments": {
            "QueueUrl": queue,
            "MessageBody": expression(f"$string({{{body}, 'error': $states.input.error.Error}})"),
        },
        "TimeoutSeconds": 60,
        "Output": {name: expression(f"$states.input.{name}") for name in _FAILED},
        "Retry": retries.service(),
        "End": True,
    }


_IDENTITY = ("media_id", "correlation_id", "run_id", "provider", "account")
_REQUEST = (*_IDENTITY, "round", "deadline", "listed", "unfinished")
_RESULT = ("media_id", "status", "s3_key", "bytes_transferred", "throughput_mbps", "reason_code")
_FAILED = ("media_id", "run_id", "correlation_id", "status", "reason_code", "message")
