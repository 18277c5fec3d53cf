"""A launch agent for macOS."""

from __future__ import annotations

import plistlib
from collections.abc import Mapping, Sequence

from cloud_sync.errors import UsageError
from cloud_sync.schedule.daily import DailyStart

LABEL = "cloud-sync"


def agent(
    start: DailyStart,
    command: Sequence[str],
    environment: Mapping[str, str],
    *,
    folder: str,
    zone: str,
    log: str,
) -> str:
    """The agent's property list; the command runs in `folder` and writes into `log`.

    A start that the machine slept over comes when it wakes.

    UsageError for another time zone than `zone`, the machine's own: launchd knows no other.
    """
    if start.zone != zone:
        raise UsageError(
            f"launchd starts by this machine's own time zone, {zone}, and not by {start.zone}",
            hint=f"give the time as it is in {zone}, without --tz; or use cloud-sync watch",
        )
    hour, minute = (int(part) for part in start.at.split(":"))
    content = {
        "Label": LABEL,
        "ProgramArguments": list(command),
        "EnvironmentVariables": dict(environment),
        "WorkingDirectory": folder,
        "StartCalendarInterval": {"Hour": hour, "Minute": minute},
        "StandardOutPath": log,
        "StandardErrorPath": log,
        "ProcessType": "Background",
        "ExitTimeOut": 120,
    }
    return plistlib.dumps(content).decode()
