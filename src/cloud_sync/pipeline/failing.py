"""Writes down that a medium has failed, where the process that worked on it cannot do so itself."""

from __future__ import annotations

from cloud_sync.clock import Clock
from cloud_sync.errors import Interrupted, LeaseHeld, NotReady
from cloud_sync.model.report import Named, Outcome
from cloud_sync.model.tracking import Reason, Status, TrackedMedium
from cloud_sync.pipeline.events import MediumSettled, Observer
from cloud_sync.pipeline.heartbeat import CLAIM_FOR
from cloud_sync.pipeline.one_medium import tracked_row
from cloud_sync.tracker.base import Tracker

_SETTLED = (Status.COMPLETED, Status.SKIPPED, Status.FAILED)
_NO_FAILURES = (Interrupted.code, NotReady.code)
"""Codes of a row that say how work ended for a while, not what is wrong."""


def mark_failed(
    tracker: Tracker,
    clock: Clock,
    run_id: str,
    media_id: str,
    reason: Reason,
    observe: Observer,
) -> TrackedMedium:
    """Make the medium FAILED unless this run has settled it before; its row then.

    A row that says why the last try failed keeps that reason, else it gets `reason`. Checkpoints
    stay. `observe` is told where it is settled here. Raises LeaseHeld when the run has lost its
    lease, or another run holds the medium.
    """
    row = tracked_row(tracker, media_id)
    if row.status in _SETTLED:
        return row
    if row.lease_owner != run_id:
        now = clock.now()
        if tracker.claim(media_id, run_id, run_id, now=now, until=now + CLAIM_FOR) is None:
            raise LeaseHeld(
                f"marking medium {media_id} as failed: another run is at work on it",
                kept="its row stays as it is",
            )
    known = row.reason if row.reason and row.reason.code not in _NO_FAILURES else None
    why = known or reason
    tracker.settle(media_id, run_id, Status.FAILED, now=clock.now(), reason=why)
    named = Named(media_id, row.filename, Outcome.FAILED, why.code, why.message)
    observe(MediumSettled(media_id, row.filename, Outcome.FAILED, named))
    return tracked_row(tracker, media_id)
