"""Carries out `cloud-sync aws deploy`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloud_sync.aws.cloud_assembly import stacks_of, warnings_of
from cloud_sync.aws.stack_changes import ResourceChange, StackEvent
from cloud_sync.aws.stacks import Stacks
from cloud_sync.cli.aws_deployables import ARCHIVE
from cloud_sync.cli.aws_display import change_json, onlooker, print_changes, sayer
from cloud_sync.cli.aws_plan import Plan, Wanted, planned
from cloud_sync.cli.terminal import one_line, result, result_json, say, set_up_logging
from cloud_sync.deployment.choices import OUTPUT
from cloud_sync.errors import ExitCode, UsageError
from cloud_sync.summary.render import count

GOES_ON = (
    "Stopped looking on: what AWS has begun goes on there. See how it ends with the same command."
)


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack after its deployment."""

    name: str
    changed: bool
    outputs: dict[str, str]


def run_deploy(
    wanted: Wanted, *, bootstrap: bool, yes: bool, json: bool, quiet: bool, verbose: bool
) -> int:
    """Deploy every stack, one after the other; the exit code."""
    set_up_logging(verbose=verbose)
    observe, tell = onlooker(json=json, quiet=quiet), sayer(json=json, quiet=quiet)

    def prepared(stacks: Stacks) -> None:
        if bootstrap and not stacks.bootstrapped():
            stacks.bootstrap(observe)
        stacks.require_bootstrap()

    try:
        with planned(wanted, tell, prepared) as plan:
            tell(f"Deploying {plan.env} into {plan.place}.")
            for line in plan.choices.lines():
                tell(one_line(f"  {line}"))
            for line in warnings_of(plan.assembly):
                say(one_line(f"warning: {line}"))
            done = [
                _deployed(plan, stack, observe, _approval(plan, stack, yes=yes, json=json))
                for stack in stacks_of(plan.assembly)
            ]
            if json:
                result_json(deploy_json(plan, done))
            else:
                _tell(plan, done)
    except KeyboardInterrupt:
        say(GOES_ON)
        return int(ExitCode.INTERRUPTED)
    return int(ExitCode.DONE)


def _deployed(
    plan: Plan,
    stack: str,
    observe: Callable[[StackEvent], None],
    approve: Callable[[Sequence[ResourceChange]], None],
) -> DeployedStack:
    changed = False

    def look(event: StackEvent) -> None:
        nonlocal changed
        changed = True
        observe(event)

    outputs = plan.stacks.deploy(plan.assembly, stack, look, prepare=plan.prepare, approve=approve)
    return DeployedStack(stack, changed, outputs)


def _approval(
    plan: Plan, stack: str, *, yes: bool, json: bool
) -> Callable[[Sequence[ResourceChange]], None]:
    """What asks a person before anything that holds data leaves the archive."""

    def approve(changes: Sequence[ResourceChange]) -> None:
        endangering = [change for change in changes if change.endangers]
        if not endangering or yes:
            return
        if json:
            for change in endangering:
                result_json(change_json(change))
        else:
            print_changes(endangering, to_error=True)
        what = count(len(endangering), "resource that holds data", "resources that hold data")
        refusal = UsageError(
            f"deploying the stack {stack}: {what} would be replaced or removed",
            kept=f"the stack {stack}, which was not changed",
            hint=f"look at it: {plan.what.command} diff --env {plan.env}; if it is meant: the same "
            "command with --yes",
        )
        if json or not (sys.stdin.isatty() and sys.stderr.isatty()):
            raise refusal
        import typer

        if not typer.confirm("Is that meant? It cannot be undone.", err=True):
            raise refusal

    return approve


def deploy_json(plan: Plan, done: Sequence[DeployedStack]) -> dict[str, Any]:
    """The last object of `aws deploy --json`."""
    return {
        "event": "deploy_summary",
        "environment": plan.env,
        "account": plan.account,
        "region": plan.region,
        "changed": any(each.changed for each in done),
        "choices": dict(plan.choices.values),
        "stacks": {
            each.name: {"changed": each.changed, "outputs": _shown_outputs(each)} for each in done
        },
    }


def _tell(plan: Plan, done: Sequence[DeployedStack]) -> None:
    if any(each.changed for each in done):
        result(f"Deployed {plan.env} into {plan.place}.")
    else:
        result(f"Nothing to change: {plan.env} in {plan.place} is as it should be.")
    outputs = {name: value for each in done for name, value in _shown_outputs(each).items()}
    width = max(map(len, outputs), default=0)
    for name, value in outputs.items():
        result(one_line(f"  {name.ljust(width)}  {value}"))
    result("")
    result("Next:")
    for line in next_steps(plan, outputs):
        result(one_line(f"  {line}"))


def next_steps(plan: Plan, outputs: Mapping[str, str]) -> list[str]:
    """What to type after a deployment, one a line."""
    if plan.what is ARCHIVE:
        return [
            f"cloud-sync aws login --env {plan.env}    store the login of the camera cloud there",
            f"cloud-sync aws run --env {plan.env}      start a run",
        ]
    source = outputs["SourceBucketName"]
    lines = [
        f"STEP_FUNCTION_ARN={outputs['StepFunctionArn']}",
        f"API_URL={outputs['ApiGatewayUrl']}",
    ]
    if source in plan.choices.values["existing"]:
        lines.append(
            f"have {source}, which was there already, tell {outputs['ReplicationWorkerArn']} of "
            "new objects: docs/how-to/copy-workflow-on-aws.md, 'Buckets that are there already'"
        )
    lines.append(f"aws s3 cp FILE s3://{source}/    copied into every destination by itself")
    return lines


def _shown_outputs(each: DeployedStack) -> dict[str, str]:
    """What is of use to a person: not what the stacks tell only each other."""
    return {
        name: value
        for name, value in each.outputs.items()
        if name != OUTPUT and not name.startswith("ExportsOutput")
    }
