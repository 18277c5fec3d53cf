"""Every alarm goes off when it should, once, and gives the all-clear, over what our code writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from alarm_evaluation import ALARM, INSUFFICIENT, OK, Watched, Written, evaluated
from builders import summary
from cloud_sync.deployment.alarms import Alarm, Missing, alarms
from cloud_sync.deployment.copy_alarms import copy_alarms
from cloud_sync.deployment.series import LAMBDA, SQS, STATES, Place
from cloud_sync.metrics.embedded import documents
from cloud_sync.metrics.measuring import Measuring
from cloud_sync.model.report import Named, Outcome, Result
from cloud_sync.pipeline.events import Event, LoginChecked, RunEnded

ARN = "arn:aws:states:eu-central-1:123456789012:stateMachine:gopro-sync-orchestrator-dev"
PLACE = Place("dev", lambda base: f"{base}-dev", ARN)
FUNCTIONS = (
    "token-validator",
    "media-lister",
    "video-downloader",
    "run-summary",
    "failure-marker",
)
COPY_FUNCTIONS = ("object-copier", "copy-verdict", "replication-worker")
ALARMS = {each.name: each for each in (*alarms(FUNCTIONS), *copy_alarms(COPY_FUNCTIONS))}
FIRST_NIGHT = datetime(2026, 11, 1, 1, 7, tzinfo=UTC)
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)

GOOD_LOGIN = LoginChecked(
    works=True, trouble="", message="", age_seconds=5 * 86_400.0, life_used=0.2
)
DEAD_LOGIN = replace(GOOD_LOGIN, works=False, trouble="expired")

Night = tuple[Event, ...]


def ended(result: Result, failed: int = 0) -> RunEnded:
    named = tuple(
        Named(f"m{number}", "x", Outcome.FAILED, "throttled" if number else "key_taken", "…")
        for number in range(failed)
    )
    counts = dict.fromkeys(Outcome, 0) | {Outcome.FAILED: failed}
    return RunEnded(summary(result=result, found=failed, counts=counts, named=named))


GOOD: Night = (GOOD_LOGIN, ended(Result.COMPLETED))
MEDIA_FAILED: Night = (GOOD_LOGIN, ended(Result.COMPLETED_WITH_FAILURES, 2))
FAILED: Night = (GOOD_LOGIN, ended(Result.FAILED))
REFUSED: Night = (DEAD_LOGIN, ended(Result.AUTH_REQUIRED))
DIED: Night = (GOOD_LOGIN, ended(Result.AUTH_REQUIRED))
NONE: Night = ()


@dataclass
class Story:
    """Nights one after the other, and an alarm that watches."""

    name: str
    start: datetime = FIRST_NIGHT
    written: Written = field(default_factory=Written)
    nights: int = 0
    more_periods: int = 2
    watched: Watched = field(init=False)

    def __post_init__(self) -> None:
        self.watched = Watched(ALARMS[self.name], PLACE, self.written, self.more_periods)

    def after(self, *nights: Night, minutes: tuple[int, ...] = ()) -> str:
        """The state in the evening after these nights; runs end so many minutes later."""
        for number, events in enumerate(nights):
            at = self.start + self.nights * DAY
            late = minutes[number] * MINUTE if minutes else timedelta()
            measuring = Measuring()
            for event in events:
                for document in documents(measuring.of(event), "dev", at + late, {}):
                    self.written.take(document)
            self.watched.watch(at, at + 20 * timedelta(hours=1))
            self.watched.watch(at + 20 * timedelta(hours=1), at + DAY - MINUTE)
            self.nights += 1
        return self.watched.state

    @property
    def told(self) -> list[str]:
        return [state for _, state in self.watched.told]


def night_with(**facts: float) -> Night:
    return (replace(GOOD_LOGIN, **facts), GOOD[1])  # type: ignore[arg-type]


@dataclass(frozen=True)
class Nights:
    """A night before, nights after which the alarm goes off, and the night that ends it."""

    bad: tuple[Night, ...]
    before: Night = GOOD
    good: Night = GOOD


BY_RUNS = {
    "run-failed": [Nights((FAILED,)), Nights((REFUSED,)), Nights((DIED,), MEDIA_FAILED)],
    "media-failed": [Nights((MEDIA_FAILED,)), Nights((MEDIA_FAILED,), REFUSED)],
    "authentication-failed": [Nights((REFUSED,)), Nights((DIED,)), Nights((DIED,), good=FAILED)],
    "three-bad-runs": [Nights((FAILED, MEDIA_FAILED, REFUSED))],
    "no-good-run": [Nights((FAILED, FAILED, REFUSED)), Nights((NONE, NONE, NONE))],
    "login-ageing": [Nights((night_with(life_used=0.8),)), Nights((night_with(life_used=1.3),))],
    "login-ageing-days": [Nights((night_with(age_seconds=60 * 86_400.0),))],
}
CASES = [(name, nights) for name, several in BY_RUNS.items() for nights in several]


@pytest.mark.parametrize("more", [0, 2])
@pytest.mark.parametrize(("name", "nights"), CASES)
def test_an_alarm_of_runs_goes_off_once_and_gives_one_all_clear(
    name: str, nights: Nights, more: int
) -> None:
    """However many further periods CloudWatch looks at."""
    story = Story(name, more_periods=more)
    story.after(nights.before, *[GOOD] * 2)
    del story.watched.told[:]
    assert story.watched.state == OK
    assert story.after(*nights.bad[:-1]) == OK or name == "no-good-run"
    assert story.after(nights.bad[-1]) == ALARM
    assert story.after(nights.bad[-1]) == ALARM
    assert story.after(nights.good, GOOD) == OK
    assert story.told == [ALARM, OK]


@pytest.mark.parametrize("name", ["run-failed", "media-failed", "authentication-failed"])
def test_days_without_a_run_are_no_all_clear(name: str) -> None:
    """Nothing was mended, so an alarm that fell back by itself would lie."""
    story = Story(name)
    bad = {"run-failed": FAILED, "media-failed": MEDIA_FAILED, "authentication-failed": REFUSED}
    assert story.after(GOOD, bad[name]) == ALARM
    assert story.after(NONE, NONE, NONE) == ALARM


def test_no_good_run_goes_off_after_two_nights_and_an_hour_and_not_before() -> None:
    story = Story("no-good-run", more_periods=0)
    story.after(GOOD, NONE, NONE)
    (_, (went_off, _)) = story.watched.told[-2:]
    assert timedelta(hours=49) <= went_off - FIRST_NIGHT <= timedelta(hours=51)


def test_a_run_of_a_whole_day_is_no_missing_run() -> None:
    """The next night's run is told of when it ends, which may be a day later."""
    story = Story("no-good-run", more_periods=0)
    story.after(GOOD, NONE)
    assert story.after(GOOD, minutes=(-90,)) == OK
    assert story.told == [OK]


