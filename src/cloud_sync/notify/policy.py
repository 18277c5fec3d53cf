"""Who hears of a run: one message per change of state, and quiet while all is well."""

from __future__ import annotations

from collections.abc import Sequence

from cloud_sync.model.report import Result, RunSummary


def worth_telling(previous: Result | None, now: Result) -> bool:
    """True when the run's result differs from the last one's, and not for a first good run.

    An interrupted run was ended by a person, who knows.
    """
    if now is Result.INTERRUPTED:
        return False
    return now is not (previous or Result.COMPLETED)


def last_told(summaries: Sequence[RunSummary]) -> Result | None:
    """The result that a person last knew of: of the newest run that was not interrupted."""
    for summary in summaries:
        if summary.result is not Result.INTERRUPTED:
            return summary.result
    return None
