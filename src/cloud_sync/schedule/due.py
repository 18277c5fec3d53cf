"""Which run comes next: the one that was missed, or the next one by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cloud_sync.schedule.daily import DailyStart


@dataclass(frozen=True, slots=True)
class Turn:
    """A run that is to begin at `at`, in UTC. `missed` is the start that it makes up for."""

    at: datetime
    missed: datetime | None = None


def next_turn(start: DailyStart, last_begun: datetime | None, now: datetime) -> Turn:
    """The run that comes next when the last one began at `last_begun`, None where none ever did.

    However many starts were missed, one run makes up for all of them: each takes all that is left.
    """
    if last_begun is None:
        return Turn(now)
    latest = start.until(now)
    if last_begun < latest:
        return Turn(now, missed=latest)
    return Turn(start.after(now))
