"""Carries out `cloud-sync schedule`: writes what starts the daily run, and switches it on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from cloud_sync.cli.schedule import Scheduler
from cloud_sync.cli.schedule_files import (
    ScheduleFiles,
    Wanted,
    default_scheduler,
    files_of,
    paths_of,
)
from cloud_sync.cli.terminal import result, result_json, say, set_up_logging
from cloud_sync.errors import ExitCode, UsageError
from cloud_sync.schedule import launchd, systemd

SECONDS = 30.0
"""How long a scheduler may take to answer."""


def run_install(wanted: Wanted, *, json: bool, quiet: bool, verbose: bool) -> int:
    """Write and switch on; the exit code."""
    set_up_logging(verbose=verbose)
    files = files_of(wanted)
    tell = _teller(quiet=quiet or json)
    if files.remark:
        tell(files.remark)
    if os.environ.get("CLOUD_SYNC_GOPRO_TOKEN"):
        tell("The token in CLOUD_SYNC_GOPRO_TOKEN is not written there; store it: cloud-sync login")
    if files.scheduler is Scheduler.CRON:
        _print_texts(files, json=json)
        tell("Put these lines at the end of what `crontab -e` shows.")
        return ExitCode.DONE
    for path in files.texts:
        _require_ours(path)
    for path, text in files.texts.items():
        _write(path, text)
        tell(f"wrote {path}")
    code = _carry_out(_switch_on(files.scheduler))
    if code == ExitCode.DONE and files.scheduler is Scheduler.SYSTEMD:
        tell("switched on; next: `loginctl enable-linger`, to run while you are not logged in")
    if json:
        _print_texts(files, json=json)
    return code


def run_show(wanted: Wanted, *, json: bool, verbose: bool) -> int:
    """Print what would be written; the exit code."""
    set_up_logging(verbose=verbose)
    files = files_of(wanted)
    _print_texts(files, json=json, named=True)
    return ExitCode.DONE


def run_remove(by: Scheduler | None, *, json: bool, quiet: bool, verbose: bool) -> int:
    """Switch off and remove; the exit code."""
    set_up_logging(verbose=verbose)
    scheduler = by or default_scheduler()
    tell = _teller(quiet=quiet or json)
    there = [] if scheduler is Scheduler.CRON else paths_of(scheduler)
    there = [path for path in there if path.exists()]
    for path in there:
        _require_ours(path)
    code = _carry_out(_switch_off(scheduler)) if there else ExitCode.DONE
    for path in there:
        path.unlink()
        tell(f"removed {path}")
    if scheduler is Scheduler.CRON:
        tell("Remove the lines with `crontab -e`.")
    elif not there:
        tell("Nothing is installed.")
    if json:
        result_json({"scheduler": scheduler.value, "removed": [str(path) for path in there]})
    return code


def _teller(*, quiet: bool) -> Callable[[str], None]:
    return (lambda _: None) if quiet else say


def _print_texts(files: ScheduleFiles, *, json: bool, named: bool = False) -> None:
    if json:
        texts = [
            {"path": str(path) if path.name else None, "text": text}
            for path, text in files.texts.items()
        ]
        result_json({"scheduler": files.scheduler.value, "files": texts})
        return
    for path, text in files.texts.items():
        if named:
            result(f"# {path}" if path.name else "# crontab -e")
        result(text.expandtabs(2).rstrip() + ("\n" if named else ""))


def _write(path: Path, text: str) -> None:
    """Write whole or not at all; UsageError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        written = path.with_name(f"{path.name}.part")
        written.write_text(text, "utf-8")
        written.replace(path)
    except OSError as error:
        raise UsageError(
            f"writing {path}: {error.strerror}", hint="cloud-sync schedule show"
        ) from None


def _require_ours(path: Path) -> None:
    """UsageError for somebody else's file; one that is not there is fine."""
    if not path.exists():
        return
    text = path.read_text("utf-8", errors="replace")
    if systemd.MARK in text or f"<string>{launchd.LABEL}</string>" in text:
        return
    raise UsageError(
        f"{path} was not written by cloud-sync, and stays as it is",
        hint="move it away, or see `cloud-sync schedule show` and write your own",
    )


def _switch_on(scheduler: Scheduler) -> list[list[str]]:
    if scheduler is Scheduler.LAUNCHD:
        return [["launchctl", "load", "-w", str(paths_of(scheduler)[0])]]
    return [
        ["systemctl", "--user", "daemon-reload"],
        ["systemctl", "--user", "enable", "--now", f"{systemd.NAME}.timer"],
    ]


def _switch_off(scheduler: Scheduler) -> list[list[str]]:
    if scheduler is Scheduler.LAUNCHD:
        return [["launchctl", "unload", "-w", str(paths_of(scheduler)[0])]]
    return [["systemctl", "--user", "disable", "--now", f"{systemd.NAME}.timer"]]


def _carry_out(commands: list[list[str]]) -> ExitCode:
    """Run each; where one does not work, say what a person must type."""
    for number, command in enumerate(commands):
        if not _works(command):
            say(f"`{' '.join(command)}` did not work here. To do it yourself, type:")
            for left in commands[number:]:
                say(f"  {' '.join(left)}")
            return ExitCode.FAILED
    return ExitCode.DONE


def _works(command: list[str]) -> bool:
    try:
        done = subprocess.run(  # noqa: S603 the words are ours
            command, stdout=subprocess.DEVNULL, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
