"""Parts of a CloudWatch dashboard, in the form that CloudWatch reads. Purely.

The form is AWS's "Dashboard Body Structure and Syntax".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloud_sync.deployment.series import Place, Series
from cloud_sync.metrics.definitions import ENVIRONMENT, ERROR_TYPE, NAMESPACE, Metric

Widget = dict[str, Any]

DAY, QUARTER = 86_400, 900
WIDTH, HEIGHT, COLUMNS = 8, 6, 24


@dataclass(frozen=True, slots=True)
class Line:
    """One series of a chart. One with a `name` is for expressions to use, and not shown."""

    series: Series
    statistic: str
    label: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Computed:
    """A line that is computed from named ones, in CloudWatch's metric math."""

    expression: str
    label: str


@dataclass(frozen=True, slots=True)
class Charts:
    """Charts about one place, in one region."""

    place: Place
    region: str

    def chart(
        self,
        title: str,
        unit: str,
        *lines: Line | Computed,
        seconds: int = DAY,
        mark: tuple[str, float] | None = None,
    ) -> Widget:
        """`unit` is what the axis says; `mark` is a named horizontal line."""
        return self._widget(title, unit, [self._line(each) for each in lines], seconds, mark)

    def by_error_type(self, title: str, unit: str, metric: Metric) -> Widget:
        """A metric's sums for each error type that was ever written, whatever its name."""
        search = (
            f"SEARCH('{{{NAMESPACE},{ENVIRONMENT},{ERROR_TYPE}}} "
            f'MetricName="{metric.name}" {ENVIRONMENT}="{self.place.environment}"\', '
            f"'Sum', {DAY})"
        )
        label = "${PROP('Dim." + ERROR_TYPE + "')}"
        return self._widget(title, unit, [[{"expression": search, "label": label}]], DAY, None)

    def _line(self, line: Line | Computed) -> list[Any]:
        if isinstance(line, Computed):
            return [{"expression": line.expression, "label": line.label}]
        shown = {"id": line.name, "visible": False} if line.name else {}
        series = line.series
        return [
            *(series.namespace, series.name, series.dimension, self.place.value(series)),
            {"stat": line.statistic, "label": line.label, **shown},
        ]

    def _widget(
        self,
        title: str,
        unit: str,
        lines: list[list[Any]],
        seconds: int,
        mark: tuple[str, float] | None,
    ) -> Widget:
        properties: dict[str, Any] = {
            "title": title,
            "region": self.region,
            "view": "timeSeries",
            "stacked": False,
            "period": seconds,
            "metrics": lines,
            "yAxis": {"left": {"label": unit, "min": 0, "showUnits": False}},
        }
        if mark:
            properties["annotations"] = {"horizontal": [{"label": mark[0], "value": mark[1]}]}
        return {"type": "metric", "width": WIDTH, "height": HEIGHT, "properties": properties}


def text(markdown: str) -> Widget:
    """A line of words over the whole width."""
    properties = {"markdown": markdown, "background": "transparent"}
    return {"type": "text", "width": COLUMNS, "height": 2, "properties": properties}


def alarm_states(title: str, arns: Sequence[str]) -> Widget:
    """The states of alarms, side by side."""
    properties = {"title": title, "alarms": list(arns)}
    return {"type": "alarm", "width": COLUMNS, "height": 5, "properties": properties}


def body(widgets: Sequence[Widget]) -> Mapping[str, Any]:
    """The whole dashboard: widgets from left to right, and in a further row where one is full."""
    placed, x, y, deepest = [], 0, 0, 0
    for widget in widgets:
        if x + widget["width"] > COLUMNS:
            x, y, deepest = 0, y + deepest, 0
        placed.append({"x": x, "y": y, **widget})
        x += widget["width"]
        deepest = max(deepest, widget["height"])
    return {"start": "-P14D", "periodOverride": "inherit", "widgets": placed}
