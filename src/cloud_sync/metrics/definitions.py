"""Every metric once: its name, unit, meaning, and who writes it. Alarms, dashboards and the pages
for users are made from this.

Names and units are CloudWatch's; each also has a name and a base unit for OpenMetrics. On AWS a
measurement has the dimension `Environment`. Where a metric is told by error type there is a second
set with `ErrorType`, because CloudWatch does not sum over dimensions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

NAMESPACE = "GoProSync"
ENVIRONMENT = "Environment"
ERROR_TYPE = "ErrorType"

OTHER_ERRORS = "others"
"""The error type of failed media beyond those that a run's summary names."""


class Unit(StrEnum):
    """CloudWatch's spelling."""

    COUNT = "Count"
    BYTES = "Bytes"
    SECONDS = "Seconds"
    MEGABITS_PER_SECOND = "Megabits/Second"
    PERCENT = "Percent"
    NONE = "None"


class Kind(StrEnum):
    """How values of one metric are put together."""

    COUNTER = "counter"
    """They add up."""

    GAUGE = "gauge"
    """The last one counts."""

    SUMMARY = "summary"
    """Each is one of many: their number and their sum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """`functions` write it on AWS, by their base names; none for one that only this machine has.

    `exposed` is the name for OpenMetrics, without the endings of counters and summaries; a value
    times `factor` is in its base unit. `by_error_type`: the value is also told for each error type.
    """

    name: str
    unit: Unit
    kind: Kind
    meaning: str
    exposed: str
    functions: tuple[str, ...]
    factor: float = 1.0
    by_error_type: bool = False


_DOWNLOADER = ("video-downloader",)
_RUN_END = ("token-validator", "media-lister", "run-summary")
_LOGIN = ("token-validator",)

VIDEOS_SYNCED = Metric(
    name="VideosSynced",
    unit=Unit.COUNT,
    kind=Kind.COUNTER,
    meaning="media that became archived with all their originals",
    exposed="gopro_sync_videos_synced",
    functions=_DOWNLOADER,
)
BYTES_TRANSFERRED = Metric(
    name="BytesTransferred",
    unit=Unit.BYTES,
    kind=Kind.COUNTER,
    meaning="sizes of the originals that became archived",
    exposed="gopro_sync_transferred_bytes",
    functions=_DOWNLOADER,
)
TRANSFER_DURATION = Metric(
    name="TransferDuration",
    unit=Unit.SECONDS,
    kind=Kind.SUMMARY,
    meaning="how long a run transferred one original, over all calls of a function",
    exposed="gopro_sync_transfer_duration_seconds",
    functions=_DOWNLOADER,
)
TRANSFER_THROUGHPUT = Metric(
    name="TransferThroughput",
    unit=Unit.MEGABITS_PER_SECOND,
    kind=Kind.SUMMARY,
    meaning="10^6 bits a second while one original was transferred",
    exposed="gopro_sync_transfer_throughput_bytes_per_second",
    functions=_DOWNLOADER,
    factor=125_000.0,
)
TIME_TO_FIRST_BYTE = Metric(
    name="TimeToFirstByte",
    unit=Unit.SECONDS,
    kind=Kind.SUMMARY,
    meaning="from the first request for bytes of an original to the first of them",
    exposed="gopro_sync_time_to_first_byte_seconds",
    functions=_DOWNLOADER,
)
SYNC_FAILURES = Metric(
    name="SyncFailures",
    unit=Unit.COUNT,
    kind=Kind.COUNTER,
    meaning="media that failed in a run, told once when it ends",
    exposed="gopro_sync_failures",
    functions=_RUN_END[1:],
    by_error_type=True,
)
AUTHENTICATION_SUCCESS = Metric(
    name="AuthenticationSuccess",
    unit=Unit.COUNT,
    kind=Kind.COUNTER,
    meaning="login checks that the camera cloud answered by letting us in",
    exposed="gopro_sync_authentication_successes",
    functions=_LOGIN,
)
AUTHENTICATION_FAILURE = Metric(
    name="AuthenticationFailure",
    unit=Unit.COUNT,
    kind=Kind.COUNTER,
    meaning="1 for a login that was found not to work, before a run or within it; 0 for a check "
    "that went well",
    exposed="gopro_sync_authentication_failures",
    functions=_RUN_END,
)
COOKIE_AGE = Metric(
    name="CookieAgeDays",
    unit=Unit.NONE,
    kind=Kind.GAUGE,
    meaning="how old the login is, where that is known",
    exposed="gopro_sync_cookie_age_seconds",
    functions=_LOGIN,
    factor=86_400.0,
)
COOKIE_LIFE_USED = Metric(
    name="CookieLifeUsedPercent",
    unit=Unit.PERCENT,
    kind=Kind.GAUGE,
    meaning="the login's age as a part of how long earlier ones lasted, where that was learned",
    exposed="gopro_sync_cookie_life_used_ratio",
    functions=_LOGIN,
    factor=0.01,
)
RUN_OUTCOME = Metric(
    name="RunOutcome",
    unit=Unit.NONE,
    kind=Kind.GAUGE,
    meaning="how a run ended: 0 nothing failed, 1 media failed or are missing, 2 the run failed",
    exposed="gopro_sync_run_outcome",
    functions=_RUN_END,
)
RUNS_SUCCEEDED = Metric(
    name="RunsSucceeded",
    unit=Unit.COUNT,
    kind=Kind.COUNTER,
    meaning="1 for a run that came to its end, also with failed media, else 0",
    exposed="gopro_sync_runs_succeeded",
    functions=_RUN_END,
)
RUNS_FAILED = Metric(
    name="RunsFailed",
    unit=Unit.COUNT,
    kind=Kind.COUNTER,
    meaning="1 for a run that failed as a whole or for want of a login, else 0",
    exposed="gopro_sync_runs_failed",
    functions=_RUN_END,
)
LAST_SUCCESS = Metric(
    name="LastSuccess",
    unit=Unit.SECONDS,
    kind=Kind.GAUGE,
    meaning="when a run last came to its end, in seconds since 1970",
    exposed="gopro_sync_last_success_timestamp_seconds",
    functions=(),
)

METRICS = (
    VIDEOS_SYNCED,
    SYNC_FAILURES,
    BYTES_TRANSFERRED,
    TRANSFER_DURATION,
    TRANSFER_THROUGHPUT,
    TIME_TO_FIRST_BYTE,
    AUTHENTICATION_SUCCESS,
    AUTHENTICATION_FAILURE,
    COOKIE_AGE,
    COOKIE_LIFE_USED,
    RUN_OUTCOME,
    RUNS_SUCCEEDED,
    RUNS_FAILED,
    LAST_SUCCESS,
)
BY_NAME = {metric.name: metric for metric in METRICS}


@dataclass(frozen=True, slots=True)
class Measurement:
    """One value in the metric's unit; `error_type` is empty for a metric that has none."""

    metric: Metric
    value: float
    error_type: str = ""


def dimension_sets(measurement: Measurement) -> list[list[str]]:
    """The sets of dimensions under which CloudWatch keeps the value."""
    total = [ENVIRONMENT]
    return [total, [ENVIRONMENT, ERROR_TYPE]] if measurement.error_type else [total]


def series_written(error_types: int) -> int:
    """How many time series an environment on AWS has, if so many error types were ever written."""
    written = [metric for metric in METRICS if metric.functions]
    return len(written) + error_types * sum(metric.by_error_type for metric in written)
