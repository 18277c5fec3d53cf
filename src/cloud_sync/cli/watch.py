"""`cloud-sync watch`: a run each day, by one process that stays."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples

At = Annotated[str, typer.Option("--at", metavar="HH:MM", help="When the daily run starts.")]
Zone = Annotated[
    str | None,
    typer.Option("--tz", metavar="ZONE", help="Time zone of --at. Default: this machine's."),
]
SyncOptions = Annotated[
    list[str] | None,
    typer.Argument(metavar="-- SYNC OPTIONS", help="Options of `cloud-sync sync`, after `--`."),
]
DEFAULT_AT = "02:00"


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "watch",
        epilog=examples(
            "cloud-sync watch                                     every night at 02:00",
            "cloud-sync watch --at 03:30 --tz Europe/Berlin -- --to /mnt/archive",
            "cloud-sync watch -- --to s3://my-bucket --max-duration 4h",
        ),
    )(watch)


def watch(
    sync_options: SyncOptions = None,
    at: At = DEFAULT_AT,
    tz: Zone = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Run `sync` every day, and at once where a run was missed. Ctrl-C ends it."""
    from cloud_sync.cli.watch_run import run_watch

    options = [*(sync_options or ())]
    shared = {"--json": json, "--quiet": quiet, "--verbose": verbose}
    options += [option for option, given in shared.items() if given]
    raise typer.Exit(run_watch(at, tz, options, quiet=quiet or json, verbose=verbose))
