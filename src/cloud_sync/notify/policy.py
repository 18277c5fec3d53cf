"""Who hears of a run: one message per change of state, and quiet while all is well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloud_sync.model.report import Result, RunSummary


def worth_telling(previous: Result | None, now: Result) -> bool:
    """True when the run's result differs from the last one's, and not for a first good run.

    An interrupted run was ended by a person, who knows.
    """
    if now is Result.INTERRUPTED:
        return False
    return now is not (previous or Result.COMPLETED)


def known_after(previous: Result | None, now: Result, *, delivered: bool) -> Result | None:
    """What a person knows after a run, whose message, if one was due, was `delivered` or not."""
    if now is Result.INTERRUPTED:
        return previous
    if worth_telling(previous, now) and not delivered:
        # nothing known and all well are the same to a person
        return previous or Result.COMPLETED
    return now


def newly_given_up(failures: Mapping[str, int], limit: int) -> list[str]:
    """Media whose failing runs in a row have just reached `limit`: told once, and never again."""
    return [media_id for media_id, count in failures.items() if count == limit]


def last_told(summaries: Sequence[RunSummary]) -> Result | None:
    """The result that a person last knew of, from runs of which the newest comes first.

    A run that does not say is taken to have told its own result, unless it was interrupted.
    """
    for summary in summaries:
        if summary.told is not None:
            return summary.told
        if summary.result is not Result.INTERRUPTED:
            return summary.result
    return None
