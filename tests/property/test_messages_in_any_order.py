"""Whatever becomes of a row of runs: one message for a change, one all-clear, none lost."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from builders import NOON, summary
from cloud_sync.model.report import Result, RunSummary
from cloud_sync.notify.base import Severity
from cloud_sync.notify.policy import (
    digest_due,
    known_after,
    last_told,
    owed,
    severity_of,
    since_digest,
)

GOOD = Result.COMPLETED
NIGHTS = st.lists(st.tuples(st.sampled_from(Result), st.booleans()), max_size=40)
"""How each run ended, and whether a message would have been taken then."""


def played(nights: list[tuple[Result, bool]]) -> list[tuple[Result, Result | None]]:
    """Each run's result with what was heard of it, through the tracker's memory of runs."""
    history: list[RunSummary] = []
    heard: list[tuple[Result, Result | None]] = []
    for number, (result, open_) in enumerate(nights):
        known = last_told(history)
        due = severity_of(known, result) is not Severity.QUIET
        told = known_after(known, result, delivered=open_)
        heard.append((result, result if due and open_ else None))
        history.insert(0, summary(result, run_id=str(number), told=told))
    return heard


@given(NIGHTS)
def test_never_two_messages_without_a_change_between(nights: list[tuple[Result, bool]]) -> None:
    told = [message for _, message in played(nights) if message]
    assert all(one is not other for one, other in pairwise(told))
    assert not told or told[0] is not GOOD, "the first good run is no news"
    assert Result.INTERRUPTED not in told


@given(NIGHTS)
def test_the_end_of_every_trouble_that_was_told_is_told_once(
    nights: list[tuple[Result, bool]],
) -> None:
    told = [message for _, message in played([*nights, (GOOD, True)]) if message]
    troubles = [each for each in told if each is not GOOD]
    assert not troubles or told[-1] is GOOD
    spells = sum(
        one is not GOOD and (not number or told[number - 1] is GOOD)
        for number, one in enumerate(told)
    )
    assert told.count(GOOD) == spells


@given(NIGHTS, st.sampled_from([each for each in Result if each is not Result.INTERRUPTED]))
def test_what_was_not_taken_is_sent_again_by_the_next_run_that_finds_it_so(
    nights: list[tuple[Result, bool]], result: Result
) -> None:
    """A message that got lost changes nothing of what a person hears afterwards."""
    heard = played([*nights, (result, False), (result, True)])
    without = played([*nights, (result, True)])
    assert heard[-1] == without[-1]


@given(NIGHTS)
def test_a_run_is_owed_until_its_message_was_taken(nights: list[tuple[Result, bool]]) -> None:
    """What a function on AWS answers before the message, and what it is after it."""
    known: Result | None = None
    for result, _ in nights:
        before = summary(result, told=known_after(known, result, delivered=False))
        due = severity_of(known, result) is not Severity.QUIET
        assert owed(before) is due
        known = known_after(known, result, delivered=True)
        assert not owed(summary(result, told=known))


@given(st.lists(st.tuples(st.integers(1, 72), st.booleans()), max_size=60))
def test_one_digest_a_week_by_its_first_run_and_every_run_in_one(
    runs: list[tuple[int, bool]],
) -> None:
    """Runs come hours apart; a digest that was not taken is sent by the next run."""
    history: list[RunSummary] = []
    instant, weeks, counted = NOON, [], []
    for number, (hours, open_) in enumerate(runs):
        instant += timedelta(hours=hours)
        due = digest_due(instant, history)
        week = instant.isocalendar()[:2]
        if any(each.started_at.isocalendar()[:2] < week for each in history):
            assert due is (week not in weeks), "exactly one a week"
        else:
            assert not due, "nothing has happened in an earlier week"
        run = summary(run_id=str(number), started_at=instant)
        if due and open_:
            weeks.append(week)
            counted += [each.run_id for each in (run, *since_digest(history))]
        history.insert(0, summary(run_id=str(number), started_at=instant, digested=due and open_))
    assert len(weeks) == len(set(weeks))
    assert len(counted) == len(set(counted)), "no run is counted twice"
    if counted:
        newest = max(int(each) for each in counted)
        assert sorted(map(int, counted)) == list(range(newest + 1)), "and none is left out"