def test_before_the_first_run_no_good_run_is_in_alarm_and_the_others_are_silent() -> None:
    for name in BY_RUNS:
        story = Story(name)
        assert story.after(NONE) == (ALARM if name == "no-good-run" else INSUFFICIENT)


@pytest.mark.parametrize("minutes", [(0, 0, 0), (300, 10, 600), (0, 700, 20), (900, 100, 0)])
def test_three_bad_runs_are_three_whenever_they_end(minutes: tuple[int, ...]) -> None:
    story = Story("three-bad-runs")
    story.after(GOOD, GOOD)
    story.after(FAILED, FAILED, minutes=minutes[:2])
    assert ALARM not in story.told
    story.after(FAILED, minutes=minutes[2:])
    assert story.after(GOOD) == OK
    assert story.told == [OK, ALARM, OK]


def test_two_bad_runs_and_a_good_one_between_are_no_three() -> None:
    story = Story("three-bad-runs")
    story.after(GOOD, FAILED, FAILED, GOOD, FAILED, FAILED, GOOD)
    assert story.told == [OK]


def test_a_night_without_a_run_does_not_begin_the_count_anew() -> None:
    """As far as CloudWatch looks back, which its documentation shows for three periods: five."""
    story = Story("three-bad-runs")
    assert story.after(GOOD, FAILED, FAILED, NONE) == OK
    assert story.after(FAILED) == ALARM


BY_AWS: dict[str, tuple[str, str, dict[str, str], float]] = {
    "run-failed-execution": (STATES, "ExecutionsFailed", {"StateMachineArn": ARN}, 1),
    "run-failed-timeout": (STATES, "ExecutionsTimedOut", {"StateMachineArn": ARN}, 1),
    "run-failed-abort": (STATES, "ExecutionsAborted", {"StateMachineArn": ARN}, 1),
    "copies-failed": (STATES, "ExecutionsFailed", {"StateMachineArn": ARN}, 1),
    "copies-failed-timeout": (STATES, "ExecutionsTimedOut", {"StateMachineArn": ARN}, 1),
    "copies-failed-abort": (STATES, "ExecutionsAborted", {"StateMachineArn": ARN}, 1),
    **{
        f"function-errors-{base}": (
            *(LAMBDA, "Errors", {"FunctionName": f"{base}-dev"}),
            6 if base in {"video-downloader", "object-copier"} else 3,
        )
        for base in (*FUNCTIONS, "object-copier", "replication-worker")
    },
    **{
        f"function-throttles-{base}": (LAMBDA, "Throttles", {"FunctionName": f"{base}-dev"}, 1)
        for base in (*FUNCTIONS, *COPY_FUNCTIONS)
    },
}
QUEUES = {
    "failed-items": "gopro-sync-failed-items",
    "missed-starts": "gopro-sync-missed-starts",
    "failed-events": "file-copy-failed-events",
}


