"""`cloud-sync reconcile`: the tracker repaired from what the archive holds."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli.options import Env, Json, Quiet, To, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "reconcile",
        epilog=examples(
            "cloud-sync reconcile                   show what would be repaired, change nothing",
            "cloud-sync reconcile --apply           repair it",
            "cloud-sync reconcile --to s3://my-bucket --apply",
            "                                       rebuild a lost tracker",
        ),
    )(reconcile)


def reconcile(
    to: To = None,
    env: Env = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Repair; without it the plan is shown.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Repair the tracker from what the archive really holds."""
    from cloud_sync.cli.advice import advising
    from cloud_sync.cli.reconcile_run import run_reconcile

    with advising(env):
        code = run_reconcile(to, env, apply=apply, json=json, quiet=quiet, verbose=verbose)
    raise typer.Exit(code)
