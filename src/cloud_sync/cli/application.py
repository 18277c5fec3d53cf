"""The command line as typer knows it: all commands, with their options and help."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli import (
    aws,
    copy,
    demo,
    doctor,
    explain,
    list_files,
    login,
    notify,
    reconcile,
    report,
    retry,
    schedule,
    simulator,
    status,
    sync,
    verify,
    watch,
    watch_copies,
)
from cloud_sync.cli.options import examples
from cloud_sync.cli.version import VERSION_LINE

EXIT_CODES = """\b
Exit codes:
  0    done, and nothing you would want is missing without being named
  1    the run failed
  2    usage or configuration
  3    done, but some media failed
  4    credentials missing, expired or refused; nothing is lost
  5    another run is at work
  6    verification found a difference
  130  interrupted; the next run goes on from there"""

app = typer.Typer(
    name="cloud-sync",
    help="Archives a GoPro cloud library into a folder or bucket that you own.",
    epilog=examples(
        "cloud-sync demo                        try it without an account",
        "cloud-sync login                       store the token of your account",
        "cloud-sync sync --to /mnt/archive      archive everything that is not there yet",
        "cloud-sync sync --to s3://my-bucket    the same into a bucket",
    )
    + "\n\n"
    + EXIT_CODES,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    login,
    sync,
    status,
    list_files,
    report,
    retry,
    verify,
    reconcile,
    watch,
    schedule,
    copy,
    watch_copies,
    notify,
    doctor,
    explain,
    demo,
    simulator,
    aws,
):
    command.register(app)


def _version(value: bool) -> None:
    if value:
        print(VERSION_LINE)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Archives a GoPro cloud library into a folder or bucket that you own."""
