"""The five functions and the services around them, played by a script that keeps the messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

from asl_interpreter import Ended, Interpreter, TaskFailed
from cloud_sync.deployment.orchestrator import Parts, definition
from cloud_sync.handlers.message import Message
from cloud_sync.handlers.messages import (
    FailureMarkerAnswer,
    FailureMarkerRequest,
    Manifest,
    MediaListerAnswer,
    MediaListerRequest,
    RunSummaryAnswer,
    RunSummaryRequest,
    TokenValidatorAnswer,
    TokenValidatorRequest,
    VideoDownloaderAnswer,
    VideoDownloaderRequest,
    VideoStatus,
    manifest_key,
)
from cloud_sync.model.report import Result

PARTS = Parts(
    token_validator="arn:aws:lambda:eu-central-1:123456789012:function:token-validator",
    media_lister="arn:aws:lambda:eu-central-1:123456789012:function:media-lister",
    video_downloader="arn:aws:lambda:eu-central-1:123456789012:function:video-downloader",
    run_summary="arn:aws:lambda:eu-central-1:123456789012:function:run-summary",
    failure_marker="arn:aws:lambda:eu-central-1:123456789012:function:failure-marker",
    topic="arn:aws:sns:eu-central-1:123456789012:gopro-sync-alerts",
    failed_items_queue="https://queue.example/123456789012/failed-items",
    bucket="gopro-dev-123456789012",
)

CONTEXT = {
    "Execution": {
        "Id": "arn:aws:states:eu-central-1:123456789012:execution:gopro-sync-orchestrator:run-1",
        "Name": "run-1",
        "StartTime": "2026-11-21T01:00:00.000Z",
        "Input": {},
    },
    "StateMachine": {
        "Id": "arn:aws:states:eu-central-1:123456789012:stateMachine:gopro-sync-orchestrator",
        "Name": "gopro-sync-orchestrator",
    },
}

Answer = Message | Exception
Request = Any


def valid_token() -> TokenValidatorAnswer:
    return TokenValidatorAnswer(
        valid=True,
        statusCode=200,
        cookie_age_days=2.5,
        validation_method="api_call",
        duration_seconds=0.4,
    )


def downloaded(media_id: str, status: VideoStatus = VideoStatus.DONE) -> VideoDownloaderAnswer:
    return VideoDownloaderAnswer(
        media_id=media_id,
        status=status,
        s3_key=f"gopro-videos/2026/11/{media_id}.MP4",
        bytes_transferred=1000,
        transfer_duration_seconds=2.0,
        throughput_mbps=0.004,
    )


def summary(request: RunSummaryRequest, **changes: Any) -> RunSummaryAnswer:
    """What the tracker would say of a run in which all went well, with changes."""
    told: dict[str, Any] = {
        "run_id": request.run_id,
        "result": Result.COMPLETED,
        "found": request.total_found,
        "new": request.new_count,
        "already_archived": request.already_synced,
        "archived": request.new_count,
        "failed": 0,
        "pending": 0,
        "gone": 0,
        "needs_attention": 0,
        "filtered": 0,
        "files_archived": request.new_count,
        "bytes": 1000 * request.new_count,
        "duration_seconds": 60.0,
        "throughput_mbps": 1.0,
        "failed_ids": (),
        "failed_ids_omitted": 0,
        "postponed": 0,
        "progressed": True,
        "message": "all done",
    }
    answer = told | changes
    if request.ended:
        answer |= {"result": Result(request.ended), "message": request.cause}
    answer.setdefault("tell", answer["result"] is not Result.COMPLETED)
    return RunSummaryAnswer(**{"text": f"the run is {answer['result']}"} | answer)


@dataclass
class Script:
    """What each function answers; by default a run of two media in which all goes well.

    Each `on_…` takes the request and returns an answer or an exception, whose class name becomes
    the error's name. `events` has every event as it came, by function; `told` and `queued` the
    messages to the topic and the queue, `mailed` what mail gets of the former, `remembered` the
    runs whose message was noted as handed over, `continued` the executions that were started.
    """

    media: tuple[str, ...] = ("m1", "m2")
    on_token: Callable[[TokenValidatorRequest], Answer] = lambda _: valid_token()
    on_list: Callable[[MediaListerRequest], Answer] | None = None
    on_video: Callable[[VideoDownloaderRequest], Answer] = lambda asked: downloaded(asked.media_id)
    on_failure: Callable[[FailureMarkerRequest], Answer] | None = None
    on_summary: Callable[[RunSummaryRequest], Answer] = summary
    service_errors: dict[str, str] = field(default_factory=dict)
    events: dict[str, list[Any]] = field(default_factory=dict)
    told: list[dict[str, Any]] = field(default_factory=list)
    mailed: list[str] = field(default_factory=list)
    remembered: list[RunSummaryRequest] = field(default_factory=list)
    on_told: Callable[[RunSummaryRequest], Answer] = summary
    queued: list[dict[str, Any]] = field(default_factory=list)
    continued: list[dict[str, Any]] = field(default_factory=list)

    def run(self, document: Any = None, parts: Parts = PARTS) -> Ended:
        """Run the definition against this script."""
        return Interpreter(definition(parts), self.task, self._items, CONTEXT).run(document or {})

    def task(self, resource: str, arguments: Any) -> Any:
        service = resource.removeprefix("arn:aws:states:::")
        if service in self.service_errors:
            raise TaskFailed(self.service_errors[service], "the service refused")
        if service == "lambda:invoke":
            return {"Payload": self._invoke(arguments), "StatusCode": 200}
        if service == "sns:publish":
            assert arguments["TopicArn"] == PARTS.topic
            assert len(arguments["Subject"].encode("ascii")) <= 100
            told, mailed = published(arguments)
            self.told.append(told)
            self.mailed.append(mailed)
            return {"MessageId": "1"}
        if service == "sqs:sendMessage":
            assert arguments["QueueUrl"] == PARTS.failed_items_queue
            self.queued.append(json.loads(arguments["MessageBody"]))
            return {"MessageId": "2"}
        assert service == "states:startExecution"
        self.continued.append(arguments)
        return {"ExecutionArn": "arn:…", "StartDate": 1}

    def _invoke(self, arguments: Any) -> Any:
        name = arguments["FunctionName"].rsplit(":", 1)[1]
        event = arguments["Payload"]
        self.events.setdefault(name, []).append(event)
        request_type, react = self._door(name)
        if event.get("told"):
            react = self._told
        assert set(event) == {each.name for each in fields(request_type)}, name
        answer = react(request_type.from_json(event))
        if isinstance(answer, Exception):
            raise TaskFailed(type(answer).__name__, json.dumps({"errorMessage": str(answer)}))
        # what no message names must not come into the state
        return json.loads(json.dumps(answer.to_json() | {"stray": "eyJ-not-for-the-state"}))

    def _door(self, name: str) -> tuple[type[Message], Callable[[Any], Answer]]:
        doors: dict[str, tuple[type[Message], Callable[[Any], Answer]]] = {
            "token-validator": (TokenValidatorRequest, self.on_token),
            "media-lister": (MediaListerRequest, self.on_list or self._list),
            "video-downloader": (VideoDownloaderRequest, self.on_video),
            "failure-marker": (FailureMarkerRequest, self.on_failure or marked),
            "run-summary": (RunSummaryRequest, self.on_summary),
        }
        return doors[name]

    def _told(self, request: RunSummaryRequest) -> Answer:
        answer = self.on_told(request)
        if not isinstance(answer, Exception):
            self.remembered.append(request)
        return answer

    def _list(self, request: MediaListerRequest) -> MediaListerAnswer:
        manifest = None
        if self.media and not request.dry_run:
            manifest = Manifest(bucket=PARTS.bucket, key=manifest_key(request.run_id))
        return MediaListerAnswer(
            total_found=len(self.media) + 3,
            new_count=len(self.media),
            already_synced=3,
            manifest=manifest,
        )

    def _items(self, source: Any) -> list[dict[str, str]]:
        if "map" in self.service_errors:
            raise TaskFailed(self.service_errors["map"], "the manifest cannot be read")
        assert source == {"Bucket": PARTS.bucket, "Key": "runs/run-1/manifest.jsonl"}
        return [{"media_id": media_id} for media_id in self.media]


def published(arguments: Any) -> tuple[dict[str, Any], str]:
    """What a webhook gets of a message, with its subject, and what mail gets, by the rules of SNS:
    a protocol that has no text of its own gets the default.
    """
    assert arguments["MessageStructure"] == "json"
    by_protocol = json.loads(arguments["Message"])
    assert by_protocol["https"] == by_protocol["sqs"]
    mailed: str = by_protocol.get("email", by_protocol["default"])
    return {"Subject": arguments["Subject"], **json.loads(by_protocol["https"])}, mailed


def marked(request: FailureMarkerRequest) -> FailureMarkerAnswer:
    """The row of a medium that has failed for good."""
    return FailureMarkerAnswer(
        media_id=request.media_id,
        status="FAILED",
        reason_code="permanent",
        message="it failed",
        attempts=1,
    )
