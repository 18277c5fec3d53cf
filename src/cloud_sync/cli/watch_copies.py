"""`cloud-sync watch-copies`: what appears in a bucket is copied to others."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli.copy import (
    Concurrency,
    OnComplete,
    PrefixFrom,
    PrefixTo,
    StorageClass,
    ToEndpoint,
    ToProfile,
)
from cloud_sync.cli.options import Json, Quiet, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "watch-copies",
        epilog=examples(
            "cloud-sync watch-copies s3://builds s3://region-a s3://region-b",
            "                                       look every 30 seconds until stopped",
            "cloud-sync watch-copies s3://builds/app/ s3://region-a --once",
            "                                       look once, for a timer of your own",
        ),
    )(watch_copies)


def watch_copies(
    source: Annotated[str, typer.Argument(metavar="SRC", help="s3://bucket or s3://bucket/prefix")],
    destinations: Annotated[list[str], typer.Argument(metavar="DEST…", help="s3://bucket")],
    every: Annotated[
        str, typer.Option("--every", metavar="DURATION", help="Time between two looks.")
    ] = "30s",
    once: Annotated[bool, typer.Option("--once", help="Look once and end.")] = False,
    storage_class: StorageClass = None,
    prefix_from: PrefixFrom = None,
    prefix_to: PrefixTo = None,
    to_endpoint: ToEndpoint = None,
    to_profile: ToProfile = None,
    concurrency: Concurrency = "10",
    on_complete: OnComplete = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Copy every version that appears in a bucket, once to each destination, the latest last."""
    from cloud_sync.cli.copy_run import CopyOptions
    from cloud_sync.cli.watch_copies_run import WatchArguments, run_watch

    arguments = WatchArguments(
        source, tuple(destinations), every, once, storage_class, prefix_from, prefix_to
    )
    options = CopyOptions(
        to_endpoint, to_profile, concurrency, on_complete, json=json, quiet=quiet, verbose=verbose
    )
    raise typer.Exit(run_watch(arguments, options))
