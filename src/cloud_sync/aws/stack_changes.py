"""What a stack's status allows, and what a change set would do: decisions without any call."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from cloud_sync.secret import scrub

REASON_LIMIT = 300
FAILURES_LIMIT = 5

KEEPING = frozenset(
    {
        "AWS::S3::Bucket",
        "AWS::DynamoDB::Table",
        "AWS::DynamoDB::GlobalTable",
        "AWS::SecretsManager::Secret",
        "AWS::KMS::Key",
    }
)
"""The types of what holds something that no deployment can make again."""

_CANCELLED = ("resource creation cancelled", "resource update cancelled")
"""How CloudFormation marks resources that went down with another: they are nobody's cause."""


class Action(StrEnum):
    """What happens to a resource."""

    ADD = "add"
    MODIFY = "modify"
    MAY_REPLACE = "may replace"
    REPLACE = "replace"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """A resource of a stack, by its logical id, and what a deployment would do to it."""

    stack: str
    action: Action
    resource: str
    kind: str
    details: tuple[str, ...] = ()

    @property
    def endangers(self) -> bool:
        """Whether what it holds would no longer belong to the archive."""
        gone = self.action in (Action.REPLACE, Action.MAY_REPLACE, Action.REMOVE)
        return gone and self.kind in KEEPING


@dataclass(frozen=True, slots=True)
class StackEvent:
    """Something that happened to a resource while a stack was deployed or deleted."""

    stack: str
    at: datetime
    resource: str
    kind: str
    status: str
    reason: str = ""

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")


class Standing(StrEnum):
    """What can be done with a stack, by its status."""

    ABSENT = "absent"
    READY = "ready"
    UNBORN = "unborn"
    """Made by a change set that was never carried out; it holds nothing."""

    STILLBORN = "stillborn"
    """Its first creation failed and was rolled back; it can only be deleted."""

    BUSY = "busy"
    STUCK = "stuck"
    """An operation failed and could not be undone; a person has to look at it."""


def standing(status: str | None) -> Standing:
    """What a status of CloudFormation means; None where there is no such stack."""
    if status is None or status == "DELETE_COMPLETE":
        return Standing.ABSENT
    if status == "REVIEW_IN_PROGRESS":
        return Standing.UNBORN
    if status.endswith("_IN_PROGRESS"):
        return Standing.BUSY
    if status == "ROLLBACK_COMPLETE":
        return Standing.STILLBORN
    # an update that failed and was undone left the stack as it was before
    return Standing.STUCK if status.endswith("_FAILED") else Standing.READY


def change_of(stack: str, told: Mapping[str, Any]) -> ResourceChange:
    """A resource change as CloudFormation tells it."""
    details = sorted(
        {
            ".".join(filter(None, (target.get("Attribute"), target.get("Name"))))
            for target in (each.get("Target", {}) for each in told.get("Details", []))
        }
    )
    return ResourceChange(
        stack,
        _action(str(told.get("Action", "")), str(told.get("Replacement", ""))),
        str(told.get("LogicalResourceId", "")),
        str(told.get("ResourceType", "")),
        tuple(each.removeprefix("Properties.") for each in details),
    )


def _action(action: str, replacement: str) -> Action:
    if action in ("Add", "Import"):
        return Action.ADD
    if action == "Remove":
        return Action.REMOVE
    if replacement == "True":
        return Action.REPLACE
    # an action that nobody has heard of is taken for the worst that may be
    known = action == "Modify" and replacement in ("", "False")
    return Action.MODIFY if known else Action.MAY_REPLACE


def all_added(stack: str, template: Mapping[str, Any]) -> list[ResourceChange]:
    """What a first deployment does: every resource of the template is made."""
    return [
        ResourceChange(stack, Action.ADD, name, resource["Type"])
        for name, resource in template["Resources"].items()
    ]


def event_of(stack: str, told: Mapping[str, Any]) -> StackEvent:
    """An event as CloudFormation tells it; the reason is cut and bears no secret."""
    return StackEvent(
        stack,
        told["Timestamp"],
        str(told.get("LogicalResourceId", "")),
        str(told.get("ResourceType", "")),
        str(told.get("ResourceStatus", "")),
        plain_reason(str(told.get("ResourceStatusReason", ""))),
    )


def plain_reason(text: str) -> str:
    """A reason of AWS's for a message: one line, cut, without anything that looks secret."""
    text = " ".join(scrub(text).split())
    return text if len(text) <= REASON_LIMIT else text[: REASON_LIMIT - 1] + "…"


def first_failures(events: Iterable[StackEvent]) -> list[StackEvent]:
    """The events that a failure began with, oldest first; what they tore down is left out.

    The stack's own failure is only named where no resource's is known.
    """
    failed = [event for event in events if event.failed]
    causes = [each for each in failed if not each.reason.lower().startswith(_CANCELLED)]
    resources = [each for each in causes if each.kind != "AWS::CloudFormation::Stack"]
    return (resources or causes or failed)[:FAILURES_LIMIT]
