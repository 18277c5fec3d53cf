"""A week and more on one machine, night by night, against a cloud that has its own bad nights.

The watch starts each run on a clock that leaps; the runs are whole ones over real HTTP.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from both_doors import made_archive
from builders import LeapingStop, ManualClock, quick_options
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.errors import ExitCode
from cloud_sync.notify.base import Severity
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.pipeline.run import sync
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.schedule.daily import DailyStart
from cloud_sync.schedule.watching import watch
from cloud_sync.secret import Secret
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.sqlite import SqliteTracker
from functions_at_work import logged_in
from service_faults import CDN, Faulty

BERLIN = ZoneInfo("Europe/Berlin")
GOOD, BAD, DEAD = "good", "one medium fails", "login dead"

TELL, WAKE = Severity.TELL, Severity.WAKE
MISSING = (TELL, "done, but something is missing")
LOGIN = (WAKE, "the camera cloud wants a login")
CLEAR = (TELL, "done: ")
DIGEST = (TELL, " since ")

SPRING = [
    # begun (Berlin), the night, hours of sleep afterwards, what a person hears
    ("03-24 02:00", GOOD, 0, []),
    ("03-25 02:00", BAD, 0, [MISSING]),
    ("03-26 02:00", BAD, 0, []),
    ("03-27 02:00", DEAD, 0, [LOGIN]),
    ("03-28 02:00", DEAD, 0, []),
    # the clock goes from 02:00 to 03:00
    ("03-29 03:00", GOOD, 0, [CLEAR]),
    # Monday: the first run of a week
    ("03-30 02:00", GOOD, 30, [DIGEST]),
    # the machine slept over 02:00 and was woken at 08:00
    ("03-31 08:00", GOOD, 0, []),
    ("04-01 02:00", BAD, 0, [MISSING]),
    ("04-02 02:00", GOOD, 0, [CLEAR]),
]

AUTUMN = [
    ("10-23 02:00", GOOD, 0, []),
    ("10-24 02:00", DEAD, 0, [LOGIN]),
    # 02:00 comes twice in this night
    ("10-25 02:00", DEAD, 0, []),
    ("10-26 02:00", DEAD, 0, [DIGEST]),
    ("10-27 02:00", BAD, 54, [MISSING]),
    # two nights slept over are made up for by one run
    ("10-29 08:00", BAD, 0, []),
    ("10-30 02:00", GOOD, 0, [CLEAR]),
]

Night = tuple[str, str, int, list[tuple[Severity, str]]]


@dataclass
class Beats:
    """A watchdog that keeps what it hears."""

    heard: list[ExitCode] = field(default_factory=list)
    starts: int = 0

    def started(self) -> None:
        self.starts += 1

    def ended(self, code: ExitCode) -> None:
        self.heard.append(code)


@dataclass
class Machine:
    """A machine with a login, which runs what the nights bring; `lived` is what came of each."""

    folder: Path
    cloud: Simulator
    archive: FolderArchive
    credentials: MemoryCredentials
    nights: list[Night]
    clock: ManualClock
    bad: set[str]
    notifier: MemoryNotifier = field(default_factory=MemoryNotifier)
    beats: Beats = field(default_factory=Beats)
    lived: list[tuple[str, list[tuple[Severity, str]]]] = field(default_factory=list)

    def run(self) -> bool:
        number = len(self.lived)
        _, kind, sleep, _ = self.nights[number]
        self._fall(number, kind)
        begun, before = self.clock.now(), len(self.notifier.sent)
        self._sync(number)
        self.clock.advance(60)
        heard = zip(
            self.notifier.severities[before:],
            (subject for subject, _ in self.notifier.sent[before:]),
            strict=True,
        )
        self.lived.append((begun.astimezone(BERLIN).strftime("%m-%d %H:%M"), list(heard)))
        if sleep:
            self.clock.advance(sleep * 3600 - 60)
        return number + 1 < len(self.nights)

    def _sync(self, number: int) -> None:
        with (
            closing(SqliteTracker(self.folder / "tracker.db")) as tracker,
            closing(GoProProvider(self.cloud.api_url, self.credentials)) as provider,
        ):
            rooms = Rooms(
                provider, tracker, self.archive, self.notifier, self.clock, None, self.beats
            )
            options = replace(quick_options(number), digest=True)
            sync(rooms, options, LeapingStop(self.clock), lambda _: None)

    def _fall(self, number: int, kind: str) -> None:
        """A medium comes each night, and fails until a night without a fault."""
        name = f"m{number:02}"
        self.cloud.library.add(pattern_medium(name, 2_000))
        self.bad.clear()
        if kind == BAD:
            self.bad.update(f"m{each:02}" for each in range(1, number + 1))
        if kind == DEAD:
            self.cloud.expire_token()
        else:
            token = f"token-{number}"
            self.cloud.accept_token(token)
            self.credentials.replace(Secret(token), self.clock.now())


@pytest.mark.parametrize(
    ("begin", "nights"),
    [
        (datetime(2026, 3, 23, 12, tzinfo=UTC), SPRING),
        (datetime(2026, 10, 22, 12, tzinfo=UTC), AUTUMN),
    ],
    ids=["spring", "autumn"],
)
def test_every_night_has_its_run_and_a_person_hears_what_the_table_says(
    begin: datetime, nights: list[Night], tmp_path: Path
) -> None:
    """No run is left out or made twice, and no message either."""
    bad: set[str] = set()
    faults = Faulty(lambda call: call.endpoint in CDN and call.medium_id in bad)
    with Simulator(Library(), SimulatorOptions(faults=faults, etag_limit=10**7)) as cloud:
        clock = ManualClock(begin)
        archive = made_archive(tmp_path / "archive")
        machine = Machine(tmp_path, cloud, archive, logged_in(cloud), nights, clock, bad)
        start = DailyStart("02:00", "Europe/Berlin")
        watch(
            start,
            clock,
            LeapingStop(clock),
            machine.run,
            last_begun=begin - timedelta(hours=10),
            tell=lambda _: None,
        )
    assert [when for when, _ in machine.lived] == [when for when, *_ in nights]
    for (when, heard), (_, _, _, wanted) in zip(machine.lived, nights, strict=True):
        assert [severity for severity, _ in heard] == [each for each, _ in wanted], (when, heard)
        for (_, subject), (_, words) in zip(heard, wanted, strict=True):
            assert words in subject, when
    codes = {GOOD: ExitCode.DONE, BAD: ExitCode.SOME_FAILED, DEAD: ExitCode.AUTH_REQUIRED}
    assert machine.beats.heard == [codes[kind] for _, kind, _, _ in nights]
    assert machine.beats.starts == len(nights)
