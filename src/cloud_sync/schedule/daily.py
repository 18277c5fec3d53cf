"""When the run starts each day, and the hour that a time zone skips once a year.

EventBridge Scheduler leaves out a start whose local time does not exist on that day; on one machine
it comes at the next minute that does. Both start once where the time exists twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import takewhile
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cloud_sync.errors import UsageError

_TIME = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True)
class DailyStart:
    """A time of the day in a zone (`02:00`, `Europe/Berlin`); UsageError where there is none."""

    at: str
    zone: str

    def __post_init__(self) -> None:
        if not _TIME.fullmatch(self.at):
            raise UsageError(f"the start time {self.at!r} is no time of day", hint="like 02:00")
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise UsageError(
                f"there is no time zone {self.zone!r} on this machine", hint="like Europe/Berlin"
            ) from None

    @property
    def cron(self) -> str:
        """The schedule as EventBridge Scheduler reads it."""
        hour, minute = self.at.split(":")
        return f"cron({int(minute)} {int(hour)} * * ? *)"

    def after(self, instant: datetime) -> datetime:
        """The first start later than an instant, in UTC."""
        return next(self._starts_after(instant))

    def until(self, instant: datetime) -> datetime:
        """The last start that was due by an instant, in UTC."""
        starts = self._starts_after(instant - timedelta(days=2))
        return max(takewhile(lambda start: start <= instant, starts))

    def _starts_after(self, instant: datetime) -> Iterator[datetime]:
        """Every start, by the rules that cron has for the nights when the clocks change."""
        from cronsim import CronSim

        hour, minute = self.at.split(":")
        local = instant.astimezone(ZoneInfo(self.zone))
        for start in CronSim(f"{int(minute)} {int(hour)} * * *", local):
            yield start.astimezone(UTC)

    def skipped_on(self, year: int) -> list[date]:
        """The days of a year on which this time does not exist in the zone."""
        zone = ZoneInfo(self.zone)
        at = time.fromisoformat(self.at)
        days = (date(year, 1, 1) + timedelta(days=number) for number in range(366))
        return [day for day in days if day.year == year and _is_skipped(day, at, zone)]


def _is_skipped(day: date, at: time, zone: ZoneInfo) -> bool:
    local = datetime.combine(day, at, tzinfo=zone)
    return local.astimezone(UTC).astimezone(zone).replace(tzinfo=None) != local.replace(tzinfo=None)


def skipped_sentence(start: DailyStart, year: int) -> str:
    """What a person should know about a start that some days skip; empty where none does."""
    days = start.skipped_on(year)
    if not days:
        return ""
    named = ", ".join(day.isoformat() for day in days)
    return (
        f"{start.at} {start.zone} does not exist on {named}: the clocks go forward, and no run "
        "starts on such a day. The next run takes what it left. Another time of day avoids it."
    )
