"""`cloud-sync notify`: do messages arrive?"""

from __future__ import annotations

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    commands = typer.Typer(
        name="notify",
        help="Try the messages that runs send.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    commands.callback()(_group)
    commands.command(
        "test",
        epilog=examples(
            "cloud-sync notify test           one message to each target, and who took it",
            "cloud-sync notify test --json",
        ),
    )(try_targets)
    app.add_typer(commands)


def _group() -> None:
    """Keeps `test` a command of its own, though it is the only one."""


def try_targets(json: Json = False, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Send a test message to every configured target, and ping the healthcheck."""
    from cloud_sync.cli.notify_run import run_notify_test

    raise typer.Exit(run_notify_test(json=json, quiet=quiet, verbose=verbose))
