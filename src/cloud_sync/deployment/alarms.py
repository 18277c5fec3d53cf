"""The alarms of an environment's archive as data, and the forms that all alarms have. Purely.

Every alarm must be able to go off, and must say so once: a run comes once a night, so one value is
enough. Where runs write a nought when all is well, missing values keep the state as it is, and OK
is an all-clear. Where nothing is written when all is well, OK only means that no more was heard
of, and is told to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from cloud_sync.deployment.series import (
    FAILED_ITEMS,
    MISSED_STARTS,
    Series,
    of_function,
    of_machine,
    of_queue,
    ours,
)
from cloud_sync.metrics import definitions as known

PREFIX = "gopro-sync-"
RUNBOOK = "docs/how-to/runbook.md"
BUDGET = "budget"
"""The name of the warning of AWS Budgets, which is no alarm of CloudWatch's."""

HOUR, DAY = 3600, 86_400
HOURS_WITHOUT_A_GOOD_RUN = 49
"""Two nights and an hour; a run may last a day, so one night may pass with nothing amiss."""

LIFE_USED_PERCENT = 80
OLD_LOGIN_DAYS = 60
BAD_RUNS = 3
BUSY_FUNCTION = "video-downloader"
"""Many calls of it are at work at a time, so single errors say little."""


class Missing(StrEnum):
    """What a period without a value counts as, in CloudWatch's spelling."""

    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"
    IGNORE = "ignore"


class Comparison(StrEnum):
    """How a period's value is held against the threshold, in CloudWatch's spelling."""

    AT_LEAST = "GreaterThanOrEqualToThreshold"
    BELOW = "LessThanThreshold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """Goes off when the statistic of each of the last `periods` periods of `seconds` breaches.

    `anchor` is the section of the runbook that says what to do; alarms that call for the same have
    the same one.
    """

    name: str
    anchor: str
    series: Series
    statistic: str
    threshold: float
    meaning: str
    missing: Missing
    seconds: int = 300
    periods: int = 1
    comparison: Comparison = Comparison.AT_LEAST

    @property
    def clears(self) -> bool:
        """Whether OK means that it is well again, and is told."""
        return self.missing is not Missing.NOT_BREACHING

    def description(self, environment: str) -> str:
        """What the message says: what happened, and what to do."""
        explain = f"cloud-sync explain {self.anchor} --env {environment}"
        return f"{self.meaning} What to do: {explain}, or {RUNBOOK}#{self.anchor}"


def alarms(functions: Sequence[str]) -> tuple[Alarm, ...]:
    """Every alarm of an environment with these functions, by their base names."""
    return (
        *_of_runs(),
        *_of_executions(),
        *_of_login(),
        *_of_queues(),
        *(errors(base, busy=base == BUSY_FUNCTION) for base in functions),
        *(throttles(base) for base in functions),
    )


def _of_runs() -> list[Alarm]:
    return [
        Alarm(
            name="no-good-run",
            anchor="no-good-run",
            series=ours(known.RUNS_SUCCEEDED),
            statistic="Sum",
            comparison=Comparison.BELOW,
            threshold=1,
            seconds=HOUR,
            periods=HOURS_WITHOUT_A_GOOD_RUN,
            missing=Missing.BREACHING,
            meaning=f"No run has come to its end for {HOURS_WITHOUT_A_GOOD_RUN} hours, or ever.",
        ),
        Alarm(
            name="run-failed",
            anchor="run-failed",
            series=ours(known.RUNS_FAILED),
            statistic="Sum",
            threshold=1,
            missing=Missing.IGNORE,
            meaning="A run failed as a whole, or for want of a login.",
        ),
        Alarm(
            name="media-failed",
            anchor="media-failed",
            series=ours(known.SYNC_FAILURES),
            statistic="Sum",
            threshold=1,
            missing=Missing.IGNORE,
            meaning="Media failed in a run; all others are archived.",
        ),
        Alarm(
            name="three-bad-runs",
            anchor="three-bad-runs",
            series=ours(known.RUN_OUTCOME),
            # the best run of a day counts: one that somebody started again may mend it
            statistic="Minimum",
            threshold=1,
            seconds=DAY,
            periods=BAD_RUNS,
            missing=Missing.IGNORE,
            meaning="On three days with runs none ended well: each failed, or media failed in it.",
        ),
    ]


def _of_executions() -> list[Alarm]:
    """Ends of which no run can tell: a function that is not reached writes no metric."""
    ends = {
        "run-failed-execution": ("ExecutionsFailed", "failed"),
        "run-failed-timeout": ("ExecutionsTimedOut", "ran into its time limit"),
        "run-failed-abort": ("ExecutionsAborted", "was stopped by somebody"),
    }
    return [
        ended(name, "run-failed", metric, f"An execution of the state machine {end}.")
        for name, (metric, end) in ends.items()
    ]


def _of_login() -> list[Alarm]:
    return [
        Alarm(
            name="authentication-failed",
            anchor="authentication-failed",
            series=ours(known.AUTHENTICATION_FAILURE),
            statistic="Sum",
            threshold=1,
            missing=Missing.IGNORE,
            meaning="The camera cloud refused the login.",
        ),
        Alarm(
            name="login-ageing",
            anchor="login-ageing",
            series=ours(known.COOKIE_LIFE_USED),
            statistic="Maximum",
            threshold=LIFE_USED_PERCENT,
            missing=Missing.IGNORE,
            meaning=f"The login has reached {LIFE_USED_PERCENT} % of the age that earlier ones "
            "got. It still works.",
        ),
        Alarm(
            name="login-ageing-days",
            anchor="login-ageing",
            series=ours(known.COOKIE_AGE),
            statistic="Maximum",
            threshold=OLD_LOGIN_DAYS,
            missing=Missing.IGNORE,
            meaning=f"The login is {OLD_LOGIN_DAYS} days old. It still works.",
        ),
    ]


def _of_queues() -> list[Alarm]:
    queues = {
        "failed-items": (FAILED_ITEMS, "Media that a run gave up lie in the queue"),
        "missed-starts": (
            MISSED_STARTS,
            "Starts that the schedule could not make lie in the queue",
        ),
    }
    return [waiting(name, queue, meaning) for name, (queue, meaning) in queues.items()]


def ended(name: str, anchor: str, metric: str, meaning: str) -> Alarm:
    """Executions came to the end that this metric of Step Functions' counts."""
    return Alarm(
        name=name,
        anchor=anchor,
        series=of_machine(metric),
        statistic="Sum",
        threshold=1,
        missing=Missing.NOT_BREACHING,
        meaning=meaning,
    )


