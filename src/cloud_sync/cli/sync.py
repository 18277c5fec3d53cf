"""`cloud-sync sync`: the main job."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, To, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "sync",
        epilog=examples(
            "cloud-sync sync --to /mnt/archive                  archive what is not there yet",
            "cloud-sync sync --to /mnt/archive --dry-run        show the plan, move nothing",
            "cloud-sync sync --to s3://my-bucket/gopro --storage-plan direct",
            "                                                   into S3 Glacier Deep Archive",
            "cloud-sync sync --since 2026-05-01 --type Video    a part of the library",
            "cloud-sync sync --max-duration 2h --bandwidth-limit 20MB/s",
            "                                                   for a nightly job",
        ),
    )(sync)


def sync(
    to: To = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print the plan; move and write nothing.")
    ] = False,
    limit: Annotated[str | None, typer.Option(metavar="N", help="Archive at most N media.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only media captured on DATE or later.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="DATE", help="Only media captured on DATE or earlier.")
    ] = None,
    media_type: Annotated[
        str | None, typer.Option("--type", metavar="T,…", help="Only these types: Video,Photo,…")
    ] = None,
    include: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="Only names that fit; repeatable.")
    ] = None,
    exclude: Annotated[
        list[str] | None, typer.Option(metavar="GLOB", help="No names that fit; repeatable.")
    ] = None,
    concurrency: Annotated[
        str | None, typer.Option(metavar="N", help="Media at a time. Default: 5.")
    ] = None,
    max_duration: Annotated[
        str | None, typer.Option(metavar="2h", help="Stop cleanly after this long.")
    ] = None,
    bandwidth_limit: Annotated[
        str | None, typer.Option(metavar="20MB/s", help="The most bytes a second in total.")
    ] = None,
    storage_plan: Annotated[
        str | None,
        typer.Option(metavar="PLAN", help="In a bucket: standard, direct, grace:N, founding-97."),
    ] = None,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Also media that failed in five runs in a row.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Archive every original that is not there yet."""
    from cloud_sync.cli.sync_run import SyncRequest, run_sync

    request = SyncRequest(
        flags={
            "to": to,
            "concurrency": concurrency,
            "max_duration": max_duration,
            "bandwidth_limit": bandwidth_limit,
            "storage_plan": storage_plan,
        },
        dry_run=dry_run,
        limit=limit,
        since=since,
        until=until,
        media_type=media_type,
        include=tuple(include or ()),
        exclude=tuple(exclude or ()),
        retry_failed=retry_failed,
        json=json,
        quiet=quiet,
        verbose=verbose,
    )
    raise typer.Exit(run_sync(request))
