"""Change sets of CloudFormation: made, read, carried out, and never left behind."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

from cloud_sync.aws.errors import Resource, code_of, translated
from cloud_sync.aws.stack_changes import (
    FAILURES_LIMIT,
    ResourceChange,
    StackEvent,
    Standing,
    change_of,
    event_of,
    standing,
)
from cloud_sync.aws.stack_changes import plain_reason as plain
from cloud_sync.clock import Clock
from cloud_sync.errors import CloudSyncError, NeedsPerson

SHORTEST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between two looks: short while something happens, longer while nothing does."""

MADE_WITHIN = 600.0
"""Seconds that AWS is given to work a change set out."""

T = TypeVar("T")

_NOTHING = ("didn't contain changes", "no updates are to be performed")


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """A change set that can be carried out; `stack_id` is also known after a deletion."""

    name: str
    stack_id: str
    changes: Sequence[ResourceChange]


def resource_of(stack: str) -> Resource:
    """A stack as messages name it."""
    return Resource(
        f"the stack {stack}",
        "cloudformation",
        "cloud-sync aws deploy",
        encrypted=False,
    )


@contextmanager
def change_set(
    client: Any, stack: str, request: Mapping[str, Any], clock: Clock
) -> Iterator[ChangeSet | None]:
    """A change set for as long as the block lasts, None where nothing would change.

    `request` is what CloudFormation takes beside the names. CloudSyncError with AWS's reason where
    it cannot be made.
    """
    name = f"cloud-sync-{uuid4().hex}"
    stack_id = _created(client, stack, name, request)
    try:
        told = _awaited(client, stack, name, clock)
        if told["Status"] == "CREATE_COMPLETE":
            yield ChangeSet(name, stack_id, [change_of(stack, each) for each in told["Changes"]])
        elif any(words in told.get("StatusReason", "").lower() for words in _NOTHING):
            yield None
        else:
            found = invalid(client, stack, ChangeSetName=str(told["ChangeSetId"]))
            reasons = [f"{each.resource} ({each.kind}): {each.reason}" for each in found]
            raise CloudSyncError(
                f"working out the changes of the stack {stack}: AWS refused them: "
                + ("; ".join(reasons) or plain(told.get("StatusReason", "without a reason"))),
                kept="the stack is as it was",
                hint="mend what the reason names, then the same command again",
            )
    finally:
        _remove(client, stack, stack_id, name)


def _created(client: Any, stack: str, name: str, request: Mapping[str, Any]) -> str:
    with translated("deploying", resource_of(stack)):
        try:
            made = client.create_change_set(StackName=stack, ChangeSetName=name, **request)
        except Exception as error:
            if code_of(error) != "ValidationError":
                raise
            raise CloudSyncError(
                f"deploying the stack {stack}: AWS refused the template: {reason_of(error)}",
                kept="the stack is as it was",
                hint="mend what the reason names, then the same command again",
            ) from error
    return str(made["StackId"])


def reason_of(error: Exception) -> str:
    """What CloudFormation says of a request that it refuses: it names parts of the template."""
    response = getattr(error, "response", {})
    return plain(str(response.get("Error", {}).get("Message", "")))


def _awaited(client: Any, stack: str, name: str, clock: Clock) -> dict[str, Any]:
    """The change set once it has been worked out, with the changes of all its pages."""

    def look() -> dict[str, Any] | None:
        with translated("looking at", resource_of(stack)):
            told: dict[str, Any] = client.describe_change_set(StackName=stack, ChangeSetName=name)
            page = told
            while token := page.get("NextToken"):
                page = client.describe_change_set(
                    StackName=stack, ChangeSetName=name, NextToken=token
                )
                told["Changes"] += page["Changes"]
        working = told["Status"] in ("CREATE_PENDING", "CREATE_IN_PROGRESS")
        told["Changes"] = [each["ResourceChange"] for each in told.get("Changes", [])]
        return None if working else told

    return polled(look, clock, MADE_WITHIN, f"working out the changes of the stack {stack}")


def _remove(client: Any, stack: str, stack_id: str, name: str) -> None:
    """Remove it, and the empty stack that it made where it was to create one."""
    with translated("tidying up", resource_of(stack)):
        try:
            client.delete_change_set(StackName=stack, ChangeSetName=name)
        except Exception as error:
            # one that was carried out is gone already, or goes by itself
            if code_of(error) not in ("InvalidChangeSetStatus", "ChangeSetNotFound"):
                raise
        (told,) = client.describe_stacks(StackName=stack_id)["Stacks"]
        if standing(told["StackStatus"]) is Standing.UNBORN:
            client.delete_stack(StackName=stack)


def followed(
    client: Any,
    stack: str,
    stack_id: str,
    seen: set[str],
    observe: Callable[[StackEvent], None],
    clock: Clock,
    seconds: float,
) -> tuple[str, list[StackEvent]]:
    """Hand on every event that is not in `seen` until the stack's own says that it is done.

    The stack's last status and all events, oldest first. CloudSyncError after so many seconds: the
    operation itself goes on at AWS.
    """
    events: list[StackEvent] = []

    def look() -> str | None:
        fresh = events_since(client, stack, stack_id, seen)
        for told in fresh:
            seen.add(told["EventId"])
            event = event_of(stack, told)
            events.append(event)
            observe(event)
        own = [told for told in fresh if told.get("PhysicalResourceId") == stack_id]
        ended = [str(told["ResourceStatus"]) for told in own]
        return next((each for each in reversed(ended) if not each.endswith("_IN_PROGRESS")), None)

    return polled(look, clock, seconds, f"waiting for the stack {stack}"), events


def events_since(client: Any, stack: str, stack_id: str, seen: set[str]) -> list[dict[str, Any]]:
    """The events that were not seen before, oldest first; AWS tells the latest first."""
    found: list[dict[str, Any]] = []
    with translated("watching", resource_of(stack)):
        for page in client.get_paginator("describe_stack_events").paginate(StackName=stack_id):
            for told in page["StackEvents"]:
                if told["EventId"] in seen:
                    return found[::-1]
                found.append(told)
    return found[::-1]


def invalid(client: Any, stack: str, **operation: str) -> list[StackEvent]:
    """What AWS found wrong in the last operation before it began; it tells that apart from the
    stack's events. Empty where it found nothing, or where the role may not ask: the stack's own
    reason says then whom to ask.
    """
    with suppress(NeedsPerson), translated("looking into", resource_of(stack)):
        told = client.describe_events(Filters={"FailedEvents": True}, **operation)
        events = told["OperationEvents"]
        return [
            StackEvent(
                stack,
                each["Timestamp"],
                str(each.get("LogicalResourceId", "")),
                str(each.get("ResourceType", "")),
                "VALIDATION_FAILED",
                plain(str(each["ValidationStatusReason"])),
            )
            for each in events
            if each.get("ValidationStatusReason")
            and each.get("OperationId") == events[0].get("OperationId")
        ][:FAILURES_LIMIT]
    return []


def polled(look: Callable[[], T | None], clock: Clock, seconds: float, doing: str) -> T:
    """Look until there is an answer; CloudSyncError when there is none after so many seconds."""
    until, pause = clock.monotonic() + seconds, SHORTEST_PAUSE
    while True:
        answer = look()
        if answer is not None:
            return answer
        if clock.monotonic() > until:
            raise CloudSyncError(
                f"{doing}: it is not done after {seconds / 60:.0f} minutes",
                kept="AWS goes on with it",
                hint="look at it in the console of CloudFormation; later, the same command again",
            )
        time.sleep(pause)
        pause = min(LONGEST_PAUSE, pause * 1.3)
