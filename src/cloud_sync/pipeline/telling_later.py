"""What a person is to hear of a run, where somebody else hands the message over afterwards.

The summary is kept as if nobody could be told; only when the message was handed over does the
person count as knowing. So what gets lost on the way is told by the next run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cloud_sync.clock import Clock
from cloud_sync.errors import UsageError
from cloud_sync.model.report import Named, Outcome, Result, RunSummary
from cloud_sync.notify.policy import known_after, last_told, owed, still_unheard
from cloud_sync.pipeline.quarantine import given_up_media
from cloud_sync.tracker.base import Tracker

LOOKED_THROUGH = 100
"""How many ended runs are looked through for what a person knows."""


def before_telling(tracker: Tracker, summary: RunSummary) -> tuple[RunSummary, list[Named]]:
    """The summary with what a person knows before a message about it, and the media that are no
    longer tried by themselves of which they have not heard.

    A run that a person has heard of already stays heard of. Raises what the tracker raises.
    """
    runs = tracker.runs(LOOKED_THROUGH)
    own = next((each for each in runs if each.run_id == summary.run_id), None)
    if own and own.result is summary.result and not owed(own):
        return replace(summary, told=own.told, unheard=()), []
    before = [each for each in runs if each.run_id != summary.run_id]
    given_up = given_up_media(tracker, summary, still_unheard(before))
    told = known_after(last_told(before), summary.result, delivered=False)
    unheard = tuple(named.media_id for named in given_up)
    return replace(summary, told=told, unheard=unheard), given_up


def after_telling(tracker: Tracker, run_id: str) -> RunSummary:
    """Note that the message about this run was handed over; UsageError where no run is so called,
    and what the tracker raises.
    """
    summary = run_called(tracker.runs(LOOKED_THROUGH), run_id)
    if summary is None:
        raise UsageError(f"noting that a person knows of the run {run_id}: there is no such run")
    summary = replace(summary, told=summary.result, unheard=())
    tracker.end_run(summary)
    return summary


def end_by_trouble(
    tracker: Tracker,
    clock: Clock,
    run_id: str,
    *,
    archive: str,
    started_at: datetime,
    result: Result,
    message: str,
    keep: bool = True,
) -> RunSummary:
    """End a run that something outside of it has stopped, with what is known of it.

    A run that ended badly by itself keeps its own result and words. With `keep` off nothing is
    written, and nobody is to be told. Raises what the tracker raises.
    """
    own = run_called(tracker.runs(LOOKED_THROUGH), run_id)
    if own and own.result in (Result.AUTH_REQUIRED, Result.FAILED):
        summary = own
    else:
        bare = _bare(run_id, archive, started_at, clock)
        summary = replace(own or bare, result=result, message=message)
    if not keep:
        return replace(summary, told=summary.result)
    summary, _ = before_telling(tracker, summary)
    tracker.end_run(summary)
    return summary


def run_called(runs: Sequence[RunSummary], run_id: str) -> RunSummary | None:
    """The run of that name among these."""
    return next((each for each in runs if each.run_id == run_id), None)


def _bare(run_id: str, archive: str, started_at: datetime, clock: Clock) -> RunSummary:
    """A run that came to nothing that could be counted."""
    return RunSummary(
        run_id=run_id,
        result=Result.FAILED,
        archive=archive,
        started_at=started_at,
        duration_seconds=max(0.0, (clock.now() - started_at).total_seconds()),
        found=0,
        new=0,
        counts=dict.fromkeys(Outcome, 0),
        files_archived=0,
        bytes=0,
        listing_complete=False,
    )