def waiting(name: str, queue: str, meaning: str) -> Alarm:
    """A message lies in the queue of that base name; the alarm and its anchor have one name."""
    return Alarm(
        name=name,
        anchor=name,
        series=of_queue("ApproximateNumberOfMessagesVisible", queue),
        statistic="Maximum",
        threshold=1,
        # SQS stops writing for a queue that nobody has touched for six hours
        missing=Missing.IGNORE,
        meaning=f"{meaning} {queue}.",
    )


def errors(base: str, *, busy: bool) -> Alarm:
    """A call is tried three or four times; three errors mean that trying again was no help.

    Half an hour, because a call that runs into its limit may take minutes. Of a `busy` function
    many calls are at work at a time.
    """
    enough, minutes = (6, 5) if busy else (3, 30)
    return Alarm(
        name=f"function-errors-{base}",
        anchor="function-errors",
        series=of_function("Errors", base),
        statistic="Sum",
        threshold=enough,
        seconds=minutes * 60,
        missing=Missing.NOT_BREACHING,
        meaning=f"{enough} calls of {base} or more ended with an error within {minutes} minutes.",
    )


def throttles(base: str) -> Alarm:
    """AWS refused calls of the function."""
    return Alarm(
        name=f"function-throttles-{base}",
        anchor="function-throttles",
        series=of_function("Throttles", base),
        statistic="Sum",
        threshold=1,
        missing=Missing.NOT_BREACHING,
        meaning=f"AWS refused calls of {base}, because too many functions ran at once.",
    )
