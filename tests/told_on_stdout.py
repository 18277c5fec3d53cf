"""What functions print, told apart: log lines, and documents in the embedded metric format."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import LoginHistory
from cloud_sync.metrics.definitions import ENVIRONMENT, ERROR_TYPE, Metric
from cloud_sync.secret import Secret


@dataclass(frozen=True)
class Told:
    """Everything that was printed."""

    records: list[dict[str, Any]]
    documents: list[dict[str, Any]]

    def of(self, event_type: str) -> list[dict[str, Any]]:
        """The log lines of one kind."""
        return [each for each in self.records if each["event_type"] == event_type]

    def values(self, metric: Metric) -> list[float]:
        """All values of a metric, as CloudWatch keeps them under the environment alone."""
        return [
            document[metric.name]
            for document in self.documents
            if metric.name in document and [ENVIRONMENT] in _directive(document)["Dimensions"]
        ]

    def by_error_type(self, metric: Metric) -> dict[str, float]:
        """The sums of a metric under environment and error type."""
        sums: Counter[str] = Counter()
        for document in self.documents:
            sets = _directive(document)["Dimensions"]
            if metric.name in document and [ENVIRONMENT, ERROR_TYPE] in sets:
                sums[document[ERROR_TYPE]] += document[metric.name]
        return dict(sums)


def told(printed: str) -> Told:
    """What was printed to standard output; every line must be JSON."""
    lines = [json.loads(line) for line in printed.splitlines()]
    return Told(
        [line for line in lines if "_aws" not in line],
        [line for line in lines if "_aws" in line],
    )


def _directive(document: dict[str, Any]) -> dict[str, Any]:
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    assert isinstance(directive, dict)
    return directive


def learn_lives(history: LoginHistory, now: Any, days: float, logins: int = 2) -> None:
    """Let the history know logins that lasted so many days each, up to a year ago."""
    from datetime import timedelta

    for number in range(logins):
        first = now - timedelta(days=300 - number * days * 1.1)
        login = StoredCredential(Secret(f"former-{number}"), first, "memory")
        history.worked(login, first)
        history.worked(login, first + timedelta(days=days))
        history.refused(login, first + timedelta(days=days))
