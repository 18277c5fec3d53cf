"""Who hears of a run: one message per change of state, and quiet while all is well.

| what                                                    | severity |
|---------------------------------------------------------|----------|
| the same as last time, or a run that a person ended     | quiet    |
| media began to fail, or the trouble is another now      | tell     |
| all is well again                                       | tell     |
| media are no longer tried by themselves                 | tell     |
| a week is over, where the digest is wanted              | tell     |
| the camera cloud wants a login, or the run failed       | wake     |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from cloud_sync.model.report import Result, RunSummary
from cloud_sync.notify.base import Severity

_WAKING = (Result.AUTH_REQUIRED, Result.FAILED)


def worth_telling(previous: Result | None, now: Result) -> bool:
    """True when the run's result differs from the last one's, and not for a first good run.

    An interrupted run was ended by a person, who knows.
    """
    if now is Result.INTERRUPTED:
        return False
    return now is not (previous or Result.COMPLETED)


def severity_of(previous: Result | None, now: Result) -> Severity:
    """How much it matters that a run ended so, to a person who last knew of `previous`."""
    if not worth_telling(previous, now):
        return Severity.QUIET
    return Severity.WAKE if now in _WAKING else Severity.TELL


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


def owed(summary: RunSummary) -> bool:
    """Whether a person is still to hear of a run whose summary says what they know."""
    if summary.result is Result.INTERRUPTED:
        return bool(summary.unheard)
    return bool(summary.unheard) or worth_telling(summary.told, summary.result)


def still_unheard(summaries: Sequence[RunSummary]) -> tuple[str, ...]:
    """Media that a person should have heard of and has not, by the newest of these runs."""
    return summaries[0].unheard if summaries else ()


def digest_due(now: datetime, summaries: Sequence[RunSummary]) -> bool:
    """Whether the week's digest is to go out: by the first run of a week (from Monday, in UTC)
    that follows runs of an earlier one, and by the next one where that could not hand it over.
    """
    earlier = any(_week(each.started_at) < _week(now) for each in summaries)
    sent = any(each.digested and _week(each.started_at) >= _week(now) for each in summaries)
    return earlier and not sent


def since_digest(summaries: Sequence[RunSummary]) -> list[RunSummary]:
    """The runs that no digest has counted, of runs of which the newest comes first."""
    found: list[RunSummary] = []
    for summary in summaries:
        if summary.digested:
            break
        found.append(summary)
    return found


def _week(instant: datetime) -> tuple[int, int]:
    year, week, _ = instant.isocalendar()
    return year, week
