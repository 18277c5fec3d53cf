"""Carries out `cloud-sync aws copies destroy`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_sync.aws.stacks import Stacks
from cloud_sync.cli.aws_deploy_run import GOES_ON
from cloud_sync.cli.aws_deployables import COPIES
from cloud_sync.cli.aws_destroy_run import confirm, destroy_json
from cloud_sync.cli.aws_display import onlooker, sayer
from cloud_sync.cli.aws_plan import opened
from cloud_sync.cli.terminal import one_line, result, result_json, say, set_up_logging
from cloud_sync.deployment.kept import kept
from cloud_sync.errors import ExitCode
from cloud_sync.model.environments import copies_stack
from cloud_sync.summary.render import count

KEPT_OUTPUTS = ("SourceBucketName", "DestinationBucketNames", "DynamoDBTableName")


def run_copies_destroy(
    env: str,
    account: str | None,
    region: str | None,
    *,
    yes: bool,
    json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Take everything out of the stack that keeps nothing; the exit code.

    The stack itself stays around what is kept, so that a later deployment works on it again.
    """
    set_up_logging(verbose=verbose)
    stack = copies_stack(env)
    tell = sayer(json=json, quiet=quiet)
    try:
        with opened(env, account, region, COPIES) as (stacks, there, where, _, _):
            going = _going(stacks.template(stack))
            if going:
                what = count(len(going), "resource", "resources")
                tell(f"To be deleted in account {there}, region {where}: {what} of {stack}")
                confirm(
                    f"deleting the file-copy workflow of {env}",
                    f"{COPIES.command} destroy --env {env} --yes",
                    "Buckets, table and key stay. Delete the rest?",
                    yes=yes,
                    json=json,
                )
                stacks.reduce(stack, kept, onlooker(json=json, quiet=quiet))
            left = _left(stacks, stack)
    except KeyboardInterrupt:
        say(GOES_ON)
        return int(ExitCode.INTERRUPTED)
    if json:
        result_json(destroy_json(env, there, where, going, left))
    else:
        _tell(env, going, left)
    return int(ExitCode.DONE)


def _going(template: Mapping[str, Any] | None) -> list[str]:
    if template is None:
        return []
    return sorted(set(template["Resources"]) - set(kept(template)["Resources"]))


def _left(stacks: Stacks, stack: str) -> dict[str, str]:
    outputs = stacks.outputs(stack) or {}
    return {name: outputs[name] for name in KEPT_OUTPUTS if name in outputs}


def _tell(env: str, going: list[str], left: Mapping[str, str]) -> None:
    if going:
        result(f"Deleted the file-copy workflow of {env}.")
    else:
        result(f"Nothing to delete: no file-copy workflow of {env} is deployed.")
    if left:
        result(f"What {copies_stack(env)} keeps stays, with its key:")
        for name, value in left.items():
            result(one_line(f"  {name.ljust(22)}  {value}"))
        result(f"To work on it again: {COPIES.command} deploy --env {env}")
