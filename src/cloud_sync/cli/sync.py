"""`cloud-sync sync`: the main job."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperCommand

from cloud_sync.cli.options import Env, Json, Quiet, To, Verbose, examples

LOGIN_WAIT = "12h"
"""How long `--wait-for-login` waits where no duration stands behind it."""


class SyncCommand(TyperCommand):
    """Lets `--wait-for-login` stand without a duration, which typer's own options cannot."""

    # Any: some versions of typer carry a click of their own, others use the public one
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, with_login_wait(args))


def with_login_wait(args: list[str]) -> list[str]:
    """The arguments with the default duration behind a `--wait-for-login` that has none."""
    filled = []
    for position, argument in enumerate(args):
        filled.append(argument)
        behind = args[position + 1 : position + 2]
        if argument == "--wait-for-login" and (not behind or behind[0].startswith("-")):
            filled.append(LOGIN_WAIT)
    return filled


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "sync",
        cls=SyncCommand,
        epilog=examples(
            "cloud-sync sync --to /mnt/archive                  archive what is not there yet",
            "cloud-sync sync --to /mnt/archive --dry-run        show the plan, move nothing",
            "cloud-sync sync --to s3://my-bucket/gopro --storage-plan direct",
            "                                                   into S3 Glacier Deep Archive",
            "cloud-sync sync --env dev                          from here into a deployed archive",
            "cloud-sync sync --since 2026-05-01 --type Video    a part of the library",
            "cloud-sync sync --max-duration 2h --bandwidth-limit 20MB/s",
            "                                                   for a nightly job",
            "cloud-sync sync --wait-for-login                   a first run of several days: go on",
            "                                                   after `cloud-sync login` elsewhere",
        ),
    )(sync)


def sync(
    to: To = None,
    env: Env = None,
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
    wait_for_login: Annotated[
        str | None,
        typer.Option(
            metavar="[12h]",
            help="If the login dies, wait this long for `cloud-sync login`, then go on.",
        ),
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
    from cloud_sync.cli.advice import advising
    from cloud_sync.cli.sync_run import SyncRequest, run_sync

    request = SyncRequest(
        env=env,
        flags={
            "to": to,
            "concurrency": concurrency,
            "max_duration": max_duration,
            "wait_for_login": wait_for_login,
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
    with advising(env):
        raise typer.Exit(run_sync(request))
