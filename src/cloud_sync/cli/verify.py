"""`cloud-sync verify`: the archive held against the tracker."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli.options import Env, Json, Quiet, To, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "verify",
        epilog=examples(
            "cloud-sync verify                      existence, size and stored checksum",
            "cloud-sync verify --deep               read every byte as well",
            "cloud-sync verify --json               one JSON object for each difference",
        ),
    )(verify)


def verify(
    to: To = None,
    env: Env = None,
    deep: Annotated[bool, typer.Option("--deep", help="Read every byte.")] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Compare the archive with the tracker; change nothing."""
    from cloud_sync.cli.advice import advising
    from cloud_sync.cli.verify_run import run_verify

    with advising(env):
        raise typer.Exit(run_verify(to, env, deep=deep, json=json, quiet=quiet, verbose=verbose))
