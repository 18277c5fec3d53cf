"""Metrics: defined once, spelt as CloudWatch and OpenMetrics want them, counted once."""

from __future__ import annotations

import json
import re
from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest

from builders import summary
from cloud_sync.deployment.orchestrator import Parts
from cloud_sync.metrics import definitions as known
from cloud_sync.metrics.definitions import METRICS, Kind, Measurement, Unit
from cloud_sync.metrics.embedded import documents
from cloud_sync.metrics.measuring import Measuring, outcome_of_run
from cloud_sync.model.report import Named, Outcome, Result
from cloud_sync.pipeline.events import (
    Event,
    LoginAwaited,
    LoginChecked,
    LoginRenewed,
    MediumSettled,
    RunEnded,
)
from documentation import code, read, rows_by_code, section

NOW = datetime(2026, 11, 21, 2, 0, tzinfo=UTC)
_SIZES: tuple[str, ...] = ("Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes")
_SIZES += ("Bits", "Kilobits", "Megabits", "Gigabits", "Terabits")
CLOUDWATCH_UNITS = {
    *("Seconds", "Microseconds", "Milliseconds", "Percent", "Count", "Count/Second", "None"),
    *_SIZES,
    *(f"{size}/Second" for size in _SIZES),
}
"""As the API reference of CloudWatch's MetricDatum lists them."""

DEAD = LoginChecked(works=False, trouble="expired", message="", age_seconds=None, life_used=None)
ALIVE = replace(DEAD, works=True, trouble="", age_seconds=864_000.0, life_used=0.8)


def measured(*events: Event) -> dict[str, list[float]]:
    measuring = Measuring()
    found: dict[str, list[float]] = {}
    for event in events:
        for each in measuring.of(event):
            found.setdefault(each.metric.name, []).append(each.value)
    return found


def failing(count: int, named: int, result: Result = Result.COMPLETED_WITH_FAILURES) -> RunEnded:
    names = tuple(
        Named(f"m{number}", "x", Outcome.FAILED, "key_taken" if number % 2 else "throttled", "…")
        for number in range(named)
    )
    counts = dict.fromkeys(Outcome, 0) | {Outcome.FAILED: count}
    return RunEnded(summary(result=result, found=count, counts=counts, named=names))


def test_units_are_ones_that_cloudwatch_knows() -> None:
    assert {unit.value for unit in Unit} <= CLOUDWATCH_UNITS


def test_names_for_openmetrics_end_in_their_base_unit() -> None:
    names = [metric.exposed for metric in METRICS]
    assert len(set(names)) == len(names)
    for metric in METRICS:
        assert re.fullmatch(r"gopro_sync_[a-z]+(_[a-z]+)*", metric.exposed)
        assert not metric.exposed.endswith("_total"), "the ending is added where it is written"
        if metric.unit in (Unit.SECONDS, Unit.BYTES):
            assert metric.exposed.endswith(f"_{metric.unit.lower()}")
            assert metric.factor == 1


def test_metrics_are_told_on_their_page() -> None:
    rows = rows_by_code(section(read("docs/reference/metrics.md"), "## Names and meanings"))
    assert list(rows) == [metric.name for metric in METRICS]
    for metric in METRICS:
        _, unit, exposed, kind, functions, _ = rows[metric.name]
        assert unit == metric.unit.value
        ending = "_total" if metric.kind is Kind.COUNTER else ""
        assert code(exposed) == [metric.exposed + ending]
        assert kind == metric.kind.value
        assert tuple(code(functions)) == metric.functions


def test_only_functions_that_exist_write_metrics() -> None:
    functions = {each.name.replace("_", "-") for each in fields(Parts)}
    assert {name for metric in METRICS for name in metric.functions} <= functions


