"""What a stack's status allows and what a change set would do, decided without any call."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from cloud_sync.aws.stack_changes import (
    FAILURES_LIMIT,
    REASON_LIMIT,
    Action,
    ResourceChange,
    StackEvent,
    Standing,
    change_of,
    event_of,
    first_failures,
    standing,
)
from cloud_sync.aws.stack_troubles import way_out

STACK = "AWS::CloudFormation::Stack"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (None, Standing.ABSENT),
        ("DELETE_COMPLETE", Standing.ABSENT),
        ("REVIEW_IN_PROGRESS", Standing.UNBORN),
        ("ROLLBACK_COMPLETE", Standing.STILLBORN),
        ("CREATE_COMPLETE", Standing.READY),
        ("UPDATE_COMPLETE", Standing.READY),
        ("UPDATE_ROLLBACK_COMPLETE", Standing.READY),
        ("IMPORT_COMPLETE", Standing.READY),
        ("CREATE_IN_PROGRESS", Standing.BUSY),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", Standing.BUSY),
        ("UPDATE_ROLLBACK_IN_PROGRESS", Standing.BUSY),
        ("DELETE_IN_PROGRESS", Standing.BUSY),
        ("CREATE_FAILED", Standing.STUCK),
        ("ROLLBACK_FAILED", Standing.STUCK),
        ("DELETE_FAILED", Standing.STUCK),
        ("UPDATE_FAILED", Standing.STUCK),
        ("UPDATE_ROLLBACK_FAILED", Standing.STUCK),
    ],
)
def test_each_status_of_a_stack_has_its_meaning(status: str | None, expected: Standing) -> None:
    assert standing(status) is expected


@pytest.mark.parametrize(
    ("status", "typed"),
    [
        ("UPDATE_ROLLBACK_FAILED", "continue-update-rollback"),
        ("UPDATE_FAILED", "rollback-stack"),
        ("DELETE_FAILED", "describe-stack-events"),
        ("ROLLBACK_FAILED", "delete-stack"),
        ("CREATE_FAILED", "delete-stack"),
    ],
)
def test_a_stack_that_is_stuck_has_a_way_out_to_type(status: str, typed: str) -> None:
    assert f"aws cloudformation {typed} --stack-name CloudSync-dev" in way_out(
        status, "CloudSync-dev"
    )


@pytest.mark.parametrize(
    ("action", "replacement", "expected"),
    [
        ("Add", None, Action.ADD),
        ("Import", None, Action.ADD),
        ("Remove", None, Action.REMOVE),
        ("Modify", "False", Action.MODIFY),
        ("Modify", None, Action.MODIFY),
        ("Modify", "True", Action.REPLACE),
        ("Modify", "Conditional", Action.MAY_REPLACE),
        ("Modify", "Something", Action.MAY_REPLACE),
        ("Dynamic", None, Action.MAY_REPLACE),
    ],
)
def test_a_change_is_taken_for_the_worst_that_it_may_be(
    action: str, replacement: str | None, expected: Action
) -> None:
    told: dict[str, Any] = {
        "Action": action,
        "LogicalResourceId": "Archive",
        "ResourceType": "AWS::S3::Bucket",
        "Details": [
            {"Target": {"Attribute": "Properties", "Name": "BucketName"}},
            {"Target": {"Attribute": "Tags"}},
            {"Target": {"Attribute": "Tags"}},
        ],
    }
    if replacement:
        told["Replacement"] = replacement
    change = change_of("CloudSync-dev-storage", told)
    assert change.action is expected
    assert change.details == ("BucketName", "Tags")
    dangerous = expected in (Action.REPLACE, Action.MAY_REPLACE, Action.REMOVE)
    assert change.endangers is dangerous


@pytest.mark.parametrize(
    ("kind", "endangers"),
    [
        ("AWS::S3::Bucket", True),
        ("AWS::DynamoDB::Table", True),
        ("AWS::SecretsManager::Secret", True),
        ("AWS::KMS::Key", True),
        ("AWS::Lambda::Function", False),
        ("AWS::KMS::Alias", False),
    ],
)
def test_only_what_holds_data_can_be_endangered(kind: str, endangers: bool) -> None:
    assert ResourceChange("s", Action.REMOVE, "r", kind).endangers is endangers


def event(
    resource: str, status: str, reason: str = "", kind: str = "AWS::S3::Bucket"
) -> StackEvent:
    return StackEvent("s", datetime(2026, 1, 1, tzinfo=UTC), resource, kind, status, reason)


def test_a_failure_names_its_causes_and_not_what_they_tore_down() -> None:
    events = [
        event("Archive", "CREATE_IN_PROGRESS"),
        event("Archive", "CREATE_FAILED", "the name is taken"),
        event("Table", "CREATE_FAILED", "Resource creation cancelled"),
        event("s", "CREATE_FAILED", "The following resource(s) failed", STACK),
    ]
    assert [each.reason for each in first_failures(events)] == ["the name is taken"]


def test_where_only_the_stack_failed_that_is_told() -> None:
    events = [event("s", "UPDATE_FAILED", "the role may not", STACK)]
    assert [each.reason for each in first_failures(events)] == ["the role may not"]


def test_a_hundred_failures_make_a_short_message() -> None:
    events = [event(f"r{number}", "CREATE_FAILED", "no") for number in range(100)]
    assert [each.resource for each in first_failures(events)] == [
        f"r{number}" for number in range(FAILURES_LIMIT)
    ]


def test_a_reason_of_aws_is_cut_and_bears_no_secret() -> None:
    told = {
        "Timestamp": datetime(2026, 1, 1, tzinfo=UTC),
        "LogicalResourceId": "Code",
        "ResourceType": "AWS::Lambda::Function",
        "ResourceStatus": "CREATE_FAILED",
        "ResourceStatusReason": "reading https://bucket/key?X-Amz-Signature=abcdef\nfailed "
        + "x" * 1000,
    }
    reason = event_of("s", told).reason
    assert "abcdef" not in reason
    assert "\n" not in reason
    assert len(reason) == REASON_LIMIT
