"""Totals as Prometheus and OpenMetrics read them, from a text file or over HTTP on loopback."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cloud_sync.errors import MissingExtra, UsageError
from cloud_sync.metrics.definitions import METRICS, Kind, Metric
from cloud_sync.metrics.totals import Series, Total, Totals, rounded

if TYPE_CHECKING:
    from prometheus_client.core import Metric as Family

ENVIRONMENT_LABEL, ARCHIVE_LABEL, ERROR_LABEL = "environment", "archive", "error_type"
HERE = "local"
"""The environment's name on one machine."""


def check_installed() -> None:
    """MissingExtra where the library that writes the format is not there."""
    if find_spec("prometheus_client") is None:
        raise MissingExtra("metrics", "telling metrics")


def text_of(totals: Totals) -> str:
    """The totals in Prometheus' text format, as node_exporter takes it from a file."""
    from prometheus_client import generate_latest

    return generate_latest(_Collector(lambda: totals)).decode("utf-8")


@contextmanager
def served(host: str, port: int, totals: Callable[[], Totals]) -> Iterator[int]:
    """Answer scrapes for as long as the block lasts, in OpenMetrics to those who ask for it.

    Gives the port, which is any free one for 0. UsageError where the address cannot be had.
    """
    from prometheus_client import start_http_server

    try:
        server, thread = start_http_server(port, addr=host, registry=_Collector(totals))
    except OSError as error:
        raise UsageError(
            f"the setting metrics_listen: cannot listen on {host}:{port}: {error.strerror}",
            hint="give another port, or end what listens there",
        ) from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Collector:
    """Asked by prometheus-client for all families at each scrape."""

    def __init__(self, totals: Callable[[], Totals]) -> None:
        self._totals = totals
        self._lock = threading.Lock()

    def collect(self) -> Iterable[Family]:
        """A family for each metric that has any value."""
        with self._lock:
            totals = self._totals()
        for metric in METRICS:
            rows = {
                series: rounded(Total(total.count, total.value * metric.factor))
                for series, total in totals.items()
                if series.metric == metric.name
            }
            if rows:
                yield _family(metric, rows)


def _family(metric: Metric, rows: dict[Series, Total]) -> Family:
    from prometheus_client.core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        SummaryMetricFamily,
    )

    names = [ENVIRONMENT_LABEL, ARCHIVE_LABEL, *([ERROR_LABEL] if metric.by_error_type else [])]
    if metric.kind is Kind.SUMMARY:
        summary = SummaryMetricFamily(metric.exposed, metric.meaning, labels=names)
        for series, total in rows.items():
            summary.add_metric(_labels(series, metric), total.count, total.value)
        return summary
    family: CounterMetricFamily | GaugeMetricFamily
    if metric.kind is Kind.COUNTER:
        family = CounterMetricFamily(metric.exposed, metric.meaning, labels=names)
    else:
        family = GaugeMetricFamily(metric.exposed, metric.meaning, labels=names)
    for series, total in rows.items():
        family.add_metric(_labels(series, metric), total.value)
    return family


def _labels(series: Series, metric: Metric) -> list[str]:
    return [HERE, series.archive, *([series.error_type] if metric.by_error_type else [])]
