"""One run from the login check to the summary: the flow that both doors share."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from cloud_sync.errors import AuthRequired, CloudSyncError, InternalError, Interrupted
from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Outcome, Result, RunSummary
from cloud_sync.notify.policy import last_told, worth_telling
from cloud_sync.pipeline.archiving import MediumArchiver
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import Observer, RunEnded, RunStarted, Warned
from cloud_sync.pipeline.heartbeat import LEASE_FOR, kept_alive
from cloud_sync.pipeline.planning import count_plan, make_plan, settle_vanished
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.transferring import TransferStage
from cloud_sync.summary.render import headline, summary_text
from cloud_sync.summary.tally import Tally
from cloud_sync.tracker.plan import QUARANTINED
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.engine import TransferEngine
from cloud_sync.transfer.stopping import Stop, StopReason

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RunReport:
    """A run's summary, and the error that ended it early, if one did."""

    summary: RunSummary
    blocker: CloudSyncError | None


def validate_login(rooms: Rooms, caller: Caller) -> None:
    """Make sure that the camera cloud lets us in; AuthRequired when it does not."""
    caller.retried("checking the login", rooms.provider.check_login)


def sync(rooms: Rooms, options: RunOptions, stop: Stop, observe: Observer) -> RunReport:
    """Make the archive hold what the camera cloud has. Nothing is ever deleted on either side.

    Raises LeaseHeld while another run is at work; any other trouble is in the report.
    """
    run_id = options.new_run_id()
    started_at, started = rooms.clock.now(), rooms.clock.monotonic()
    rooms.tracker.begin_run(run_id, options.owner, now=started_at, until=started_at + LEASE_FOR)
    observe(RunStarted(run_id, rooms.archive.location))
    tally = Tally(run_id, rooms.archive.location, started_at)
    caller = Caller(options.retries, stop, observe)
    with kept_alive(rooms, run_id, stop, observe):
        blocker = _work(rooms, options, run_id, caller, tally)
    summary = tally.close(
        _result(blocker, stop, tally),
        rooms.clock.monotonic() - started,
        blocker.message if blocker else "",
    )
    told = last_told(rooms.tracker.runs())
    rooms.tracker.end_run(summary)
    observe(RunEnded(summary))
    if worth_telling(told, summary.result):
        _notify(rooms, summary, observe)
    return RunReport(summary, blocker)


def _work(
    rooms: Rooms, options: RunOptions, run_id: str, caller: Caller, tally: Tally
) -> CloudSyncError | None:
    """Validate, list, plan, transfer. Returns the error that ended the run early, if one did."""
    due: list[MediaItem] = []
    blocker: CloudSyncError | None = None
    try:
        validate_login(rooms, caller)
        planned = make_plan(rooms, options, caller)
        rooms.tracker.remember(planned.plan.entries, now=rooms.clock.now())
        count_plan(planned, tally)
        due = planned.plan.due
        settle_vanished(rooms, planned.census, run_id, options.owner, tally)
        if due:
            # proving that the archive can be written means writing: only where that is needed
            caller.retried("checking the archive", rooms.archive.check)
    except Interrupted:
        pass
    except CloudSyncError as error:
        blocker = error
    except Exception as error:  # noqa: BLE001 the run must end with a summary all the same
        _LOG.debug("planning the run", exc_info=True)
        blocker = InternalError(error)
    if blocker is not None:
        caller.stop.request(StopReason.BLOCKED)
    limit = BandwidthLimit(options.bytes_per_second, rooms.clock)
    with TransferEngine(
        rooms.provider, rooms.archive, limit, rooms.clock, retries=options.retries
    ) as engine:
        archiver = MediumArchiver(rooms, options, run_id, engine, caller)
        stage = TransferStage(archiver, options.concurrency, caller.stop, caller.observe)
        stage.run(due, tally)
    return blocker or stage.blocker


def _result(blocker: CloudSyncError | None, stop: Stop, tally: Tally) -> Result:
    if isinstance(blocker, AuthRequired):
        return Result.AUTH_REQUIRED
    if blocker or stop.reason is StopReason.BLOCKED:
        return Result.FAILED
    if stop.reason is StopReason.INTERRUPTED:
        return Result.INTERRUPTED
    missing = tally.counts[Outcome.FAILED] or tally.reasons[QUARANTINED]
    if missing or not tally.listing_complete:
        return Result.COMPLETED_WITH_FAILURES
    return Result.COMPLETED


def _notify(rooms: Rooms, summary: RunSummary, observe: Observer) -> None:
    try:
        rooms.notifier.send(f"cloud-sync: {headline(summary)}", summary_text(summary))
    except CloudSyncError as error:
        observe(Warned(f"{error.message}; the run itself is not affected"))
