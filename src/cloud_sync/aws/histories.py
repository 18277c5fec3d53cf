"""Histories of executions: what an execution and its children went through, event by event."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.aws.errors import Resource, translated

Event = Mapping[str, Any]
"""One event as Step Functions gives it."""


class Histories:
    """Histories of the executions of one state machine. Raises what `Executions` raises."""

    def __init__(
        self, machine: str, deploy_hint: str, *, client_options: Mapping[str, Any] | None = None
    ) -> None:
        self._resource = Resource(
            f"the state machine {machine.rsplit(':', 1)[-1]}", "states", deploy_hint
        )
        self._client = client_of("stepfunctions", self._resource, options=client_options)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def events(self, arn: str) -> list[Event]:
        """The history of an execution so far, oldest event first."""
        with translated("reading the history of", self._resource):
            pages = self._client.get_paginator("get_execution_history").paginate(executionArn=arn)
            return [event for page in pages for event in page["events"]]

    def children(self, arn: str) -> list[str]:
        """The ARNs of the executions that an execution's Distributed Maps have started."""
        with translated("listing the children of", self._resource):
            runs = self._client.get_paginator("list_map_runs").paginate(executionArn=arn)
            children = self._client.get_paginator("list_executions")
            return [
                child["executionArn"]
                for page in runs
                for run in page["mapRuns"]
                for found in children.paginate(mapRunArn=run["mapRunArn"])
                for child in found["executions"]
            ]


@dataclass(frozen=True, slots=True)
class Entered:
    """A state that was entered, so many seconds after the execution began."""

    name: str
    seconds: float


def states_entered(events: Sequence[Event]) -> tuple[Entered, ...]:
    """The states that were entered, in order."""
    return tuple(
        Entered(event["stateEnteredEventDetails"]["name"], seconds_of(events[: number + 1]))
        for number, event in enumerate(events)
        if "stateEnteredEventDetails" in event
    )


def seconds_of(events: Sequence[Event]) -> float:
    """The time from the first of these events to the last, in seconds."""
    if not events:
        return 0.0
    return float((events[-1]["timestamp"] - events[0]["timestamp"]).total_seconds())


def output_of(state: str, events: Sequence[Event]) -> Mapping[str, Any] | None:
    """The document that a state handed on when it was last left, None while it has not been."""
    for event in reversed(events):
        details = event.get("stateExitedEventDetails", {})
        if details.get("name") == state:
            found = json.loads(details["output"])
            return found if isinstance(found, Mapping) else {}
    return None


def documents(event: Event) -> Iterator[str]:
    """The documents that an event holds: inputs and outputs, whatever it is about."""
    for details in event.values():
        if isinstance(details, Mapping):
            for name in ("input", "output"):
                if isinstance(document := details.get(name), str):
                    yield document
