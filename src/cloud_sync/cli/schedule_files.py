"""What starts the daily run: the files that a scheduler reads, with this machine's own words."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cloud_sync.cli.schedule import Scheduler
from cloud_sync.cli.sync_arguments import checked_arguments
from cloud_sync.clock import SystemClock
from cloud_sync.errors import UsageError
from cloud_sync.schedule import crontab, launchd, systemd
from cloud_sync.schedule.daily import DailyStart, skipped_sentence
from cloud_sync.schedule.local_zone import local_zone

CARRIED = ("CLOUD_SYNC_HOME", "CLOUD_SYNC_TO", "AWS_PROFILE", "AWS_REGION", "AWS_ENDPOINT_URL_S3")
"""What a run needs of this shell's environment; never a secret, for the files are not private."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A schedule as the command line asks for it; `options` are those of each `sync`."""

    at: str
    zone: str | None
    by: Scheduler | None
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScheduleFiles:
    """What is to be written, by where it belongs; a crontab's lines have no path of their own.

    `remark` is what a person should know of this schedule; it may be empty.
    """

    scheduler: Scheduler
    texts: Mapping[Path, str]
    remark: str = ""


def default_scheduler() -> Scheduler:
    """What this machine starts things with."""
    if sys.platform == "darwin":
        return Scheduler.LAUNCHD
    return Scheduler.SYSTEMD if shutil.which("systemctl") else Scheduler.CRON


def files_of(wanted: Wanted) -> ScheduleFiles:
    """The files of a schedule; UsageError for one that could not be carried out."""
    scheduler = wanted.by or default_scheduler()
    own = wanted.zone
    if own is None or scheduler is Scheduler.LAUNCHD:
        own = local_zone(os.environ)
    start = DailyStart(wanted.at, wanted.zone or own)
    home = checked_arguments(wanted.options, os.environ).config.home
    command = [_command(), "sync", *wanted.options]
    carried = {name: os.environ[name] for name in CARRIED if os.environ.get(name)}
    # a relative --to means this folder for the scheduled run, too
    folder = str(Path.cwd())
    if scheduler is Scheduler.CRON:
        return ScheduleFiles(scheduler, {Path(): crontab.lines(start, command, carried, folder)})
    paths = paths_of(scheduler)
    if scheduler is Scheduler.LAUNCHD:
        log = str(home / "launchd.log")
        agent = launchd.agent(start, command, carried, folder=folder, zone=own, log=log)
        return ScheduleFiles(scheduler, {paths[0]: agent})
    units = systemd.units(start, command, carried, folder)
    remark = skipped_sentence(start, SystemClock().now().year)
    return ScheduleFiles(scheduler, {path: units[path.name] for path in paths}, remark)


def paths_of(scheduler: Scheduler) -> list[Path]:
    """Where the files of systemd or launchd belong."""
    if scheduler is Scheduler.LAUNCHD:
        return [Path.home() / "Library/LaunchAgents" / f"{launchd.LABEL}.plist"]
    configured = os.environ.get("XDG_CONFIG_HOME")
    folder = Path(configured) if configured else Path.home() / ".config"
    return [folder / "systemd/user" / f"{systemd.NAME}.{kind}" for kind in ("service", "timer")]


def _command() -> str:
    """The command's own path: what starts the run has another PATH than this shell."""
    found = shutil.which("cloud-sync", path=str(Path(sys.executable).parent))
    if found is None:
        raise UsageError(
            f"looking for the command cloud-sync beside {sys.executable}: it is not there",
            hint="install cloud-sync as a command, with pip or pipx",
        )
    return found