@pytest.mark.parametrize("name", BY_AWS)
def test_an_alarm_of_events_goes_off_and_falls_back_without_an_all_clear(name: str) -> None:
    """AWS writes nothing when nothing happens, so OK afterwards says nothing."""
    namespace, metric, dimensions, enough = BY_AWS[name]
    watched = Watched(ALARMS[name], PLACE, Written())
    start = FIRST_NIGHT
    for number in range(int(enough) - 1):
        watched.written.put(namespace, metric, dimensions, start + number * MINUTE / 2, 1)
    hour = timedelta(hours=1)
    assert watched.watch(start, start + hour)[-1] == OK, "one less than enough"
    later = start + 3 * hour
    for number in range(int(enough)):
        watched.written.put(namespace, metric, dimensions, later + number * MINUTE / 2, 1)
    states = watched.watch(start + hour, later + 4 * hour)
    # CloudWatch's periods move by the minute and may part errors that were counted together
    times = 1 if enough == 1 else states.count(ALARM)
    assert states == [OK, *[ALARM, OK] * times]
    assert [state for _, state in watched.told] == [ALARM] * times != []


@pytest.mark.parametrize("name", QUEUES)
def test_a_message_in_a_queue_is_an_alarm_until_it_is_gone(name: str) -> None:
    """Also where SQS goes silent about a queue that nobody touches."""
    watched = Watched(ALARMS[name], PLACE, Written())

    def says(first: datetime, messages: int, minutes: int) -> None:
        for minute in range(0, minutes, 5):
            queue = {"QueueName": QUEUES[name] + "-dev"}
            at = first + minute * MINUTE
            watched.written.put(SQS, "ApproximateNumberOfMessagesVisible", queue, at, messages)

    start, two_days = FIRST_NIGHT, 2 * DAY
    says(start, 0, 30)
    says(start + 30 * MINUTE, 1, 360)
    says(start + two_days, 0, 60)
    assert watched.watch(start, start + two_days) == [INSUFFICIENT, OK, ALARM]
    assert watched.watch(start + two_days, start + two_days + DAY) == [ALARM, OK]
    assert [state for _, state in watched.told] == [OK, ALARM, OK]


def test_every_alarm_has_been_seen_to_go_off() -> None:
    assert set(ALARMS) == {*BY_RUNS, *BY_AWS, *QUEUES}


def test_calls_that_fail_by_design_are_no_alarm() -> None:
    """copy-verdict fails wherever copies have failed, of which a notice told already."""
    assert "function-errors-copy-verdict" not in ALARMS


@pytest.mark.parametrize("alarm", ALARMS.values(), ids=ALARMS)
def test_periods_are_ones_that_cloudwatch_takes(alarm: Alarm) -> None:
    """The API reference: a multiple of 60; seven days in all, and one day for periods below 1 h."""
    assert alarm.seconds % 60 == 0
    assert alarm.seconds * alarm.periods <= (604_800 if alarm.seconds >= 3600 else 86_400)


def test_an_alarm_with_the_dimensions_of_the_founding_one_never_has_data() -> None:
    """CloudWatch does not sum over dimensions: values by error type are no values of the total."""
    story = Story("media-failed")
    by_type = next(
        document
        for document in documents(Measuring().of(MEDIA_FAILED[1]), "dev", FIRST_NIGHT, {})
        if "ErrorType" in document
    )
    (directive,) = by_type["_aws"]["CloudWatchMetrics"]
    directive["Dimensions"] = [["Environment", "ErrorType"]]
    story.written.take(by_type)
    assert story.after(NONE) == INSUFFICIENT


AWS_TABLES: list[tuple[str, int, Callable[[str], tuple[str, str, str]]]] = [
    ("0 - X - X", 3, lambda _: (OK, OK, OK)),
    ("- - - - 0", 3, lambda _: (OK, OK, OK)),
    ("- - - - -", 3, lambda before: (before, ALARM, OK)),
    ("0 X X - X", 3, lambda _: (ALARM, ALARM, ALARM)),
    ("- - X - -", 3, lambda before: (before, ALARM, OK)),
    ("0 - X - X", 2, lambda _: (ALARM, ALARM, ALARM)),
    ("0 0 X 0 X", 2, lambda _: (ALARM, ALARM, ALARM)),
    ("0 - X - -", 2, lambda _: (OK, ALARM, OK)),
    ("- - - - 0", 2, lambda _: (OK, ALARM, OK)),
    ("- - - - X", 2, lambda before: (before, ALARM, OK)),
]


@pytest.mark.parametrize("before", [OK, ALARM, INSUFFICIENT])
@pytest.mark.parametrize(("points", "needed", "expected"), AWS_TABLES)
def test_missing_values_are_treated_as_in_the_tables_of_aws_documentation(
    points: str, needed: int, expected: Callable[[str], tuple[str, str, str]], before: str
) -> None:
    """For three periods, of which all three or two must breach: ignore, breaching, notBreaching."""
    values = {"-": None, "0": 0.0, "X": 1.0}
    found = tuple(
        evaluated(
            replace(ALARMS["run-failed"], periods=3, missing=missing),
            [values[point] for point in points.split()],
            before,
            needed,
        )
        for missing in (Missing.IGNORE, Missing.BREACHING, Missing.NOT_BREACHING)
    )
    assert found == expected(before)
