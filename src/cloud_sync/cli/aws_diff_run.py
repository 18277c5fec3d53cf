"""Carries out `cloud-sync aws diff`."""

from __future__ import annotations

from cloud_sync.aws.cloud_assembly import stacks_of
from cloud_sync.aws.stack_changes import ResourceChange
from cloud_sync.cli.aws_display import change_json, print_changes, sayer
from cloud_sync.cli.aws_plan import Plan, Wanted, planned
from cloud_sync.cli.terminal import result, result_json, set_up_logging
from cloud_sync.deployment.choices import differences
from cloud_sync.errors import ExitCode
from cloud_sync.summary.render import count


def run_diff(wanted: Wanted, *, json: bool, quiet: bool, verbose: bool) -> int:
    """Show what a deployment would change; the exit code."""
    set_up_logging(verbose=verbose)
    say = sayer(json=json, quiet=quiet)
    with planned(wanted, say, lambda _stacks: None) as plan:
        say(f"Comparing with {wanted.env} in {plan.place} …")
        changes = [
            change
            for stack in stacks_of(plan.assembly)
            for change in plan.stacks.changes(plan.assembly, stack, prepare=plan.prepare)
        ]
        if json:
            _tell_json(plan, changes)
        else:
            _tell(plan, changes)
    return int(ExitCode.DONE)


def _tell_json(plan: Plan, changes: list[ResourceChange]) -> None:
    for change in changes:
        result_json(change_json(change))
    result_json(diff_json(plan, changes))


def diff_json(plan: Plan, changes: list[ResourceChange]) -> dict[str, object]:
    """The last object of `aws diff --json`."""
    return {
        "event": "diff_summary",
        "environment": plan.env,
        "account": plan.account,
        "region": plan.region,
        "changes": len(changes),
        "endangering": sum(change.endangers for change in changes),
        "choices": differences(plan.before, plan.choices.values),
    }


def _tell(plan: Plan, changes: list[ResourceChange]) -> None:
    for line in differences(plan.before, plan.choices.values):
        result(f"choice  {line}")
    if not changes:
        result(f"Nothing would change in {plan.env}, {plan.place}.")
        return
    print_changes(changes)
    result(
        f"{count(len(changes), 'resource', 'resources')} would change in {plan.env}, {plan.place}."
    )
    if any(change.endangers for change in changes):
        result("What HOLDS DATA would no longer belong to the stack: deploy asks before that.")
    result(f"To carry it out, with the same options: {plan.what.command} deploy --env {plan.env}")