def test_documents_are_of_the_embedded_metric_format() -> None:
    """AWS's specification: dimension sets of at most 30 members at the root, at most 100 metrics,
    each with its value at the root as a number.
    """
    measurements = [
        Measurement(metric, 1.5, "x" if metric.by_error_type else "") for metric in METRICS
    ]
    measurements += [
        Measurement(known.TRANSFER_DURATION, 2.5),
        Measurement(known.SYNC_FAILURES, 2, "y"),
    ]
    found = documents(measurements, "dev", NOW, {"run_id": "r"})
    assert len(found) == 4, "one, a second duration, and one for each error type"
    for document in json.loads(json.dumps(found)):
        assert document["_aws"]["Timestamp"] == int(NOW.timestamp() * 1000)
        (directive,) = document["_aws"]["CloudWatchMetrics"]
        assert set(directive) == {"Namespace", "Dimensions", "Metrics"}
        assert directive["Namespace"] == "GoProSync"
        assert 1 <= len(directive["Metrics"]) <= 100
        for each in directive["Metrics"]:
            assert set(each) == {"Name", "Unit"}
            assert isinstance(document[each["Name"]], int | float)
            assert each["Unit"] in CLOUDWATCH_UNITS
        for names in directive["Dimensions"]:
            assert len(names) <= 30
            assert all(isinstance(document[name], str) and document[name] for name in names)
        by_type = "ErrorType" in document
        both = [["Environment"], ["Environment", "ErrorType"]]
        assert directive["Dimensions"] == (both if by_type else both[:1])
    assert documents([], "dev", NOW, {}) == []


def test_failures_of_a_run_are_told_by_error_type_and_add_up() -> None:
    found = Measuring().of(failing(1005, 1000))
    by_type = {each.error_type: each.value for each in found if each.metric is known.SYNC_FAILURES}
    assert by_type == {"throttled": 500, "key_taken": 500, known.OTHER_ERRORS: 5}


def test_a_run_without_failures_says_nought_so_that_an_alarm_recovers() -> None:
    assert measured(RunEnded(summary()))["SyncFailures"] == [0]


@pytest.mark.parametrize(
    ("result", "failed", "outcome", "succeeded", "failed_runs"),
    [
        (Result.COMPLETED, 0, 0, 1, 0),
        (Result.COMPLETED_WITH_FAILURES, 2, 1, 1, 0),
        (Result.COMPLETED_WITH_FAILURES, 0, 1, 1, 0),
        (Result.FAILED, 0, 2, 0, 1),
        (Result.AUTH_REQUIRED, 0, 2, 0, 1),
        (Result.INTERRUPTED, 0, 0, 0, 0),
        (Result.INTERRUPTED, 1, 1, 0, 0),
    ],
)
def test_each_end_of_a_run_has_its_outcome(
    result: Result, failed: int, outcome: int, succeeded: int, failed_runs: int
) -> None:
    ended = failing(failed, failed, result)
    values = {each.metric.name: each.value for each in outcome_of_run(result, ended.summary)}
    assert values == {
        "RunOutcome": outcome,
        "RunsSucceeded": succeeded,
        "RunsFailed": failed_runs,
    }


def test_one_death_of_a_login_counts_once() -> None:
    ended = RunEnded(summary(result=Result.AUTH_REQUIRED))
    waits = LoginAwaited("…", "…", 1.0)
    assert measured(DEAD, ended)["AuthenticationFailure"] == [1]
    assert measured(ALIVE, ended)["AuthenticationFailure"] == [0, 1]
    assert measured(waits, DEAD, ended)["AuthenticationFailure"] == [1]
    twice = measured(waits, LoginRenewed(), waits, ended)
    assert twice["AuthenticationFailure"] == [1, 1]


def test_a_logins_age_is_in_days_and_its_life_in_percent() -> None:
    found = measured(ALIVE)
    assert found == {
        "AuthenticationSuccess": [1],
        "AuthenticationFailure": [0],
        "CookieAgeDays": [10],
        "CookieLifeUsedPercent": [80],
    }


def test_only_what_was_archived_counts_as_synced() -> None:
    for outcome in Outcome:
        found = measured(MediumSettled("m", "x", outcome, None))
        assert found == ({"VideosSynced": [1]} if outcome is Outcome.ARCHIVED else {})
