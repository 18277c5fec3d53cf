"""One message per change of state, and quiet while all is well."""

from __future__ import annotations

import pytest

from builders import summary
from cloud_sync.model.report import Result
from cloud_sync.notify.policy import known_after, last_told, newly_given_up, worth_telling

OK, BAD, AUTH, CRASH, CUT = (
    Result.COMPLETED,
    Result.COMPLETED_WITH_FAILURES,
    Result.AUTH_REQUIRED,
    Result.FAILED,
    Result.INTERRUPTED,
)


@pytest.mark.parametrize(
    ("previous", "now", "told"),
    [
        (None, OK, False),
        (None, BAD, True),
        (None, AUTH, True),
        (OK, OK, False),
        (OK, BAD, True),
        (OK, CRASH, True),
        (BAD, BAD, False),
        (BAD, AUTH, True),
        (AUTH, AUTH, False),
        (AUTH, OK, True),
        (BAD, OK, True),
        (OK, CUT, False),
        (None, CUT, False),
    ],
)
def test_a_person_hears_of_changes_only(previous: Result | None, now: Result, told: bool) -> None:
    assert worth_telling(previous, now) is told


def test_an_interrupted_run_changes_nothing_that_was_told() -> None:
    assert last_told([]) is None
    assert last_told([summary(CUT)]) is None
    assert last_told([summary(CUT), summary(BAD), summary(OK)]) is BAD


def test_a_medium_is_told_as_given_up_once_and_never_again() -> None:
    assert newly_given_up({"a": 4, "b": 5, "c": 6}, limit=5) == ["b"]
    assert newly_given_up({}, limit=5) == []


@pytest.mark.parametrize(
    ("known", "now", "delivered", "after"),
    [
        (None, OK, True, OK),
        (None, AUTH, True, AUTH),
        (None, AUTH, False, OK),
        (OK, AUTH, False, OK),
        (AUTH, OK, False, AUTH),
        (AUTH, AUTH, True, AUTH),
        (AUTH, CUT, True, AUTH),
        (None, CUT, True, None),
    ],
)
def test_a_message_that_was_not_delivered_leaves_a_person_with_what_they_knew(
    known: Result | None, now: Result, delivered: bool, after: Result | None
) -> None:
    assert known_after(known, now, delivered=delivered) is after


def test_what_a_run_says_was_told_counts_before_its_own_result() -> None:
    assert last_told([summary(AUTH, told=OK), summary(AUTH)]) is OK
    assert last_told([summary(CUT, told=AUTH), summary(OK)]) is AUTH
