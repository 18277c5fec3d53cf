"""The parts of a deployed environment, read from the outputs of its two stacks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from cloud_sync.errors import UsageError
from cloud_sync.model.environments import known_environment, storage_stack, workflow_stack


class StackOutputs(Protocol):
    """What the outputs are read with; `cloud_sync.aws.stacks` has it."""

    def outputs(self, stack: str) -> dict[str, str] | None:
        """The outputs of a stack, None where there is no such stack."""
        ...

    def account_and_region(self) -> tuple[str, str]:
        """Where it was looked."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """What is kept: names of the bucket, of the tracker's table and of the login's secret."""

    bucket: str
    table: str
    secret: str
    storage_plan: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """What works on it. `machine` is the state machine's ARN, queues are their URLs."""

    machine: str
    console_url: str
    schedule: str
    failed_items: str
    missed_starts: str
    gopro_api_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """An environment that is deployed. Its workflow may be deleted and deployed again."""

    name: str
    account: str
    region: str
    storage: Storage
    workflow: Workflow | None

    @property
    def running(self) -> Workflow:
        """The workflow; UsageError where it is not deployed."""
        if self.workflow is None:
            raise UsageError(
                f"the environment {self.name} keeps its archive, but what works on it (stack "
                f"{workflow_stack(self.name)}) is not deployed in {_where(self)}",
                kept="everything that was archived",
                hint=deploy_command(self.name),
            )
        return self.workflow


_STORAGE = {
    "bucket": "S3BucketName",
    "table": "DynamoDBTableName",
    "secret": "SecretName",
    "storage_plan": "StoragePlan",
}
_WORKFLOW = {
    "machine": "StateMachineArn",
    "console_url": "StateMachineConsoleUrl",
    # the output's name is historical: this is a schedule of EventBridge Scheduler
    "schedule": "EventBridgeRuleName",
    "failed_items": "FailedItemsQueueUrl",
    "missed_starts": "MissedStartsQueueUrl",
    "gopro_api_url": "GoProApiUrl",
}


def find_deployed(name: str, stacks: StackOutputs) -> Deployed:
    """The environment of that name; UsageError says what to type where it is not deployed."""
    known_environment(name)
    account, region = stacks.account_and_region()
    kept = stacks.outputs(storage_stack(name))
    if kept is None:
        raise UsageError(
            f"the environment {name} is not deployed in account {account}, region {region}",
            hint=f"{deploy_command(name)}; or set AWS_REGION or AWS_PROFILE to where it is",
        )
    working = stacks.outputs(workflow_stack(name))
    return Deployed(
        name=name,
        account=account,
        region=region,
        storage=Storage(**_picked(name, storage_stack(name), kept, _STORAGE)),
        workflow=None
        if working is None
        else Workflow(**_picked(name, workflow_stack(name), working, _WORKFLOW)),
    )


def deploy_command(name: str) -> str:
    """What a person types to deploy an environment."""
    return f"cloud-sync aws deploy --env {name}"


def _picked(
    name: str, stack: str, outputs: Mapping[str, str], wanted: Mapping[str, str]
) -> dict[str, str]:
    missing = sorted(output for output in wanted.values() if not outputs.get(output))
    if missing:
        raise UsageError(
            f"the stack {stack} does not tell its {', '.join(missing)}: another version of "
            "cloud-sync has deployed it, or it is not deployed whole",
            hint=deploy_command(name),
        )
    return {field: outputs[output] for field, output in wanted.items()}


def _where(deployed: Deployed) -> str:
    return f"account {deployed.account}, region {deployed.region}"
