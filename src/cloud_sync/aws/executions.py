"""Executions of a state machine: starting them, and seeing how far they have come."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.aws.errors import Resource, code_of, translated
from cloud_sync.errors import UsageError

_NO_EXECUTION, _NO_MACHINE = "ExecutionDoesNotExist", "StateMachineDoesNotExist"

_LAST_EVENTS = 50
"""How many of an execution's last events are looked through for the state that it ended in."""


class ExecutionStatus(StrEnum):
    """How an execution stands, as Step Functions says it."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"
    PENDING_REDRIVE = "PENDING_REDRIVE"


@dataclass(frozen=True, slots=True)
class Execution:
    """One execution. `error` is the name that a failed one ended with, empty otherwise."""

    arn: str
    name: str
    status: ExecutionStatus
    started_at: datetime
    ended_at: datetime | None = None
    error: str = ""

    @property
    def is_over(self) -> bool:
        return self.status is not ExecutionStatus.RUNNING


@dataclass(frozen=True, slots=True)
class MapCounts:
    """How many items of an execution's Distributed Map wait, run and are done."""

    total: int
    pending: int
    running: int

    @property
    def done(self) -> int:
        return max(0, self.total - self.pending - self.running)


class Executions:
    """Executions of the state machine with that ARN, for any number of threads.

    `deploy_hint` is what a person types where there is no such machine. Any call may raise
    Throttled, ServiceUnavailable, ArchiveRefused (credentials, or an action that is not allowed)
    and UsageError (the machine is not there, or the SDK's settings cannot be used).
    """

    def __init__(
        self, machine: str, deploy_hint: str, *, client_options: Mapping[str, Any] | None = None
    ) -> None:
        self._arn = machine
        name = machine.rsplit(":", 1)[-1]
        self._resource = Resource(
            f"the state machine {name}", "states", deploy_hint, encrypted=False
        )
        self._client = client_of("stepfunctions", self._resource, options=client_options)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    @contextmanager
    def _machine(self, doing: str) -> Iterator[None]:
        """A call that needs the machine itself."""
        with translated(doing, self._resource):
            try:
                yield
            except Exception as error:
                if code_of(error) != _NO_MACHINE:
                    raise
                raise UsageError(
                    f"{doing} {self._resource.name}: it is not there",
                    hint=self._resource.missing_hint,
                ) from error

    def start(self, name: str, document: Mapping[str, object]) -> str:
        """Start one of that name, which no other has borne for 90 days; its ARN."""
        with self._machine("starting an execution of"):
            answer = self._client.start_execution(
                stateMachineArn=self._arn, name=name, input=json.dumps(document)
            )
        return str(answer["executionArn"])

    def start_once(self, name: str, document: Mapping[str, object]) -> str | None:
        """Start one of that name: its ARN, also where it runs already with the same input. None
        where the name is taken, by one that is over or by one with another input.
        """
        with self._machine("starting an execution of"):
            try:
                answer = self._client.start_execution(
                    stateMachineArn=self._arn, name=name, input=json.dumps(document)
                )
            except Exception as error:
                if code_of(error) == "ExecutionAlreadyExists":
                    return None
                raise
        return str(answer["executionArn"])

    def input_of(self, arn: str) -> Mapping[str, Any]:
        """What the execution was started with; UsageError where there is no such execution."""
        with translated("looking at an execution of", self._resource):
            return _object(self._client.describe_execution(executionArn=arn)["input"])

    def arn_of(self, name: str) -> str:
        """The ARN of the execution of that name, whether there is one or not."""
        return f"{self._arn.replace(':stateMachine:', ':execution:')}:{name}"

    def describe(self, arn: str) -> Execution | None:
        """How it stands now, None where there is no such execution."""
        with translated("looking at an execution of", self._resource):
            try:
                told = self._client.describe_execution(executionArn=arn)
            except Exception as error:
                if code_of(error) == _NO_EXECUTION:
                    return None
                raise
        return _execution(told)

    def last(self, limit: int) -> Sequence[Execution]:
        """The newest executions, the newest first, without their errors."""
        with self._machine("listing executions of"):
            answer = self._client.list_executions(stateMachineArn=self._arn, maxResults=limit)
        return [_execution(each) for each in answer["executions"]][:limit]

    def document(self, arn: str) -> Mapping[str, Any]:
        """What had been gathered when the execution entered its last state; empty where it never
        entered one. No text of it but those of our own functions is meant for people.
        """
        with translated("reading the history of", self._resource):
            answer = self._client.get_execution_history(
                executionArn=arn, reverseOrder=True, maxResults=_LAST_EVENTS
            )
        for event in answer["events"]:
            entered = event.get("stateEnteredEventDetails")
            if entered and (document := _object(entered.get("input", ""))):
                return document
        return {}

    def map_counts(self, arn: str) -> MapCounts | None:
        """How far its Distributed Map has come, None where it has not got there yet."""
        with translated("looking at the media of", self._resource):
            runs = self._client.list_map_runs(executionArn=arn, maxResults=1)["mapRuns"]
            if not runs:
                return None
            told = self._client.describe_map_run(mapRunArn=runs[0]["mapRunArn"])
        counts = told["itemCounts"]
        return MapCounts(int(counts["total"]), int(counts["pending"]), int(counts["running"]))


def _execution(told: Mapping[str, Any]) -> Execution:
    return Execution(
        arn=str(told["executionArn"]),
        name=str(told["name"]),
        status=ExecutionStatus(told["status"]),
        started_at=told["startDate"],
        ended_at=told.get("stopDate"),
        error=str(told.get("error") or ""),
    )


def _object(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
