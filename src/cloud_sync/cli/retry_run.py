"""Carries out `cloud-sync retry`."""

from __future__ import annotations

import os

from cloud_sync.cli.advice import advised_observer
from cloud_sync.cli.interrupts import stopped_by_signals
from cloud_sync.cli.sync_run import SyncRequest, display_of, tell_report
from cloud_sync.cli.terminal import result, result_json, set_up_logging
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import load_config
from cloud_sync.errors import ExitCode, UsageError
from cloud_sync.pipeline.retrying import choose, retry
from cloud_sync.tracker.plan import Policy
from cloud_sync.transfer.stopping import Stop
from cloud_sync.wiring.chosen import chosen_wiring
from cloud_sync.wiring.recording import recorded


def run_retry(request: SyncRequest, media_ids: tuple[str, ...], run_id: str | None) -> int:
    """Run to the end; the exit code."""
    set_up_logging(verbose=request.verbose)
    if media_ids and run_id is not None:
        raise UsageError(
            "trying again: both media and a run are named", hint="give either MEDIA_ID or --run"
        )
    config = load_config(request.flags, os.environ)
    wiring = chosen_wiring(config, os.environ, request.env)
    with wiring.existing_tracker() as tracker:
        chosen = choose(tracker, media_ids, run_id)
    if not chosen:
        return int(_nothing_failed(wiring.location, request))
    stop = Stop(SystemClock(), config.max_seconds)
    display = display_of(request)
    observe = advised_observer(display.observe, request.env)
    with (
        stopped_by_signals(stop),
        wiring.rooms() as rooms,
        display.shown(),
        recorded(config, rooms, observe) as observe,
    ):
        report = retry(rooms, wiring.run_options(Policy(), None), chosen, stop, observe)
    return int(tell_report(report, request))


def _nothing_failed(location: str, request: SyncRequest) -> ExitCode:
    if request.json:
        result_json({"event": "nothing_failed", "archive": location})
    elif not request.quiet:
        result(f"Nothing to try again: no medium has failed in {location}.")
    return ExitCode.DONE
