"""`cloud-sync demo`: the main job against the bundled GoPro cloud simulator."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "demo",
        epilog=examples(
            "cloud-sync demo                            a made-up library, into ./demo/archive",
            "cloud-sync demo --library ~/Movies         your own files, as if in the cloud",
            "cloud-sync demo --aws                      the stacks on AWS, in an emulator",
        ),
    )(demo)


def demo(
    folder: Annotated[
        Path, typer.Option(help="Where the demo's cloud, archive and tracker lie.")
    ] = Path("demo"),
    library: Annotated[
        Path | None, typer.Option(help="Serve the video and photo files of this folder.")
    ] = None,
    aws: Annotated[
        bool, typer.Option("--aws", help="Deploy to an emulator of AWS on this machine instead.")
    ] = False,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Archive a simulated library; needs no account."""
    if aws:
        from cloud_sync.cli.demo_aws.run import DemoRequest, run_demo_aws

        raise typer.Exit(run_demo_aws(DemoRequest(folder, library, json, quiet, verbose)))
    from cloud_sync.cli.demo_run import run_demo

    raise typer.Exit(run_demo(folder, library, json=json, quiet=quiet, verbose=verbose))
