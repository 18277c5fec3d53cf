"""Alarms as CloudWatch evaluates them by its documentation, over series that were written to it.

- The periods end at the moment of evaluation: every minute, and every hour where all periods
  together are longer than a day ("Evaluating an alarm").
- CloudWatch looks at some more periods than the alarm counts. If they hold as many values as the
  alarm counts, the latest of those decide. If not, missing ones are put in for as many as lack, as
  the alarm says; all real values count ("Configuring how CloudWatch alarms treat missing data").
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cloud_sync.deployment.alarms import Alarm, Comparison, Missing
from cloud_sync.deployment.series import Place

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
MORE_PERIODS = 2
"""The documentation's example has five periods for three; the number is not promised."""

Dimensions = frozenset[tuple[str, str]]
_FOLDS: dict[str, Any] = {
    "Sum": sum,
    "Minimum": min,
    "Maximum": max,
    "Average": lambda values: sum(values) / len(values),
    "SampleCount": len,
}


@dataclass
class Written:
    """What was written to CloudWatch: values by namespace, name and exactly these dimensions."""

    values: dict[tuple[str, str, Dimensions], list[tuple[datetime, float]]] = field(
        default_factory=dict
    )

    def put(
        self, namespace: str, name: str, dimensions: dict[str, str], at: datetime, value: float
    ) -> None:
        """One value, as a service of AWS writes it."""
        key = (namespace, name, frozenset(dimensions.items()))
        self.values.setdefault(key, []).append((at, value))

    def take(self, document: dict[str, Any], at: datetime | None = None) -> None:
        """A document in the embedded metric format, as of its own time unless another is given."""
        when = at or datetime.fromtimestamp(document["_aws"]["Timestamp"] / 1000, UTC)
        for directive in document["_aws"]["CloudWatchMetrics"]:
            for names in directive["Dimensions"]:
                dimensions = {name: document[name] for name in names}
                for metric in directive["Metrics"]:
                    value = document[metric["Name"]]
                    self.put(directive["Namespace"], metric["Name"], dimensions, when, value)


@dataclass
class Watched:
    """An alarm at a place, over what was written; `told` is what its topic was sent."""

    alarm: Alarm
    place: Place
    written: Written
    more_periods: int = MORE_PERIODS
    state: str = INSUFFICIENT
    told: list[tuple[datetime, str]] = field(default_factory=list)

    def watch(self, start: datetime, end: datetime) -> list[str]:
        """The states that the alarm takes on within that time, in order."""
        states = [self.state]
        for now in self._moments(start, end):
            found = evaluated(self.alarm, self._periods(now), self.state)
            if found != self.state:
                self.state = found
                states.append(found)
                if found == ALARM or (found == OK and self.alarm.clears):
                    self.told.append((now, found))
        return states

    def _moments(self, start: datetime, end: datetime) -> Iterator[datetime]:
        long = self.alarm.seconds * self.alarm.periods > 86_400
        step = timedelta(hours=1) if long else timedelta(minutes=1)
        now = start.replace(second=0, microsecond=0)
        if long:
            now = now.replace(minute=0) + step
        while now <= end:
            yield now
            now += step

    def _periods(self, now: datetime) -> list[float | None]:
        """The statistic of each period, the latest last; None for one without a value."""
        series = self.alarm.series
        dimensions = frozenset({(series.dimension, self.place.value(series))})
        values = self.written.values.get((series.namespace, series.name, dimensions), [])
        length = timedelta(seconds=self.alarm.seconds)
        found: list[float | None] = []
        for number in range(self.alarm.periods + self.more_periods, 0, -1):
            begin = now - number * length
            inside = [value for at, value in values if begin <= at < begin + length]
            found.append(_FOLDS[self.alarm.statistic](inside) if inside else None)
        return found


def evaluated(
    alarm: Alarm, periods: list[float | None], before: str, needed: int | None = None
) -> str:
    """The state after these periods; `needed` breaching ones make an alarm, all if not given."""
    needed = needed or alarm.periods
    values = [value for value in periods if value is not None]
    if len(values) >= alarm.periods:
        latest = values[-alarm.periods :]
        return ALARM if sum(breaches(alarm, value) for value in latest) >= needed else OK
    return _with_missing(alarm, values, before, needed)


def _with_missing(alarm: Alarm, values: list[float], before: str, needed: int) -> str:
    lacking = alarm.periods - len(values)
    bad = sum(breaches(alarm, value) for value in values)
    if alarm.missing is Missing.BREACHING:
        return ALARM if bad + lacking >= needed else OK
    if bad >= needed and alarm.missing is not Missing.IGNORE:
        return ALARM
    if alarm.missing is Missing.NOT_BREACHING or bad < len(values):
        return OK
    return before


def breaches(alarm: Alarm, value: float) -> bool:
    """Whether a period's value is beyond the threshold."""
    if alarm.comparison is Comparison.AT_LEAST:
        return value >= alarm.threshold
    return value < alarm.threshold
