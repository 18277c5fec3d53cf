"""Measurements as documents in CloudWatch's embedded metric format: log lines that become metrics.

The format is AWS's "Embedded metric format specification": at most 100 metrics a document, and 30
dimensions in a set. Purely.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from cloud_sync.metrics.definitions import (
    ENVIRONMENT,
    ERROR_TYPE,
    NAMESPACE,
    Measurement,
    dimension_sets,
)


def documents(
    measurements: Iterable[Measurement],
    environment: str,
    now: datetime,
    properties: Mapping[str, str],
) -> list[dict[str, Any]]:
    """As few documents as there are error types and values of one metric; no document for none.

    `properties` stand beside the metrics and are none: they say what to search the log for.
    """
    found: list[dict[str, Measurement]] = []
    for each in measurements:
        _place(found, each)
    return [_document(batch, environment, now, properties) for batch in found]


def _place(batches: list[dict[str, Measurement]], measurement: Measurement) -> None:
    """Into the first document of its error type that has no value of its metric yet."""
    for batch in batches:
        same = next(iter(batch.values())).error_type == measurement.error_type
        if same and measurement.metric.name not in batch:
            batch[measurement.metric.name] = measurement
            return
    batches.append({measurement.metric.name: measurement})


def _document(
    batch: Mapping[str, Measurement],
    environment: str,
    now: datetime,
    properties: Mapping[str, str],
) -> dict[str, Any]:
    one = next(iter(batch.values()))
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": dimension_sets(one),
        "Metrics": [
            {"Name": each.metric.name, "Unit": each.metric.unit.value} for each in batch.values()
        ],
    }
    return {
        "_aws": {"Timestamp": int(now.timestamp() * 1000), "CloudWatchMetrics": [directive]},
        ENVIRONMENT: environment,
        **({ERROR_TYPE: one.error_type} if one.error_type else {}),
        **properties,
        **{name: each.value for name, each in batch.items()},
    }
