"""Carries out `cloud-sync aws destroy`."""

from __future__ import annotations

import sys

from cloud_sync.aws.stacks import Stacks
from cloud_sync.cli.aws_deploy_run import GOES_ON
from cloud_sync.cli.aws_display import onlooker, sayer
from cloud_sync.cli.aws_plan import opened
from cloud_sync.cli.terminal import one_line, result, result_json, say, set_up_logging
from cloud_sync.errors import ExitCode, UsageError
from cloud_sync.model.environments import copies_stack, storage_stack, workflow_stack

KEPT_OUTPUTS = ("S3BucketName", "DynamoDBTableName", "SecretName")


def run_destroy(
    env: str,
    account: str | None,
    region: str | None,
    *,
    storage: bool,
    yes: bool,
    json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Delete what works on the archive; the exit code."""
    set_up_logging(verbose=verbose)
    if storage:
        raise _protected(env)
    tell = sayer(json=json, quiet=quiet)
    try:
        with opened(env, account, region) as (stacks, there, where, _, _):
            going = _going(stacks, env)
            kept = _kept(stacks, env)
            if going:
                tell(f"To be deleted in account {there}, region {where}: {', '.join(going)}")
                confirm(
                    f"deleting what works on the archive of {env}",
                    f"cloud-sync aws destroy --env {env} --yes",
                    "The archive stays. Delete these?",
                    yes=yes,
                    json=json,
                )
            observe = onlooker(json=json, quiet=quiet)
            for stack in going:
                stacks.destroy(stack, observe)
    except KeyboardInterrupt:
        say(GOES_ON)
        return int(ExitCode.INTERRUPTED)
    if json:
        result_json(destroy_json(env, there, where, going, kept))
    else:
        _tell(env, going, kept)
    return int(ExitCode.DONE)


def _going(stacks: Stacks, env: str) -> list[str]:
    """The archive's stacks that keep nothing: all but the storage and what is protected."""
    staying = (storage_stack(env), copies_stack(env))
    found = stacks.deployed(workflow_stack(env))
    return [name for name, protected in found.items() if not protected and name not in staying]


def _kept(stacks: Stacks, env: str) -> dict[str, str]:
    outputs = stacks.outputs(storage_stack(env)) or {}
    return {name: outputs[name] for name in KEPT_OUTPUTS if name in outputs}


def confirm(doing: str, hint: str, question: str, *, yes: bool, json: bool) -> None:
    """UsageError unless `yes` was given or a person at a terminal says yes."""
    if yes:
        return
    refusal = UsageError(
        f"{doing}: nobody has said that it is meant",
        kept="everything",
        hint=hint,
    )
    if json or not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise refusal
    import typer

    if not typer.confirm(question, err=True):
        raise refusal


def _protected(env: str) -> UsageError:
    stack = storage_stack(env)
    return UsageError(
        f"deleting the storage of {env}: cloud-sync never deletes an archive, and the stack {stack}"
        " is protected against deletion",
        kept="everything",
        hint="what a person must do is written down: docs/how-to/deploy-on-aws.md, "
        "'Remove the archive itself'. It begins with: aws cloudformation "
        f"update-termination-protection --no-enable-termination-protection --stack-name {stack}",
    )


def destroy_json(
    env: str, account: str, region: str, destroyed: list[str], kept: dict[str, str]
) -> dict[str, object]:
    """The last object of `aws destroy --json`."""
    return {
        "event": "destroy_summary",
        "environment": env,
        "account": account,
        "region": region,
        "destroyed": destroyed,
        "kept": kept,
    }


def _tell(env: str, going: list[str], kept: dict[str, str]) -> None:
    if going:
        result(f"Deleted {', '.join(going)}.")
    else:
        result(f"Nothing to delete: nothing of {env} is deployed that works on an archive.")
    if kept:
        result(f"The archive of {env} stays, with its table, its login and its key:")
        for name, value in kept.items():
            result(one_line(f"  {name.ljust(17)}  {value}"))
        result(f"To work on it again: cloud-sync aws deploy --env {env}")
