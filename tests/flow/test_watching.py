"""A watch over days, on a clock that leaps: which runs begin, and when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from builders import LeapingStop, ManualClock
from cloud_sync.schedule.daily import DailyStart
from cloud_sync.schedule.due import Turn
from cloud_sync.schedule.watching import GLANCE, watch
from cloud_sync.transfer.stopping import StopReason

BERLIN = ZoneInfo("Europe/Berlin")
START = DailyStart("02:00", "Europe/Berlin")


class Machine:
    """A machine whose runs take `hours`, and which sleeps after the run of that number."""

    def __init__(self, begin: datetime, *, hours: float = 0.5) -> None:
        self.clock = ManualClock(begin)
        self.stop = LeapingStop(self.clock)
        self.hours = hours
        self.sleeps: dict[int, timedelta] = {}
        self.begun: list[datetime] = []
        self.told: list[Turn] = []

    def run(self) -> bool:
        self.begun.append(self.clock.now())
        self.clock.advance(self.hours * 3600)
        if nap := self.sleeps.get(len(self.begun)):
            self.clock.advance(nap.total_seconds())
        return True

    def watch(self, runs: int, last_begun: datetime | None) -> list[str]:
        def run() -> bool:
            return self.run() and len(self.begun) < runs

        watch(START, self.clock, self.stop, run, last_begun=last_begun, tell=self.told.append)
        return [each.astimezone(BERLIN).strftime("%m-%d %H:%M") for each in self.begun]


def test_every_night_has_one_run_through_both_changes_of_the_clock() -> None:
    for month, day in ((3, 27), (10, 23)):
        begin = datetime(2026, month, day, 12, tzinfo=BERLIN).astimezone(UTC)
        machine = Machine(begin)
        nights = machine.watch(4, begin)
        hour = "03:00" if month == 3 else "02:00"
        assert [night[:5] for night in nights] == [f"{month:02}-{day + 1 + n}" for n in range(4)]
        assert nights[1][6:] == hour
        assert {night[6:] for night in (nights[0], *nights[2:])} == {"02:00"}


def test_a_machine_that_slept_over_two_starts_makes_up_for_them_by_one_run() -> None:
    machine = Machine(datetime(2026, 6, 1, 12, tzinfo=UTC))
    machine.sleeps = {1: timedelta(hours=60)}
    nights = machine.watch(3, datetime(2026, 6, 1, 12, tzinfo=UTC))
    assert nights == ["06-02 02:00", "06-04 14:30", "06-05 02:00"]
    missed = [turn.missed for turn in machine.told if turn.missed]
    assert missed == [datetime(2026, 6, 4, 0, 0, tzinfo=UTC)]


def test_runs_never_overlap_however_long_they_take() -> None:
    machine = Machine(datetime(2026, 6, 1, 12, tzinfo=UTC), hours=30)
    machine.watch(4, datetime(2026, 6, 1, 12, tzinfo=UTC))
    gaps = [
        later - earlier for earlier, later in zip(machine.begun, machine.begun[1:], strict=False)
    ]
    assert all(gap >= timedelta(hours=30) for gap in gaps)


def test_a_process_that_was_started_anew_makes_up_for_what_was_missed_before_it() -> None:
    now = datetime(2026, 6, 3, 7, tzinfo=UTC)
    machine = Machine(now)
    nights = machine.watch(2, now - timedelta(days=3))
    assert nights == ["06-03 09:00", "06-04 02:00"]


@pytest.mark.parametrize("when", ["before the first look", "while waiting"])
def test_a_stop_between_two_runs_ends_the_watch_without_a_further_run(when: str) -> None:
    begin = datetime(2026, 6, 1, 12, tzinfo=UTC)
    machine = Machine(begin)

    def tell(turn: Turn) -> None:
        if when == "before the first look":
            machine.stop.request(StopReason.INTERRUPTED)

    if when == "while waiting":
        plain = machine.stop.wait

        def wait(seconds: float) -> None:
            assert seconds <= GLANCE
            if machine.clock.now() > begin + timedelta(hours=3):
                machine.stop.request(StopReason.INTERRUPTED)
            plain(seconds)

        machine.stop.wait = wait  # type: ignore[method-assign]
    watch(START, machine.clock, machine.stop, machine.run, last_begun=begin, tell=tell)
    assert machine.begun == []
