"""Whole runs of the real functions against the simulated cloud, and the alarms over their metrics.

How CloudWatch evaluates is taken from its documentation: tests/alarm_evaluation.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alarm_evaluation import ALARM, INSUFFICIENT, OK, Watched, Written
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.run_files_memory import MemoryRunFiles
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.deployment.alarms import alarms
from cloud_sync.deployment.series import Place
from cloud_sync.secret import Secret
from cloud_sync.simulator.faults import Call
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from functions_at_work import SECONDS, Aws
from service_faults import CDN, Faulty
from told_on_stdout import Told, told

FIRST_NIGHT = datetime(2026, 11, 1, 1, 7, tzinfo=UTC)
ALARMS = {each.name: each for each in alarms(tuple(SECONDS))}
PLACE = Place("dev", lambda base: f"{base}-dev", "arn")
OF_RUNS = ("run-failed", "media-failed", "authentication-failed", "three-bad-runs", "no-good-run")


@dataclass
class Nights:
    """Runs night after night; what they print is written to CloudWatch as of that night."""

    aws: Aws
    printed: Callable[[], Told]
    broken: set[str]
    nights: int = 0
    watched: dict[str, Watched] = field(init=False)

    def __post_init__(self) -> None:
        written = Written()
        self.watched = {name: Watched(ALARMS[name], PLACE, written) for name in OF_RUNS}

    def night(self, *, run: bool = True, login: str = "", broken: str = "") -> dict[str, str]:
        """The states in the evening; `login` replaces the token, the bytes of `broken` fail."""
        at = FIRST_NIGHT + self.nights * timedelta(days=1)
        self.nights += 1
        self.broken.clear()
        self.broken.update({broken} if broken else ())
        if login:
            self.aws.credentials.replace(Secret(login), datetime.now(UTC))
        if run:
            self.aws.run(f"run-{self.nights}")
            for document in self.printed().documents:
                next(iter(self.watched.values())).written.take(document, at)
        for each in self.watched.values():
            each.watch(at, at + timedelta(hours=23, minutes=59))
        return {name: each.state for name, each in self.watched.items()}

    def told(self, name: str) -> list[str]:
        return [state for _, state in self.watched[name].told]


@pytest.fixture
def nights(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Nights]:
    with _nights(tmp_path, lambda: told(capsys.readouterr().out)) as made:
        yield made


@contextmanager
def _nights(folder: Path, printed: Callable[[], Told]) -> Iterator[Nights]:
    broken: set[str] = set()

    def wrong(call: Call) -> bool:
        return call.endpoint in CDN and call.medium_id in broken

    library = Library(
        pattern_medium(f"m{number}", 20_000, filename=f"GX01000{number}.MP4") for number in range(2)
    )
    options = SimulatorOptions(faults=Faulty(wrong), etag_limit=10**7)
    with Simulator(library, options) as cloud:
        (folder / "archive").mkdir()
        archive = FolderArchive(folder / "archive")
        archive.check()
        login = MemoryCredentials(Secret(cloud.token))
        aws = Aws(cloud, folder / "tracker.db", archive, MemoryRunFiles(), login)
        yield Nights(aws, printed, broken)


def test_a_refused_login_is_an_alarm_until_another_one_works(nights: Nights) -> None:
    assert nights.night()["authentication-failed"] == OK
    nights.night(login="not-a-token")
    refused = nights.night()
    assert (refused["authentication-failed"], refused["run-failed"]) == (ALARM, ALARM)
    good = nights.night(login=nights.aws.cloud.token)
    assert (good["authentication-failed"], good["run-failed"]) == (OK, OK)
    assert nights.told("authentication-failed") == nights.told("run-failed") == [OK, ALARM, OK]


def test_a_medium_that_fails_is_an_alarm_until_a_run_without(nights: Nights) -> None:
    assert nights.night(broken="m0")["media-failed"] == ALARM
    assert nights.night(run=False)["media-failed"] == ALARM
    assert nights.night()["media-failed"] == OK
    assert nights.told("media-failed") == [ALARM, OK]
    assert nights.told("run-failed") == [OK], "media that fail are no failed run"


def test_three_bad_runs_are_one_alarm_and_one_all_clear(nights: Nights) -> None:
    assert nights.night()["three-bad-runs"] == OK
    assert nights.night(broken="m0")["three-bad-runs"] == OK, "m0 is archived already"
    nights.night(login="not-a-token")
    assert nights.night()["three-bad-runs"] == OK
    assert nights.night()["three-bad-runs"] == ALARM
    assert nights.night()["three-bad-runs"] == ALARM
    assert nights.night(login=nights.aws.cloud.token)["three-bad-runs"] == OK
    assert nights.told("three-bad-runs") == [OK, ALARM, OK]


def test_nights_without_any_run_are_an_alarm_by_themselves(nights: Nights) -> None:
    assert nights.night(run=False) == {
        **dict.fromkeys(OF_RUNS, INSUFFICIENT),
        "no-good-run": ALARM,
    }, "before the first run"
    assert nights.night()["no-good-run"] == OK
    assert nights.night(run=False)["no-good-run"] == OK
    nights.night(run=False)
    assert nights.night(run=False)["no-good-run"] == ALARM
    assert nights.night()["no-good-run"] == OK
    assert nights.told("no-good-run") == [ALARM, OK, ALARM, OK]
