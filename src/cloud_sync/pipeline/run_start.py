"""Begins a run whose media are archived by other processes: list, plan, remember, write it down."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cloud_sync.archive.run_files import MANIFEST, PLAN, RunFiles
from cloud_sync.errors import CloudSyncError, InternalError
from cloud_sync.model.report import Outcome, RunSummary
from cloud_sync.notify.policy import owed
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.due import due_media
from cloud_sync.pipeline.events import Observer, RunEnded, RunStarted
from cloud_sync.pipeline.guarded_provider import guarded
from cloud_sync.pipeline.heartbeat import kept_alive
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.login_wait import LoginWaiter, Telling
from cloud_sync.pipeline.planning import Planned, make_plan, planned_run, settle_vanished
from cloud_sync.pipeline.results import result_of
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.telling_later import before_telling
from cloud_sync.summary.tally import Tally
from cloud_sync.summary.tally_record import tally_text
from cloud_sync.transfer.stopping import Stop

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Begun:
    """What the plan holds, in counts of media. The run is open when `due` is above 0; where it is
    over, `tell` is whether a person is to hear of it.
    """

    found: int
    due: int
    already_archived: int
    tell: bool = False


def start_run(
    rooms: Rooms, files: RunFiles, options: RunOptions, stop: Stop, observe: Observer
) -> Begun:
    """Take the run lease, plan, and write plan and manifest for the processes that follow.

    With nothing due, and where it raises what provider, tracker and archive raise, the run is
    ended here. LeaseHeld while another run is at work, and nothing is changed then. The same run
    may be started again.
    """
    run_id = options.new_run_id()
    now = rooms.clock.now()
    rooms.tracker.begin_run(run_id, options.owner, now=now, until=now + options.lease)
    observe(RunStarted(run_id, rooms.archive.location))
    tally = Tally(run_id, rooms.archive.location, now)
    rooms, caller = _prepared(rooms, options, stop, observe)
    with (
        kept_alive(rooms, run_id, stop, observe, options.lease),
        _ended_by_trouble(rooms, tally, caller),
    ):
        planned = planned_run(rooms, options, caller, _waiter(rooms, caller), tally)
        settle_vanished(rooms, planned.census, run_id, options.owner, tally)
        if planned.plan.due:
            files.write(run_id, PLAN, [tally_text(tally)])
            files.write(run_id, MANIFEST, (each.to_line() for each in due_media(planned.plan)))
    tell = not planned.plan.due and owed(_end(rooms, tally, None, caller))
    return replace(_begun(planned, tally.found), tell=tell)


def count_only(rooms: Rooms, options: RunOptions, stop: Stop, observe: Observer) -> Begun:
    """The same counts, and nothing written."""
    rooms, caller = _prepared(rooms, options, stop, observe)
    waiter = _waiter(rooms, caller)
    planned = waiter.held(lambda: make_plan(rooms, options, caller, waiter.guard))
    return _begun(planned, len(planned.census.ids) + len(planned.census.unreadable))


def _begun(planned: Planned, found: int) -> Begun:
    return Begun(found, len(planned.plan.due), planned.plan.already_archived)


def _prepared(
    rooms: Rooms, options: RunOptions, stop: Stop, observe: Observer
) -> tuple[Rooms, Caller]:
    provider = guarded(rooms, options, stop, observe)
    return replace(rooms, provider=provider), Caller(options.retries, stop, observe)


def _waiter(rooms: Rooms, caller: Caller) -> LoginWaiter:
    """It judges what an error says of the login, and waits for none."""
    nobody = Telling(waits=lambda _: None, goes_on=lambda: None)
    return LoginWaiter(LoginGuard(rooms, caller), caller, rooms.clock, None, nobody)


@contextmanager
def _ended_by_trouble(rooms: Rooms, tally: Tally, caller: Caller) -> Iterator[None]:
    """End the run with what stopped it; what could be counted is, and the rest stays due."""
    try:
        yield
    except CloudSyncError as error:
        _end(rooms, tally, error, caller)
        raise
    except Exception as error:
        _LOG.debug("beginning a run", exc_info=True)
        _end(rooms, tally, InternalError(error), caller)
        raise InternalError(error) from error


def _end(rooms: Rooms, tally: Tally, blocker: CloudSyncError | None, caller: Caller) -> RunSummary:
    tally.count(Outcome.PENDING, tally.found - tally.counts.total())
    summary = tally.close(
        result_of(blocker, None, tally),
        (rooms.clock.now() - tally.started_at).total_seconds(),
        blocker.message if blocker else "",
    )
    try:
        summary, _ = before_telling(rooms.tracker, summary)
        rooms.tracker.end_run(summary)
    except CloudSyncError as trouble:
        if blocker is None:
            raise
        # the run's lease runs out by itself; what stopped the run is the thing to tell
        _LOG.debug("ending a run: %s", trouble.message)
    caller.observe(RunEnded(summary))
    return summary
