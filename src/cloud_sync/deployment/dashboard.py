"""What stands on the dashboards of the archive and of the file-copy workflow. Purely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cloud_sync.deployment.alarms import LIFE_USED_PERCENT, OLD_LOGIN_DAYS, RUNBOOK
from cloud_sync.deployment.series import (
    FAILED_EVENTS,
    FAILED_ITEMS,
    MISSED_STARTS,
    Place,
    of_function,
    of_machine,
    of_queue,
    ours,
)
from cloud_sync.deployment.widgets import (
    DAY,
    QUARTER,
    Charts,
    Computed,
    Line,
    Widget,
    alarm_states,
    body,
    text,
)
from cloud_sync.metrics import definitions as known

VISIBLE = "ApproximateNumberOfMessagesVisible"


def archive(
    place: Place, region: str, functions: Sequence[str], alarms: Sequence[str]
) -> Mapping[str, Any]:
    """The archive's dashboard; `alarms` are ARNs."""
    charts = Charts(place, region)
    words = (
        f"# cloud-sync {place.environment}\nSums are by the day. What each alarm means and what to "
        f"do: {RUNBOOK}, or `cloud-sync explain`."
    )
    return body(
        [
            text(words),
            alarm_states("Alarms", alarms),
            *_runs(charts),
            *_transfers(charts),
            *_login(charts),
            *_functions(charts, functions),
            *_machine(charts),
            _queues(charts, "Queues of what went wrong", (FAILED_ITEMS, MISSED_STARTS)),
        ]
    )


def copies(
    place: Place, region: str, functions: Sequence[str], alarms: Sequence[str]
) -> Mapping[str, Any]:
    """The file-copy workflow's dashboard; `alarms` are ARNs."""
    charts = Charts(place, region)
    words = (
        f"# cloud-sync {place.environment}: file copies\nOne execution for each object. What each "
        f"alarm means and what to do: {RUNBOOK}, or `cloud-sync explain`."
    )
    return body(
        [
            text(words),
            alarm_states("Alarms", alarms),
            *_machine(charts, seconds=QUARTER),
            _queues(charts, "Events that could not be handled", (FAILED_EVENTS,)),
            *_functions(charts, functions),
        ]
    )


def _runs(charts: Charts) -> list[Widget]:
    synced, failed = ours(known.VIDEOS_SYNCED), ours(known.SYNC_FAILURES)
    good, bad = ours(known.RUNS_SUCCEEDED), ours(known.RUNS_FAILED)
    return [
        charts.chart(
            "Success rate",
            "%",
            Line(synced, "Sum", "", "synced"),
            Line(failed, "Sum", "", "failed"),
            Line(good, "Sum", "", "good"),
            Line(bad, "Sum", "", "bad"),
            Computed("100*FILL(synced,0)/(FILL(synced,0)+FILL(failed,0))", "media"),
            Computed("100*FILL(good,0)/(FILL(good,0)+FILL(bad,0))", "runs"),
        ),
        charts.chart(
            "Media", "media", Line(synced, "Sum", "archived"), Line(failed, "Sum", "failed")
        ),
        charts.by_error_type("Failures by type", "media", known.SYNC_FAILURES),
        charts.chart(
            "Runs",
            "runs",
            Line(good, "Sum", "came to their end"),
            Line(bad, "Sum", "failed"),
        ),
        charts.chart(
            "Worst outcome (0 good, 1 media failed, 2 run failed)",
            "outcome",
            Line(ours(known.RUN_OUTCOME), "Maximum", "outcome"),
        ),
    ]


def _transfers(charts: Charts) -> list[Widget]:
    throughput, duration = ours(known.TRANSFER_THROUGHPUT), ours(known.TRANSFER_DURATION)
    first_byte = ours(known.TIME_TO_FIRST_BYTE)
    return [
        charts.chart(
            "Volume",
            "GB (10^9 bytes)",
            Line(ours(known.BYTES_TRANSFERRED), "Sum", "", "transferred"),
            Computed("transferred/1000000000", "archived"),
        ),
        charts.chart(
            "Throughput of an original",
            "Mbit/s (10^6 bits)",
            Line(throughput, "Maximum", "highest"),
            Line(throughput, "Average", "average"),
            Line(throughput, "Minimum", "lowest"),
        ),
        charts.chart(
            "Duration of an original's transfer",
            "seconds",
            Line(duration, "Maximum", "longest"),
            Line(duration, "p95", "95 of 100 within"),
            Line(duration, "Average", "average"),
        ),
        charts.chart(
            "Time to the first byte",
            "seconds",
            Line(first_byte, "p95", "95 of 100 within"),
            Line(first_byte, "Average", "average"),
        ),
    ]


def _login(charts: Charts) -> list[Widget]:
    return [
        charts.chart(
            "Age of the login",
            "days",
            Line(ours(known.COOKIE_AGE), "Maximum", "age"),
            mark=("old", OLD_LOGIN_DAYS),
        ),
        charts.chart(
            "Age of the login, of what earlier ones got",
            "%",
            Line(ours(known.COOKIE_LIFE_USED), "Maximum", "used"),
            mark=("ageing", LIFE_USED_PERCENT),
        ),
        charts.chart(
            "Checks of the login",
            "checks",
            Line(ours(known.AUTHENTICATION_SUCCESS), "Sum", "let in"),
            Line(ours(known.AUTHENTICATION_FAILURE), "Sum", "refused"),
        ),
    ]


def _functions(charts: Charts, functions: Sequence[str]) -> list[Widget]:
    wanted = (
        ("Invocations", "Sum", "Calls of functions", "calls"),
        ("Errors", "Sum", "Calls that ended with an error", "calls"),
        ("Throttles", "Sum", "Calls that AWS refused", "calls"),
        ("Duration", "Maximum", "Longest call", "milliseconds"),
        ("ConcurrentExecutions", "Maximum", "Calls at a time", "calls"),
    )
    return [
        charts.chart(
            title,
            unit,
            *(Line(of_function(name, base), statistic, base) for base in functions),
            seconds=QUARTER,
        )
        for name, statistic, title, unit in wanted
    ]


def _machine(charts: Charts, seconds: int = DAY) -> list[Widget]:
    ends = {
        "ExecutionsStarted": "started",
        "ExecutionsSucceeded": "succeeded",
        "ExecutionsFailed": "failed",
        "ExecutionsTimedOut": "ran into the time limit",
        "ExecutionsAborted": "stopped",
    }
    return [
        charts.chart(
            "Executions of the state machine",
            "executions",
            *(Line(of_machine(name), "Sum", label) for name, label in ends.items()),
            seconds=seconds,
        ),
        charts.chart(
            "Longest execution",
            "minutes",
            Line(of_machine("ExecutionTime"), "Maximum", "", "time"),
            Computed("time/60000", "longest"),
            seconds=seconds,
        ),
    ]


def _queues(charts: Charts, title: str, queues: Sequence[str]) -> Widget:
    lines = (Line(of_queue(VISIBLE, queue), "Maximum", queue) for queue in queues)
    return charts.chart(title, "messages", *lines, seconds=QUARTER)
