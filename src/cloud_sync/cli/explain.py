"""`cloud-sync explain`: what a code or an alarm means, and what to do."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "explain",
        epilog=examples(
            "cloud-sync explain                         all codes and alarms",
            "cloud-sync explain auth_required           what it means, and what to do",
            "cloud-sync explain no-good-run --env prod  with that environment's commands",
        ),
    )(explain)


def explain(
    code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help="A code or an alarm. All of them without one."),
    ] = None,
    env: Annotated[
        str | None,
        typer.Option(
            "--env",
            metavar="NAME",
            help="Show the commands for this deployed environment: dev, staging or prod.",
            show_default=False,
        ),
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Say what a code or an alarm means, what is safe, and what to do. Asks nobody."""
    from cloud_sync.cli.explain_run import run_explain

    run_explain(code, env, json=json, quiet=quiet, verbose=verbose)
