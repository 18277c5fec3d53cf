"""How a run as a whole ended, from what stopped it and what its media came to."""

from __future__ import annotations

from cloud_sync.errors import AuthRequired, CloudSyncError
from cloud_sync.model.report import Outcome, Result
from cloud_sync.summary.tally import Tally
from cloud_sync.tracker.plan import QUARANTINED
from cloud_sync.transfer.stopping import StopReason


def result_of(
    blocker: CloudSyncError | None, stopped_by: StopReason | None, tally: Tally
) -> Result:
    """`blocker` is the error that ended the run early, `stopped_by` why it was asked to stop."""
    if isinstance(blocker, AuthRequired):
        return Result.AUTH_REQUIRED
    if blocker or stopped_by is StopReason.BLOCKED:
        return Result.FAILED
    if stopped_by is StopReason.INTERRUPTED:
        return Result.INTERRUPTED
    missing = tally.counts[Outcome.FAILED] or tally.reasons[QUARANTINED]
    if missing or not tally.listing_complete:
        return Result.COMPLETED_WITH_FAILURES
    return Result.COMPLETED
