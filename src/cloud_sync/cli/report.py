"""`cloud-sync report`: what the log says of failed downloads, throughput, and slow transfers."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, To, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "report",
        epilog=examples(
            "cloud-sync report failed                   media that failed in the last 24 hours",
            "cloud-sync report throughput --since 7d    Mbit/s of the transfers of a week",
            "cloud-sync report slow --json              small originals that took long",
        ),
    )(report)


def report(
    about: Annotated[str, typer.Argument(metavar="failed|throughput|slow", help="What to report.")],
    since: Annotated[
        str, typer.Option(metavar="24h", help="Only what happened in so long until now.")
    ] = "24h",
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="Only what this run did.")
    ] = None,
    to: To = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Answer a question from the log of this machine's runs."""
    from cloud_sync.cli.report_run import run_report

    run_report(about, since, run, to, json=json, quiet=quiet, verbose=verbose)
