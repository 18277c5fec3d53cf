"""Archives one medium of a run that was begun elsewhere, or goes on with it, until time is up."""

from __future__ import annotations

from dataclasses import dataclass, replace

from cloud_sync.errors import SourceNotUnderstood
from cloud_sync.model.tracking import Status, TrackedFile, TrackedMedium
from cloud_sync.pipeline.archiving import MediumArchiver, MediumReport
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.due import DueMedium, listed_item
from cloud_sync.pipeline.events import MediumSettled, Observer
from cloud_sync.pipeline.guarded_provider import guarded
from cloud_sync.pipeline.heartbeat import kept_alive
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.source_doubts import proven_rules
from cloud_sync.pipeline.transferring import engine_of
from cloud_sync.tracker.base import Tracker
from cloud_sync.transfer.stopping import Stop


@dataclass(frozen=True, slots=True)
class CallReport:
    """How one call for a medium ended.

    `row` is the medium's row afterwards. `bytes` were stored durably in this call, whole parts of
    unfinished files among them.
    """

    report: MediumReport
    row: TrackedMedium
    bytes: int


def archive_one(
    rooms: Rooms, options: RunOptions, due: DueMedium, stop: Stop, observe: Observer
) -> CallReport:
    """Archive the medium under the run's lease, from its checkpoint on.

    When `stop` comes first, the medium stays due with a checkpoint and `report.stopped_by` says
    so. Raises LeaseHeld when the run has lost its lease, and what the tracker raises.
    """
    run_id = options.new_run_id()
    tracker = rooms.tracker
    tracker.renew_run(run_id, until=rooms.clock.now() + options.lease)
    before = tracked_row(tracker, due.media_id)
    stored = stored_bytes(tracker, before)
    rooms = replace(rooms, provider=guarded(rooms, options, stop, observe))
    caller = Caller(options.retries, stop, observe)
    item = listed_item(due, before)
    with (
        kept_alive(rooms, run_id, stop, observe, options.lease),
        engine_of(rooms, options, proven_rules(rooms, options)) as engine,
    ):
        login = LoginGuard(rooms, caller)
        report = MediumArchiver(rooms, options, run_id, engine, caller, login).archive(item)
    after = tracked_row(tracker, due.media_id)
    observe(MediumSettled(item.id, item.filename, report.outcome, report.named))
    return CallReport(report, after, max(0, stored_bytes(tracker, after) - stored))


def tracked_row(tracker: Tracker, media_id: str) -> TrackedMedium:
    """The medium's row; SourceNotUnderstood when nothing is known of it."""
    row = tracker.known([media_id]).get(media_id)
    if row is None:
        raise SourceNotUnderstood(f"looking up medium {media_id}: the tracker does not know it")
    return row


def stored_bytes(tracker: Tracker, row: TrackedMedium) -> int:
    """What the archive holds of the medium: files that are whole, and parts of the others."""
    return sum(_stored_of(tracker, row.media_id, file) for file in row.files)


def _stored_of(tracker: Tracker, media_id: str, file: TrackedFile) -> int:
    if file.status is Status.COMPLETED:
        return file.size or 0
    saved = tracker.checkpoint(media_id, file.number)
    return sum(part.length for part in saved.parts) if saved else 0
