"""The real functions of the file-copy workflow under its real definition, on one machine.

An interpreter of the definition plays Step Functions. Every event and answer goes through JSON.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from asl_interpreter import Ended, Interpreter, Step, TaskFailed, evaluated
from cloud_sync.aws.executions import Execution, ExecutionStatus
from cloud_sync.clock import Clock, SystemClock
from cloud_sync.deployment.file_copy import Parts, definition
from cloud_sync.handlers import (
    copy_end,
    copy_results,
    copy_start,
    copy_validator,
    copy_verdict,
    object_copier,
    replication_worker,
)
from cloud_sync.handlers.copy_door import CopyDoor
from cloud_sync.handlers.copy_messages import SomeCopiesFailed
from cloud_sync.handlers.messages import PermanentError, TransientError
from cloud_sync.replicate.store import ObjectStore
from cloud_sync.replicate.tracker import CopyTracker
from cloud_sync.replicate.tracker_memory import MemoryCopyTracker
from cloud_sync.transfer.retry import RetryPolicy

QUICK = RetryPolicy(tries=2, seconds=5.0, first_wait=0.01, longest_wait=0.02)
_ARN = "arn:aws:{}:eu-central-1:123456789012:{}"
PARTS = Parts(
    copy_validator=_ARN.format("lambda", "function:copy-validator"),
    copy_start=_ARN.format("lambda", "function:copy-start"),
    object_copier=_ARN.format("lambda", "function:object-copier"),
    copy_results=_ARN.format("lambda", "function:copy-results"),
    copy_end=_ARN.format("lambda", "function:copy-end"),
    copy_verdict=_ARN.format("lambda", "function:copy-verdict"),
    topic=_ARN.format("sns", "file-copy-failures"),
)
EXECUTIONS = _ARN.format("states", "execution:file-copy-workflow")

DOORS: dict[str, CopyDoor[Any]] = {
    "copy-validator": copy_validator.handler,
    "copy-start": copy_start.handler,
    "object-copier": object_copier.handler,
    "copy-results": copy_results.handler,
    "copy-end": copy_end.handler,
    "copy-verdict": copy_verdict.handler,
}
STATE_BYTES = 256 * 1024
"""What a state of the service may hold."""


class _Over(Exception):
    """A Task failed that nothing catches: that is how the execution ends."""


@dataclass
class CopyInterpreter(Interpreter):
    """Knows inline Maps, a query language for all states, and executions that a Task ends."""

    def run(self, document: Any) -> Ended:
        return self.enter(str(self.definition["StartAt"]), document)

    def enter(self, name: str, document: Any, redrives: int = 0) -> Ended:
        """Run from a state on, as a redrive does."""
        assert self.definition["QueryLanguage"] == "JSONata"
        context = json.loads(json.dumps(self.context))
        if redrives:
            context["Execution"]["RedriveCount"] = redrives
        self._last = Ended("RUNNING")
        try:
            return self._machine({**self.definition, "StartAt": name}, document, context)
        except _Over:
            return self._last

    def _step(
        self, state: Any, document: Any, context: Any, ended: Ended
    ) -> tuple[Any, str | None]:
        spoken = {"QueryLanguage": "JSONata", **state}
        if state["Type"] == "Map":
            ended.steps.append(Step("Map"))
            return self._inline_map(spoken, document, context, ended)
        try:
            return super()._step(spoken, document, context, ended)
        except TaskFailed as failure:
            (name,) = (key for key, each in self.definition["States"].items() if each is state)
            ended.trace.append((name, document, None))
            ended.status, ended.error, ended.output = "FAILED", failure.error, document
            self._last = ended
            raise _Over from failure

    def _inline_map(
        self, state: Any, document: Any, context: Any, ended: Ended
    ) -> tuple[Any, str | None]:
        bound = {"input": document, "context": context}
        items = evaluated(state["Items"], bound)
        assert isinstance(items, list)
        results = []
        for item in items:
            seen = {**context, "Map": {"Item": {"Value": item}}}
            given = evaluated(state["ItemSelector"], {"input": document, "context": seen})
            child = self._machine(state["ItemProcessor"], given, seen)
            ended.children.append(child)
            ended.waits += child.waits
            results.append(child.output)
        ended.travels(results, "the results of the items")
        return evaluated(state["Output"], {**bound, "result": results}), str(state["Next"])


@dataclass
class Wiring:
    """`CopyWiring` of all calls."""

    store: Any
    tracker: CopyTracker
    executions: Any
    source: str = "global-builds"
    destinations: tuple[str, ...] = ("region-a-builds", "region-b-builds")
    table: str = "FileCopyTracking"
    clock: Clock = field(default_factory=SystemClock)
    retries: RetryPolicy = QUICK


@dataclass
class CopiesAtWork:
    """`on_copy` sees each event of object-copier first and may answer it, or raise.

    `broken` names services (`sns:publish`, `copy-start`, …) with the error that they answer and how
    often. `told`, `announced` and `calls` are what topic, bus and functions got.
    """

    store: ObjectStore | None = None
    tracker: CopyTracker = field(default_factory=MemoryCopyTracker)
    on_copy: Callable[[Any], Any] | None = None
    broken: dict[str, tuple[str, int]] = field(default_factory=dict)
    told: list[Any] = field(default_factory=list)
    announced: list[Any] = field(default_factory=list)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    started: dict[str, Mapping[str, object]] = field(default_factory=dict)
    ended: dict[str, Ended] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.wiring = Wiring(self.store, self.tracker, self)

    def run(self, document: Any, name: str = "run-1") -> Ended:
        """One execution."""
        ended = self._interpreter(name, document).run(document)
        self.ended[name] = ended
        return ended

    def redrive(self, ended: Ended, document: Any, name: str = "run-1", count: int = 1) -> Ended:
        """Enter the state again that the execution ended in."""
        state, given, _ = ended.trace[-1]
        return self._interpreter(name, document).enter(state, given, count)

    def created(self, *records: Mapping[str, Any]) -> dict[str, int]:
        """Tell the worker of new objects."""
        return replication_worker.work({"Records": list(records)}, self.wiring)

    def copied_to(self) -> list[str]:
        """The destinations that object-copier was called for."""
        return [
            event["request"]["destinationBuckets"][0]
            for name, event in self.calls
            if name == "object-copier"
        ]

    # the state machine's executions, as `copy_door.Executions`

    def start_once(self, name: str, document: Mapping[str, object]) -> str | None:
        assert len(name) <= 80
        if name in self.started and (name in self.ended or self.started[name] != document):
            return None
        self.started.setdefault(name, json.loads(json.dumps(document)))
        return self.arn_of(name)

    def arn_of(self, name: str) -> str:
        return f"{EXECUTIONS}:{name}"

    def input_of(self, arn: str) -> Mapping[str, Any]:
        return self.started[arn.rpartition(":")[2]]

    def describe(self, arn: str) -> Execution | None:
        name = arn.rpartition(":")[2]
        if name not in self.started:
            return None
        status = ExecutionStatus.SUCCEEDED if name in self.ended else ExecutionStatus.RUNNING
        return Execution(arn, name, status, datetime.now(UTC))

    def _interpreter(self, name: str, document: Any) -> CopyInterpreter:
        context = {
            "Execution": {
                "Id": self.arn_of(name),
                "Name": name,
                "StartTime": datetime.now(UTC).isoformat(timespec="milliseconds")[:23] + "Z",
                "Input": document,
            }
        }
        return CopyInterpreter(
            definition(PARTS), self._task, lambda _: [], context, most_bytes=STATE_BYTES
        )

    def _task(self, resource: str, arguments: Any) -> Any:
        service = resource.removeprefix("arn:aws:states:::")
        if service == "lambda:invoke":
            name = arguments["FunctionName"].rsplit(":", 1)[1]
            self._break(name)
            return {"Payload": self._invoke(name, arguments["Payload"])}
        self._break(service)
        if service == "sns:publish":
            assert arguments["TopicArn"] == PARTS.topic
            assert len(arguments["Subject"].encode("ascii")) <= 100
            self.told.append(arguments)
            return {"MessageId": "1"}
        assert service == "events:putEvents"
        self.announced += arguments["Entries"]
        return {"FailedEntryCount": 0}

    def _break(self, service: str) -> None:
        error, times = self.broken.get(service, ("", 0))
        if times:
            self.broken[service] = (error, times - 1)
            raise TaskFailed(error, "the service refused")

    def _invoke(self, name: str, event: Any) -> Any:
        event = json.loads(json.dumps(event))
        self.calls.append((name, event))
        try:
            if name == "object-copier" and self.on_copy is not None:
                answer = self.on_copy(event)
                if answer is not None:
                    return answer
            return json.loads(json.dumps(DOORS[name].answer(event, self.wiring, 900.0)))
        except (TransientError, PermanentError, SomeCopiesFailed) as error:
            cause = json.dumps({"errorMessage": str(error), "errorType": type(error).__name__})
            raise TaskFailed(type(error).__name__, cause) from error


def record(
    key: str, *, bucket: str = "global-builds", version: str | None = None, sequencer: str = "01"
) -> dict[str, Any]:
    """A record of S3's event for a new object; `key` as S3 writes it."""
    versioned = {"versionId": version} if version else {}
    return {
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {
            "bucket": {"name": bucket, "arn": f"arn:aws:s3:::{bucket}"},
            "object": {"key": key, "size": 1, "sequencer": sequencer, **versioned},
        },
    }
