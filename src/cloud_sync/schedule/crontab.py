"""Lines for a crontab."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

from cloud_sync.schedule.daily import DailyStart


def lines(
    start: DailyStart, command: Sequence[str], environment: Mapping[str, str], folder: str
) -> str:
    """The zone, as cronie and other crons of today read it, and the daily line in `folder`.

    Cron makes up for nothing that the machine slept over; the next night's run takes it all.
    """
    hour, minute = (int(part) for part in start.at.split(":"))
    words = [f"{name}={shlex.quote(value)}" for name, value in sorted(environment.items())]
    words += [shlex.quote(word) for word in command]
    # cron reads a bare % as the end of the line
    called = f"cd {shlex.quote(folder)} && {' '.join(words)}".replace("%", r"\%")
    return f"CRON_TZ={start.zone}\n{minute} {hour} * * * {called}\n"
