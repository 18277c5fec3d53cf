"""Carries out `cloud-sync watch`: waits, and gives each run to `cloud-sync sync`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from cloud_sync.cli.interrupts import stopped_by_signals
from cloud_sync.cli.sync_arguments import SyncArguments, checked_arguments, sync_command
from cloud_sync.cli.terminal import say, set_up_logging, tell_error
from cloud_sync.clock import Clock, SystemClock
from cloud_sync.errors import CloudSyncError, ExitCode, UsageError
from cloud_sync.schedule.daily import DailyStart
from cloud_sync.schedule.due import Turn
from cloud_sync.schedule.local_zone import local_zone
from cloud_sync.schedule.watching import watch
from cloud_sync.transfer.stopping import Stop
from cloud_sync.wiring.chosen import chosen_wiring
from cloud_sync.wiring.recording import listening

STOPPING = "Ending the watch; what is archived stays."


def run_watch(
    at: str, zone: str | None, arguments: Sequence[str], *, quiet: bool, verbose: bool
) -> int:
    """Watch until a person ends it, or a first run shows that the settings are wrong.

    `arguments` are those of each `sync`.
    """
    set_up_logging(verbose=verbose)
    start = DailyStart(at, zone or local_zone(os.environ))
    checked = checked_arguments(arguments, os.environ)
    clock = SystemClock()
    stop = Stop(clock, work="the wait")
    runs = _Runs(arguments, verbose=verbose)
    with stopped_by_signals(stop, STOPPING), listening(checked.config, say):
        watch(
            start,
            clock,
            stop,
            runs.run,
            last_begun=_last_begun(checked, os.environ),
            tell=lambda turn: None if quiet else say(turn_text(turn, start, clock)),
        )
    return runs.exit_code


class _Runs:
    """Runs one after the other; `exit_code` is the watch's own."""

    def __init__(self, arguments: Sequence[str], *, verbose: bool) -> None:
        self._arguments = arguments
        self._verbose = verbose
        self._first = True
        self.exit_code = 0

    def run(self) -> bool:
        """One run; False where the watch must end with it."""
        try:
            code = int(sync_command().main(args=list(self._arguments), standalone_mode=False) or 0)
        except CloudSyncError as error:
            code = int(tell_error(error, verbose=self._verbose))
        ends = code == ExitCode.INTERRUPTED or (self._first and code == ExitCode.USAGE)
        self._first = False
        self.exit_code = code if ends else 0
        return not ends


def turn_text(turn: Turn, start: DailyStart, clock: Clock) -> str:
    """What comes next, for a person."""
    zone = ZoneInfo(start.zone)
    if turn.missed is not None:
        missed = turn.missed.astimezone(zone)
        return f"The run of {missed:%Y-%m-%d %H:%M} {start.zone} did not take place; it starts now."
    if turn.at <= clock.now():
        return "No run took place yet; the first starts now."
    return f"The next run starts at {turn.at.astimezone(zone):%Y-%m-%d %H:%M} {start.zone}."


def _last_begun(checked: SyncArguments, environment: Mapping[str, str]) -> datetime | None:
    """When the archive's last run began, None where none ever did."""
    wiring = chosen_wiring(checked.config, environment, checked.env)
    try:
        with wiring.existing_tracker() as tracker:
            runs = tracker.runs(1)
    except UsageError:
        # nothing was archived there yet, or no archive is chosen: the first run says which
        return None
    return runs[0].started_at if runs else None
