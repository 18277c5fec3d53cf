"""What roles are granted, what happens without it, and what a state machine needs: any stack's.

Grants are read from the deployed roles' own policies, so that none can be forgotten here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

Statement = Mapping[str, Any]


@dataclass(frozen=True)
class Grant:
    """One action that a statement of a role allows, and on what."""

    role: str
    policy: str
    sid: str
    action: str
    resources: tuple[str, ...]

    def covers(self, action: str, resource: str) -> bool:
        """Whether it allows that action on that resource."""
        return action == self.action and any(
            fnmatchcase(resource, pattern) for pattern in self.resources
        )


@dataclass(frozen=True)
class Need:
    """An action that somebody takes on a resource, and why."""

    action: str
    resource: str
    why: str


def listed(value: Any) -> list[Any]:
    """One or many, as a policy may write it."""
    return value if isinstance(value, list) else [value]


def grants_in(role: str, policy: str, statements: Iterable[Statement]) -> Iterator[Grant]:
    """Each action of each statement; a statement that does not simply allow is none of ours."""
    for one in statements:
        assert one["Effect"] == "Allow", one
        assert set(one) <= {"Sid", "Effect", "Action", "Resource"}, one
        for action in listed(one["Action"]):
            yield Grant(role, policy, one["Sid"], action, tuple(listed(one["Resource"])))


def granted(iam: Any, role: str) -> list[Grant]:
    """What a deployed role may do; it has no policies but those written into it."""
    assert iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"] == []
    return [
        grant
        for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]
        for grant in grants_in(role, policy, _document(iam, role, policy)["Statement"])
    ]


@contextmanager
def withheld(iam: Any, grant: Grant) -> Iterator[None]:
    """The role without this one action in this one statement, until the block ends."""
    whole = _document(iam, grant.role, grant.policy)
    _put(iam, grant, {**whole, "Statement": _without(whole["Statement"], grant)})
    try:
        yield
    finally:
        _put(iam, grant, whole)


def _without(statements: Iterable[Statement], grant: Grant) -> list[Statement]:
    left: list[Statement] = []
    for one in statements:
        actions = listed(one["Action"])
        if one["Sid"] == grant.sid:
            actions = [each for each in actions if each != grant.action]
        if actions:
            left.append({**one, "Action": actions})
    return left


def _document(iam: Any, role: str, policy: str) -> dict[str, Any]:
    found = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    document: dict[str, Any] = json.loads(found) if isinstance(found, str) else found
    return document


def _put(iam: Any, grant: Grant, document: Mapping[str, Any]) -> None:
    iam.put_role_policy(
        RoleName=grant.role, PolicyName=grant.policy, PolicyDocument=json.dumps(document)
    )


def states_in(states: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state of a definition, those of its maps and branches among them."""
    for name, state in states.items():
        yield name, state
        inner = [state[each] for each in ("ItemProcessor", "Iterator") if each in state]
        for machine in (*inner, *state.get("Branches", ())):
            yield from states_in(machine["States"])


def machine_needs(
    definition: Mapping[str, Any], machine: str, bucket: str, key: str, prefix: str
) -> list[Need]:
    """What the role of a state machine is asked for, state by state, as Step Functions' guide says.

    `machine`: its ARN. `bucket`: where its Map reads and writes, `prefix`: below which keys, `key`:
    the ARN of the key that encrypts bucket and topic.
    """
    needs: list[Need] = []
    for name, state in states_in(definition["States"]):
        if state["Type"] == "Task":
            needs += _task_needs(name, state, machine, key)
        if state["Type"] == "Map" and state["ItemProcessor"]["ProcessorConfig"]["Mode"] != "INLINE":
            needs += _map_needs(name, state, machine, f"arn:aws:s3:::{bucket}/{prefix}x", key)
    return needs


def _task_needs(name: str, state: Mapping[str, Any], machine: str, key: str) -> list[Need]:
    said = state.get("Arguments") or state["Parameters"]
    match state["Resource"].split(":::")[1]:
        case "lambda:invoke":
            return [Need("lambda:InvokeFunction", said["FunctionName"], name)]
        case "sns:publish":
            return [Need("sns:Publish", said["TopicArn"], name), *_encrypting(name, key)]
        case "sqs:sendMessage":
            return [Need("sqs:SendMessage", queue_arn(said["QueueUrl"], machine), name)]
        case "events:putEvents":
            buses = {entry.get("EventBusName", "default") for entry in said["Entries"]}
            return [Need("events:PutEvents", bus_arn(bus, machine), name) for bus in buses]
        case "states:startExecution":
            own = "$states.context.StateMachine.Id" in said["StateMachineArn"]
            target = machine if own else said["StateMachineArn"]
            return [Need("states:StartExecution", target, name)]
        case other:
            raise AssertionError(f"{name}: what {other} needs is not written down here")


