"""What is learned of logins from those that ended, and when a person is warned."""

from __future__ import annotations

from datetime import timedelta

import pytest

from builders import NOON
from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import (
    KEPT_LOGINS,
    LEARNED_FROM,
    LONGEST_LIFE,
    LoginRecord,
    after_refusal,
    after_success,
    fingerprint,
    learned_life,
    outlook,
)
from cloud_sync.secret import Secret
from cloud_sync.summary.render import login_json, login_text, login_warning

HOUR = timedelta(hours=1)


def ended(hours: float, day: int = 0, unseen: float = 0.0) -> LoginRecord:
    """A login that worked for so many hours, and was found refused `unseen` hours later."""
    begun = NOON - timedelta(days=100 - day)
    last = begun + hours * HOUR
    return LoginRecord(f"ended-{day}", begun, last, last + unseen * HOUR)


def credential(token: str = "present", hours_old: float | None = 1.0) -> StoredCredential:
    stored_at = None if hours_old is None else NOON - hours_old * HOUR
    return StoredCredential(Secret(token), stored_at, "the file")


def test_a_fingerprint_tells_logins_apart_and_holds_nothing_of_them() -> None:
    marks = {fingerprint(Secret(token)) for token in ("one", "two", "one")}
    assert len(marks) == 2
    assert all(len(mark) == 16 and "one" not in mark for mark in marks)


def test_fewer_than_two_ended_logins_claim_nothing() -> None:
    alive = LoginRecord("alive", NOON - 900 * HOUR, NOON)
    assert learned_life([]) is None
    assert learned_life([ended(10), alive]) is None
    assert learned_life([ended(10), ended(20, day=1), alive]) == 15 * HOUR


def test_the_estimate_is_the_median_of_the_newest_and_bounded() -> None:
    old = [ended(1000, day) for day in range(3)]
    new = [ended(10 + day, day) for day in range(3, 3 + LEARNED_FROM)]
    assert learned_life([*new, *old]) == (10 + 3 + LEARNED_FROM // 2) * HOUR
    assert learned_life([ended(1, 1), ended(2, 2), ended(9000, 3)]) == 2 * HOUR
    assert learned_life([ended(9000, 1), ended(9000, 2)]) == LONGEST_LIFE


def test_a_death_lies_half_way_between_the_last_use_and_the_refusal() -> None:
    assert learned_life([ended(10, 1, unseen=4), ended(10, 2, unseen=4)]) == 12 * HOUR


def test_spans_that_a_wrong_clock_made_negative_are_left_out() -> None:
    backwards = LoginRecord("odd", NOON, NOON - 5 * HOUR, NOON - 4 * HOUR)
    assert learned_life([backwards, ended(10)]) is None


def test_a_login_begins_when_it_was_stored_and_keeps_its_beginning() -> None:
    once = after_success((), credential(hours_old=3), NOON)
    assert (once[0].first_seen, once[0].last_worked) == (NOON - 3 * HOUR, NOON)
    anew = StoredCredential(Secret("present"), NOON + HOUR, "the file")
    (again,) = after_success(once, anew, NOON + 2 * HOUR)
    assert again.first_seen == NOON - 3 * HOUR
    (unknown,) = after_success((), credential(hours_old=None), NOON)
    assert unknown.first_seen == NOON


def test_the_first_refusal_counts_and_a_login_that_works_again_was_not_dead() -> None:
    records = after_success((), credential(), NOON)
    refused = after_refusal(records, credential(), NOON + HOUR)
    assert after_refusal(refused, credential(), NOON + 5 * HOUR) == refused
    assert refused[0].refused_at == NOON + HOUR
    assert after_success(refused, credential(), NOON + 6 * HOUR)[0].refused_at is None


def test_a_login_that_never_worked_leaves_no_trace() -> None:
    assert after_refusal((), credential(), NOON) == ()


def test_only_the_newest_logins_are_kept() -> None:
    records: tuple[LoginRecord, ...] = ()
    for number in range(KEPT_LOGINS + 5):
        records = after_success(records, credential(f"token-{number}", None), NOON + number * HOUR)
    assert len(records) == KEPT_LOGINS
    assert records[-1].fingerprint == fingerprint(Secret(f"token-{KEPT_LOGINS + 4}"))


@pytest.mark.parametrize(("hours", "warned"), [(7.9, False), (8.0, True), (30.0, True)])
def test_a_warning_comes_after_80_percent_of_the_learned_life(hours: float, warned: bool) -> None:
    found = outlook(credential(hours_old=hours), [ended(10, 1), ended(10, 2)])
    assert bool(login_warning(found, NOON)) is warned
    assert login_json(found, NOON, "")["warning"] == login_warning(found, NOON)


def test_nobody_is_warned_where_nothing_is_known_or_all_is_over() -> None:
    records = [ended(10, 1), ended(10, 2)]
    assert not login_warning(outlook(credential(hours_old=99), []), NOON)
    assert not login_warning(outlook(credential(hours_old=None), records), NOON)
    worked = after_success(records, credential(hours_old=99), NOON)
    refused = outlook(credential(hours_old=99), after_refusal(worked, credential(), NOON))
    assert not login_warning(refused, NOON), "it is refused already"
    assert "refused 2 hours ago: cloud-sync login" in login_text(refused, NOON + 2 * HOUR)


def test_the_age_of_a_login_from_elsewhere_counts_from_its_first_use() -> None:
    used = after_success((), credential(hours_old=None), NOON - 5 * HOUR)
    found = outlook(credential(hours_old=None), used)
    assert login_text(found, NOON) == "first used 5 hours ago, from the file"
    assert login_text(outlook(credential(hours_old=None), ()), NOON) == (
        "from the file, of unknown age"
    )
