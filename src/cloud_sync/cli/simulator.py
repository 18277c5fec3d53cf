"""`cloud-sync simulator`: a GoPro cloud on loopback to try things against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "simulator",
        epilog=examples(
            "cloud-sync simulator --count 1000              a made-up library of 1,000 media",
            "cloud-sync simulator --library ~/Movies        your own files as if in the cloud",
        ),
    )(simulator)


def simulator(
    library: Annotated[
        Path | None, typer.Option(help="Serve the video and photo files of this folder.")
    ] = None,
    count: Annotated[int, typer.Option(min=0, help="How many media to make up.")] = 100,
    seed: Annotated[int, typer.Option(help="The same seed makes the same library.")] = 1,
    token: Annotated[
        str, typer.Option(metavar="TEXT", help="The token that it accepts.")
    ] = "simulator-token",  # noqa: S107 worth nothing outside of the simulator
    api_delay: Annotated[float, typer.Option(min=0, help="Seconds that each API call takes.")] = 0,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Serve a simulated GoPro cloud until interrupted."""
    from cloud_sync.cli.sync_run import stopped_by_signals
    from cloud_sync.cli.terminal import result, result_json, say, set_up_logging
    from cloud_sync.clock import SystemClock
    from cloud_sync.simulator.library import FolderLibrary, generate
    from cloud_sync.simulator.server import Simulator, SimulatorOptions
    from cloud_sync.transfer.stopping import Stop

    set_up_logging(verbose=verbose)
    stop = Stop(SystemClock())
    source = FolderLibrary(library) if library else generate(count, seed)
    options = SimulatorOptions(token=token, api_delay=api_delay)
    with stopped_by_signals(stop), Simulator(source, options) as cloud:
        if json:
            result_json({"event": "serving", "api_url": cloud.api_url, "cdn_url": cloud.cdn_url})
        else:
            result(f"export CLOUD_SYNC_GOPRO_API_URL={cloud.api_url}")
            result(f"export CLOUD_SYNC_GOPRO_TOKEN={token}")
        if not quiet:
            say("Serving until interrupted. Next, elsewhere: cloud-sync sync --to DEST")
        stop.wait_until_requested()