def _map_needs(
    name: str, state: Mapping[str, Any], machine: str, file: str, key: str
) -> list[Need]:
    execution = machine.replace(":stateMachine:", ":execution:")
    child = f"{execution}/{state['Label']}:some-child"
    needs = [
        Need("states:StartExecution", machine, name),
        Need("states:DescribeExecution", child, name),
        Need("states:StopExecution", child, name),
        Need("states:RedriveExecution", child, name),
        Need("states:DescribeExecution", f"{execution}:some-child", name),
        Need("states:StopExecution", f"{execution}:some-child", name),
    ]
    if "ItemReader" in state:
        assert state["ItemReader"]["Resource"].endswith(":::s3:getObject")
        needs += [Need("s3:GetObject", file, name), Need("kms:Decrypt", key, name)]
    if "ResultWriter" in state:
        assert state["ResultWriter"]["Resource"].endswith(":::s3:putObject")
        wanted = ("PutObject", "GetObject", "ListMultipartUploadParts", "AbortMultipartUpload")
        needs += [Need(f"s3:{each}", file, name) for each in wanted]
        needs += _encrypting(name, key)
    return needs


def _encrypting(name: str, key: str) -> list[Need]:
    return [Need(action, key, name) for action in ("kms:Decrypt", "kms:GenerateDataKey")]


TRACED = ("PutTraceSegments", "PutTelemetryRecords", "GetSamplingRules", "GetSamplingTargets")
LOGGED = (
    *("CreateLogDelivery", "GetLogDelivery", "UpdateLogDelivery", "DeleteLogDelivery"),
    *("ListLogDeliveries", "PutResourcePolicy", "DescribeResourcePolicies", "DescribeLogGroups"),
)


def service_needs(machine: Mapping[str, Any]) -> list[Need]:
    """What a machine's settings for tracing and logging ask of its role, by the guide again.

    `machine`: the properties of `AWS::StepFunctions::StateMachine`.
    """
    needs: list[Need] = []
    if machine.get("TracingConfiguration", {}).get("Enabled"):
        needs += [Need(f"xray:{action}", "*", "tracing") for action in TRACED]
    if machine.get("LoggingConfiguration", {}).get("Level", "OFF") != "OFF":
        needs += [Need(f"logs:{action}", "*", "logging") for action in LOGGED]
    return needs


def schedule_needs(target: Mapping[str, Any]) -> list[Need]:
    """What a schedule does by its role: start its target, and tell the queue when it cannot.

    `target`: as EventBridge Scheduler describes it.
    """
    return [
        Need("states:StartExecution", target["Arn"], "the start"),
        Need("sqs:SendMessage", target["DeadLetterConfig"]["Arn"], "a start that failed"),
    ]


def queue_arn(url: str, like: str) -> str:
    """The ARN of a queue from its URL; region and account are those of the ARN `like`."""
    region, account = like.split(":")[3:5]
    named = re.fullmatch(r"https?://[^/]+/(\d+)/([\w-]+)", url)
    assert named is not None, url
    assert named[1] == account
    return f"arn:aws:sqs:{region}:{account}:{named[2]}"


def bus_arn(bus: str, like: str) -> str:
    """The ARN of an event bus from its name; region and account are those of the ARN `like`."""
    return ":".join(("arn:aws:events", *like.split(":")[3:5], f"event-bus/{bus}"))


def unmet(needs: Iterable[Need], grants: Iterable[Grant]) -> list[Need]:
    """Needs that no grant covers."""
    there = list(grants)
    return [
        need for need in needs if not any(each.covers(need.action, need.resource) for each in there)
    ]


def surplus(needs: Iterable[Need], grants: Iterable[Grant]) -> list[tuple[str, str]]:
    """Action and resource of what is granted and nobody needs, resource by resource."""
    wanted = list(needs)
    return [
        (grant.action, pattern)
        for grant in grants
        for pattern in grant.resources
        if not any(
            need.action == grant.action and fnmatchcase(need.resource, pattern) for need in wanted
        )
    ]
