"""`cloud-sync schedule`: the daily run by what this machine has for that."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples
from cloud_sync.cli.watch import DEFAULT_AT, At, SyncOptions, Zone


class Scheduler(StrEnum):
    """What starts the run."""

    SYSTEMD = "systemd"
    LAUNCHD = "launchd"
    CRON = "cron"


By = Annotated[
    Scheduler | None,
    typer.Option("--by", help="What starts the run. Default: what this machine has."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    commands = typer.Typer(
        name="schedule",
        help="Have the daily run started by systemd, launchd or cron.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    commands.command(
        "install",
        epilog=examples(
            "cloud-sync schedule install                          every night at 02:00",
            "cloud-sync schedule install --at 03:30 --tz Europe/Berlin -- --to /mnt/archive",
            "cloud-sync schedule install --by cron                print the crontab's lines",
        ),
    )(install)
    commands.command(
        "show", epilog=examples("cloud-sync schedule show --by launchd   what it would look like")
    )(show)
    commands.command("remove", epilog=examples("cloud-sync schedule remove"))(remove)
    app.add_typer(commands)


def install(
    sync_options: SyncOptions = None,
    at: At = DEFAULT_AT,
    tz: Zone = None,
    by: By = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Write the timer and switch it on; for cron print what to put into the crontab."""
    from cloud_sync.cli.schedule_files import Wanted
    from cloud_sync.cli.schedule_run import run_install

    wanted = Wanted(at, tz, by, tuple(sync_options or ()))
    raise typer.Exit(run_install(wanted, json=json, quiet=quiet, verbose=verbose))


def show(
    sync_options: SyncOptions = None,
    at: At = DEFAULT_AT,
    tz: Zone = None,
    by: By = None,
    json: Json = False,
    quiet: Quiet = False,  # noqa: ARG001 every command takes it; here all is result
    verbose: Verbose = False,
) -> None:
    """Print what `install` would write; write nothing."""
    from cloud_sync.cli.schedule_files import Wanted
    from cloud_sync.cli.schedule_run import run_show

    wanted = Wanted(at, tz, by, tuple(sync_options or ()))
    raise typer.Exit(run_show(wanted, json=json, verbose=verbose))


def remove(
    by: By = None, json: Json = False, quiet: Quiet = False, verbose: Verbose = False
) -> None:
    """Switch the timer off and remove what `install` wrote."""
    from cloud_sync.cli.schedule_run import run_remove

    raise typer.Exit(run_remove(by, json=json, quiet=quiet, verbose=verbose))
