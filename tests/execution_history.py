"""The events that the service writes into an execution's history, by its documented event types.

An execution may have 25,000 of them. Counted on the safe side: a Distributed Map is taken to have
every event that the documentation names for it, whatever becomes of its children, which have
histories of their own. What the state machine waits between two tries leaves no event.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from asl_interpreter import Ended, Step

MOST_EVENTS = 25_000

_MAP = (
    "MapStateEntered",
    "MapStateStarted",
    "MapRunStarted",
    "MapRunSucceeded",
    "MapStateSucceeded",
    "MapStateExited",
)


def documented_events(ended: Ended) -> list[str]:
    """The types of all events of one execution, in order; children are not looked into."""
    finished = "ExecutionSucceeded" if ended.status == "SUCCEEDED" else "ExecutionFailed"
    between = [event for step in ended.steps for event in _events_of(step)]
    return ["ExecutionStarted", *between, finished]


def _events_of(step: Step) -> Iterator[str]:
    if step.kind == "Map":
        yield from _MAP
        return
    yield f"{step.kind}StateEntered"
    for error in step.tries:
        yield from ("TaskScheduled", "TaskStarted", _end_of_try(error))
    if step.kind != "Fail":
        yield f"{step.kind}StateExited"


def _end_of_try(error: str) -> str:
    if not error:
        return "TaskSucceeded"
    return "TaskTimedOut" if error == "States.Timeout" else "TaskFailed"


def most_events_of(state: Mapping[str, Any]) -> int:
    """How many events one visit of a Task can have, all its tries used up."""
    tries = 1 + sum(int(rule["MaxAttempts"]) for rule in state.get("Retry", ()))
    return 2 + 3 * tries
