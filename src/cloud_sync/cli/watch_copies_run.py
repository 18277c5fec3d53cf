"""Carries out `cloud-sync watch-copies`."""

from __future__ import annotations

import os
from dataclasses import dataclass

from cloud_sync.cli.copy_display import CopyDisplay, copy_display_of
from cloud_sync.cli.copy_run import CopyOptions, exit_code_of, refusal_json, tell_results
from cloud_sync.cli.interrupts import stopped_by_signals
from cloud_sync.cli.terminal import result, result_json, say, set_up_logging
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import load_config
from cloud_sync.config.quantities import parse_duration
from cloud_sync.errors import CloudSyncError, ExitCode, Interrupted, Transient
from cloud_sync.replicate.execution import CopyWarned
from cloud_sync.replicate.request import PrefixMapping, RequestRefused
from cloud_sync.replicate.watching import Watch, Watcher, checked_watch, refuse_loops, route_end
from cloud_sync.summary.render import count
from cloud_sync.transfer.stopping import Stop, StopReason
from cloud_sync.wiring.copies import CopyEnds, CopyWorkplace, new_execution_id, workplace

STOPPING = "Stopping; copies that are complete stay. Once more to stop at once."


@dataclass(frozen=True, slots=True)
class WatchArguments:
    """The command line as given; texts are checked by `run_watch`."""

    source: str
    destinations: tuple[str, ...]
    every: str
    once: bool
    storage_class: str | None
    prefix_from: str | None
    prefix_to: str | None


def run_watch(arguments: WatchArguments, options: CopyOptions) -> int:
    """Watch until stopped, or look once; the exit code."""
    set_up_logging(verbose=options.verbose)
    seconds = parse_duration(arguments.every).total_seconds()
    try:
        watch = _watch(arguments)
    except RequestRefused as error:
        if options.json:
            result_json(refusal_json(error))
        raise
    config = load_config({}, os.environ)
    stop = Stop(SystemClock(), work="the watch")
    ends = CopyEnds(False, options.to_endpoint, options.to_profile)
    display = copy_display_of(json=options.json, quiet=options.quiet)
    with workplace(
        config, ends, concurrency=options.at_once, on_complete=options.on_complete
    ) as place:
        watcher = Watcher(watch, place.rooms, place.ledger, stop, display.observe, new_execution_id)
        _enter(watch, place)
        try:
            with stopped_by_signals(stop, STOPPING), display.shown():
                if arguments.once:
                    return int(_look_once(watcher, options))
                _look_again_and_again(watcher, options, stop, seconds, display)
        finally:
            place.ledger.close_routes()
    return int(ExitCode.DONE)


def _watch(arguments: WatchArguments) -> Watch:
    mapping = None
    if arguments.prefix_from is not None or arguments.prefix_to is not None:
        mapping = PrefixMapping(arguments.prefix_from or "", arguments.prefix_to or "")
    return checked_watch(arguments.source, arguments.destinations, arguments.storage_class, mapping)


def _enter(watch: Watch, place: CopyWorkplace) -> None:
    """Note this watch's routes, unless they would close a loop."""
    rooms = place.rooms
    source = route_end(rooms.source.service, watch.bucket)
    targets = [route_end(rooms.destination.service, bucket) for bucket in watch.destinations]
    try:
        refuse_loops(watch, rooms, place.ledger.open_routes(source, targets))
    except CloudSyncError:
        place.ledger.close_routes()
        raise


def _look_once(watcher: Watcher, options: CopyOptions) -> ExitCode:
    codes: list[ExitCode] = []
    try:
        for done in watcher.pass_over():
            tell_results(done.request, done, options)
            codes.append(exit_code_of(done))
    except Interrupted:
        return ExitCode.INTERRUPTED
    if not options.json and not options.quiet:
        result(f"{count(len(codes), 'version was', 'versions were')} to be copied.")
    if ExitCode.INTERRUPTED in codes:
        return ExitCode.INTERRUPTED
    if not any(codes):
        return ExitCode.DONE
    return ExitCode.FAILED if set(codes) == {ExitCode.FAILED} else ExitCode.SOME_FAILED


def _look_again_and_again(
    watcher: Watcher, options: CopyOptions, stop: Stop, seconds: float, display: CopyDisplay
) -> None:
    """Until it is stopped; a service that is down for a while is asked again at the next look."""
    if not options.quiet:
        say(f"Watching s3://{watcher.watch.bucket}/{watcher.watch.prefix}; Ctrl-C ends it.")
    while stop.reason is not StopReason.INTERRUPTED:
        try:
            for done in watcher.pass_over():
                tell_results(done.request, done, options)
            stop.wait(seconds)
        except Interrupted:
            return
        except Transient as error:
            display.observe(CopyWarned(error.message))
            if _stopped_while_waiting(stop, seconds):
                return


def _stopped_while_waiting(stop: Stop, seconds: float) -> bool:
    try:
        stop.wait(seconds)
    except Interrupted:
        return True
    return False
