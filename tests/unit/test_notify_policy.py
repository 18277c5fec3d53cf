"""One message per change of state, and quiet while all is well."""

from __future__ import annotations

import pytest

from builders import summary
from cloud_sync.model.report import Result
from cloud_sync.notify.policy import last_told, worth_telling

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
