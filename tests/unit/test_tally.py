"""The tally: no medium without an outcome, and failures are never crowded out of the names."""

from __future__ import annotations

import pytest

from builders import NOON
from cloud_sync.model.report import NAMED_LIMIT, Named, Outcome, Result
from cloud_sync.summary.tally import MediumWithoutOutcome, Tally


def named(media_id: str, outcome: Outcome, code: str = "x") -> Named:
    return Named(media_id, f"{media_id}.MP4", outcome, code, "because")


def test_counts_names_and_reasons() -> None:
    tally = Tally("run-1", "/archive", NOON, found=4, new=2, files_archived=3, bytes=30)
    tally.count(Outcome.ARCHIVED)
    tally.count(Outcome.ALREADY_ARCHIVED, 2)
    tally.name(named("a", Outcome.FAILED, "key_taken"))
    summary = tally.close(Result.COMPLETED_WITH_FAILURES, 2.0, "why")

    assert set(summary.counts) == set(Outcome), "every outcome is there, zero included"
    assert summary.found == sum(summary.counts.values()) == 4
    assert summary.reasons == {"key_taken": 1}
    assert [each.media_id for each in summary.named] == ["a"]
    assert (summary.new, summary.files_archived, summary.bytes) == (2, 3, 30)
    assert (summary.duration_seconds, summary.message) == (2.0, "why")


@pytest.mark.parametrize("found", [0, 2])
def test_a_run_that_lost_sight_of_a_medium_is_refused(found: int) -> None:
    tally = Tally("run-1", "/archive", NOON, found=found)
    tally.count(Outcome.ARCHIVED)
    with pytest.raises(MediumWithoutOutcome, match=f"{found} media were found, 1 have"):
        tally.close(Result.COMPLETED, 1.0)


def test_names_are_bounded_and_failures_come_first() -> None:
    """Thousands of filtered media must not hide the one that failed."""
    many = NAMED_LIMIT + 5
    tally = Tally("run-1", "/archive", NOON, found=many + 1)
    for number in range(many):
        tally.name(named(f"f{number}", Outcome.FILTERED, "filtered"))
    tally.name(named("lost", Outcome.FAILED, "key_taken"))
    summary = tally.close(Result.COMPLETED_WITH_FAILURES, 1.0)
    assert len(summary.named) == NAMED_LIMIT
    assert summary.named[0].media_id == "lost"
    assert summary.reasons == {"filtered": many, "key_taken": 1}
