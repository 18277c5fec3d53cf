"""Which media a retry is about, and that the run it makes is about no others."""

from __future__ import annotations

import pytest

from builders import NOON, item, tracked
from cloud_sync.errors import UsageError
from cloud_sync.model.report import Outcome
from cloud_sync.model.tracking import Reason, Status
from cloud_sync.tracker.plan import NOT_ASKED_FOR, Plan, Policy, plan_batch
from cloud_sync.tracker.retry_plan import chosen_by_id, chosen_by_run

KNOWN = {
    "f": tracked("f", Status.FAILED),
    "p": tracked("p", Status.PENDING),
    "s": tracked("s", Status.SKIPPED),
    "c": tracked("c", Status.COMPLETED),
}


def test_media_are_chosen_by_id_once_each_in_the_order_given() -> None:
    assert chosen_by_id(["s", "f", "p", "f"], KNOWN) == ("s", "f", "p")


@pytest.mark.parametrize(
    ("ids", "named"), [(["f", "nope", "nix"], "nope, nix"), (["f", "c"], ": c")]
)
def test_unknown_and_archived_media_are_refused_by_name(ids: list[str], named: str) -> None:
    with pytest.raises(UsageError, match=named) as refused:
        chosen_by_id(ids, KNOWN)
    assert refused.value.hint
    assert "f" not in refused.value.message.rpartition(": ")[2].split(", ")


def test_what_a_later_run_archived_is_left_out_of_a_runs_failures() -> None:
    assert chosen_by_run(["c", "f"], "run-1", KNOWN) == ("f",)
    assert chosen_by_run([], "run-1", KNOWN) == ()


def test_a_run_that_nobody_knows_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="run-9"):
        chosen_by_run(None, "run-9", KNOWN)


def test_a_run_about_some_media_leaves_the_others_as_they_are() -> None:
    """Counted, named, and not written: a waiting medium must not become a filtered one."""
    plan = Plan()
    waiting = Reason("not_ready", "not yet")
    failed = {"failures": 9, "reason": Reason("stream_broken", "broke off")}
    known = {
        "f": tracked("f", Status.FAILED, **failed),
        "g": tracked("g", Status.FAILED, **failed),
        "p": tracked("p", Status.PENDING, reason=waiting),
        "c": tracked("c", Status.COMPLETED),
    }
    items = [item(each) for each in ("f", "g", "p", "c", "new")]
    policy = Policy(only=frozenset({"f"}), retry_failed=True)
    plan_batch(plan, items, known, policy, NOON)
    assert [due.id for due in plan.due] == ["f"]
    assert plan.already_archived == 1
    left = {skip.item.id: (skip.outcome, skip.reason) for skip in plan.skips}
    assert left == dict.fromkeys(("g", "p", "new"), (Outcome.FILTERED, NOT_ASKED_FOR))
    plan.close(None)
    assert [entry.item.id for entry in plan.entries] == ["f"]


def test_without_ids_every_medium_is_asked_for() -> None:
    plan = Plan()
    plan_batch(plan, [item("a")], {}, Policy(), NOON)
    assert [due.id for due in plan.due] == ["a"]
