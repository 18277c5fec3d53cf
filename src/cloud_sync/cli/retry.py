"""`cloud-sync retry`: failed media made due again, and run."""

from __future__ import annotations

from typing import Annotated

import typer

from cloud_sync.cli.options import Env, Json, Quiet, To, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "retry",
        epilog=examples(
            "cloud-sync retry                       everything that failed",
            "cloud-sync retry DNVFoGHkkUoms         this medium",
            "cloud-sync retry --run 20261121T040622Z-5f0c2a17",
            "                                       what failed in this run",
        ),
    )(retry)


def retry(
    media_ids: Annotated[
        list[str] | None,
        typer.Argument(metavar="[MEDIA_ID]…", help="These media.", show_default=False),
    ] = None,
    to: To = None,
    env: Env = None,
    run: Annotated[
        str | None, typer.Option("--run", metavar="ID", help="The media that failed in this run.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Make failed media due again and run them; without a name, all of them."""
    from cloud_sync.cli.advice import advising
    from cloud_sync.cli.retry_run import run_retry
    from cloud_sync.cli.sync_run import SyncRequest

    request = SyncRequest(flags={"to": to}, env=env, json=json, quiet=quiet, verbose=verbose)
    with advising(env):
        raise typer.Exit(run_retry(request, tuple(media_ids or ()), run))
