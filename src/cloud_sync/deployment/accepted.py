"""Findings of cdk-nag's AWS Solutions rules that are meant to be, each with its reason."""

from __future__ import annotations

from aws_cdk import Acknowledgment, Stack, Validations
from constructs import IConstruct

from cloud_sync.deployment.permissions import EVERYWHERE, Statement

_REASONS = {
    "S1": "who called which object is recorded by CloudTrail's data events where a user wants to "
    "pay for that (data_events); access logs would be a second, less certain record of the same",
    "SMG4": "the login comes from a person's browser; rotating it would replace a good one by "
    "something that the camera cloud refuses",
    "SQS3": "this queue is where things end that went wrong: a person reads it",
    "SF1": "the execution's history tells every event for 90 days; the log is for failures, and "
    "without data, so that nothing about the media is kept twice",
}
_NAMED_LATER = (
    "objects below a prefix and executions of one state machine have names that are made later"
)


def accept(construct: IConstruct, rule: str, reason: str = "") -> None:
    """Accept a rule's findings on a construct and what lies below it."""
    Validations.of(construct).acknowledge(
        Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason or _REASONS[rule])
    )


def accept_wildcards(role: IConstruct, statements: list[Statement]) -> None:
    """Accept just the resources with a `*` that these statements name; any other is a finding.

    `*` alone is only accepted in statements that `EVERYWHERE` has a reason for.
    """
    for statement in statements:
        for resource in statement["Resource"]:
            text = _flat(Stack.of(role).resolve(resource))
            if text == "*":
                accept(role, "IAM5[Resource::*]", EVERYWHERE[statement["Sid"]])
            elif text.endswith("*"):
                accept(role, f"IAM5[Resource::{text}]", _NAMED_LATER)


def _flat(value: object) -> str:
    """A resource as the rule's finding spells it: references stand in angle brackets."""
    match value:
        case {"Fn::Join": [str(between), list(parts)]}:
            return between.join(_flat(part) for part in parts)
        case {"Ref": str(name)}:
            return f"<{name}>"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"<{name}.{attribute}>"
        case _:
            return str(value)
