"""Carries out `cloud-sync sync`: settings, rooms, display, signals, result."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from cloud_sync.cli.advice import advised_observer, for_environment
from cloud_sync.cli.display import Display, JsonDisplay, PlainDisplay, QuietDisplay
from cloud_sync.cli.dry_run import show_plan
from cloud_sync.cli.interrupts import stopped_by_signals
from cloud_sync.cli.terminal import result, say, set_up_logging, tell_error
from cloud_sync.clock import SystemClock
from cloud_sync.config.load import load_config
from cloud_sync.config.quantities import parse_count, parse_date
from cloud_sync.errors import ExitCode, UsageError
from cloud_sync.pipeline.run import RunReport, sync
from cloud_sync.summary.render import summary_text
from cloud_sync.tracker.plan import Policy
from cloud_sync.transfer.stopping import Stop
from cloud_sync.wiring.chosen import chosen_wiring
from cloud_sync.wiring.recording import recorded


@dataclass(frozen=True, slots=True)
class SyncRequest:
    """The command line as given; texts are checked by `run_sync`."""

    flags: Mapping[str, str | None]
    env: str | None = None
    dry_run: bool = False
    limit: str | None = None
    since: str | None = None
    until: str | None = None
    media_type: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    retry_failed: bool = False
    json: bool = False
    quiet: bool = False
    verbose: bool = False


@dataclass(frozen=True, slots=True)
class SyncEnd:
    """How a sync ended: its exit code, and what it stored."""

    exit_code: ExitCode
    files_archived: int = 0
    bytes: int = 0


def run_sync(request: SyncRequest) -> int:
    """Run to the end; the exit code."""
    set_up_logging(verbose=request.verbose)
    return int(perform_sync(request, os.environ).exit_code)


def perform_sync(request: SyncRequest, environment: Mapping[str, str]) -> SyncEnd:
    """Run in the given environment, show it, and say how it ended."""
    config = load_config(request.flags, environment)
    policy = policy_of(request)
    limit = parse_count(request.limit) if request.limit else None
    wiring = chosen_wiring(config, environment, request.env)
    stop = Stop(SystemClock(), config.max_seconds)
    options = wiring.run_options(policy, limit)
    display = display_of(request)
    with stopped_by_signals(stop), wiring.rooms(dry=request.dry_run) as rooms:
        if request.dry_run:
            return SyncEnd(show_plan(rooms, options, stop, display, json=request.json))
        observe = advised_observer(display.observe, request.env)
        with display.shown(), recorded(config, rooms, observe) as observe:
            report = sync(rooms, options, stop, observe)
        advice = wiring.advice if report.summary.files_archived else ""
    summary = report.summary
    code = tell_report(report, request)
    if advice and not request.json and not request.quiet:
        say(advice)
    return SyncEnd(code, summary.files_archived, summary.bytes)


def policy_of(request: SyncRequest) -> Policy:
    """Which media the command line asks for; UsageError for nonsense dates."""
    since = parse_date(request.since) if request.since else None
    until = parse_date(request.until) if request.until else None
    if since and until and since > until:
        raise UsageError(
            f"--since {since} is after --until {until}: nothing lies between",
            hint="exchange the two dates",
        )
    types = (name.strip().lower() for name in (request.media_type or "").split(","))
    return Policy(
        since=since,
        until=until,
        types=frozenset(name for name in types if name),
        include=request.include,
        exclude=request.exclude,
        retry_failed=request.retry_failed,
    )


def display_of(request: SyncRequest) -> Display:
    """JSON if asked for; otherwise live on a terminal, plain elsewhere, or quiet."""
    if request.json:
        return JsonDisplay()
    if request.quiet:
        return QuietDisplay()
    if sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        from rich.console import Console

        from cloud_sync.cli.live_display import LiveDisplay

        return LiveDisplay(Console(stderr=True))
    return PlainDisplay()


def tell_report(report: RunReport, request: SyncRequest) -> ExitCode:
    """Print the summary, and what ended the run early; the exit code."""
    summary, blocker = report.summary, report.blocker
    if not request.json and not (request.quiet and summary.result.exit_code == ExitCode.DONE):
        result(summary_text(summary))
    code = summary.result.exit_code
    if blocker is not None:
        blocker.hint = for_environment(blocker.hint, request.env)
        code = tell_error(blocker, verbose=request.verbose)
    elif code == ExitCode.INTERRUPTED:
        say("Interrupted. Run the same command again: it goes on from here.")
    return code
