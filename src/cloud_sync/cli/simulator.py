"""`cloud-sync simulator`: a GoPro cloud on loopback to try things against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cloud_sync.cli.options import Json, Quiet, Verbose, examples

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloud_sync.simulator.counters import Snapshot
    from cloud_sync.simulator.library import Library


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "simulator",
        epilog=examples(
            "cloud-sync simulator --count 1000              a made-up library of 1,000 media",
            "cloud-sync simulator --library ~/Movies        your own files as if in the cloud",
            "cloud-sync simulator --faults plan.json        a cloud in which things go wrong",
        ),
    )(simulator)


def simulator(
    library: Annotated[
        Path | None, typer.Option(help="Serve the video and photo files of this folder.")
    ] = None,
    count: Annotated[int, typer.Option(min=0, help="How many media to make up.")] = 100,
    seed: Annotated[
        int, typer.Option(help="The same seed makes the same library, and the same faults.")
    ] = 1,
    faults: Annotated[
        Path | None, typer.Option(metavar="PLAN.json", help="What goes wrong, and when.")
    ] = None,
    token: Annotated[
        str, typer.Option(metavar="TEXT", help="The token that it accepts.")
    ] = "simulator-token",  # noqa: S107 worth nothing outside of the simulator
    port: Annotated[int, typer.Option(min=0, help="The API's port; 0 is any free one.")] = 0,
    api_delay: Annotated[float, typer.Option(min=0, help="Seconds that each API call takes.")] = 0,
    rate: Annotated[
        str | None, typer.Option(metavar="8MB/s", help="The most each CDN connection gives.")
    ] = None,
    url_life: Annotated[float, typer.Option(help="Seconds that a signed URL lives.")] = 3600,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Serve a simulated GoPro cloud until interrupted."""
    from cloud_sync.cli.interrupts import stopped_by_signals
    from cloud_sync.cli.terminal import result, result_json, say, set_up_logging
    from cloud_sync.clock import SystemClock
    from cloud_sync.config.quantities import parse_rate
    from cloud_sync.simulator.fault_plan import load_plan
    from cloud_sync.simulator.faults import NoFaults
    from cloud_sync.simulator.library import FolderLibrary, generate
    from cloud_sync.simulator.server import Simulator, SimulatorOptions
    from cloud_sync.transfer.stopping import Stop

    set_up_logging(verbose=verbose)
    stop = Stop(SystemClock())
    media = FolderLibrary(library) if library else generate(count, seed)
    options = SimulatorOptions(
        token=token,
        api_port=port,
        api_delay=api_delay,
        bytes_per_second=parse_rate(rate) if rate else None,
        url_life=url_life,
        faults=load_plan(faults).or_seed(seed) if faults else NoFaults(),
    )
    with stopped_by_signals(stop, "Stopping."), Simulator(media, options) as cloud:
        if json:
            result_json({"event": "serving", "api_url": cloud.api_url, "cdn_url": cloud.cdn_url})
        else:
            result(f"export CLOUD_SYNC_GOPRO_API_URL={cloud.api_url}")
            result(f"export CLOUD_SYNC_GOPRO_TOKEN={token}")
        if not quiet:
            say(left_out_text(media))
            say("Serving until interrupted. Next, elsewhere: cloud-sync sync --to DEST")
        stop.wait_until_requested()
    counts = cloud.snapshot()
    if json:
        result_json(counts_json(counts))
    elif not quiet:
        say(counts_text(counts))


def counts_json(counts: Snapshot) -> dict[str, object]:
    """What was asked and given, in the end."""
    return {
        "event": "stopped",
        "calls": {endpoint.value: number for endpoint, number in counts.calls.items()},
        "bytes_sent": counts.bytes_sent,
        "refusals": dict(counts.refusals),
        "faults": dict(counts.faults),
    }


def counts_text(counts: Snapshot) -> str:
    """Calls by endpoint and faults by kind, each on a line."""
    calls = {endpoint.value: number for endpoint, number in counts.calls.items()}
    return f"calls   {_told(calls)}\nfaults  {_told(counts.faults)}"


def _told(counts: Mapping[str, int]) -> str:
    each = ", ".join(f"{number:,} {name}" for name, number in counts.items() if number)
    return f"{sum(counts.values()):,}" + (f": {each}" if each else "")


def left_out_text(media: Library) -> str:
    """How many media are served, and how many files of a folder are none."""
    left_out = getattr(media, "left_out", 0)
    served = f"{len(media)} media are served"
    return f"{served}; {left_out} other files are left out." if left_out else f"{served}."
