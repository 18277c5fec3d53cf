"""Makes failed media due again, and runs them by the flow that every run takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cloud_sync.model.tracking import Status
from cloud_sync.pipeline.events import Observer
from cloud_sync.pipeline.heartbeat import LEASE_FOR
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.run import RunReport, sync
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.retry_plan import chosen_by_id, chosen_by_run
from cloud_sync.transfer.stopping import Stop


def choose(
    tracker: Tracker, media_ids: Sequence[str] = (), run_id: str | None = None
) -> tuple[str, ...]:
    """The media to try again: those named, those that failed in a run, or all that have failed.

    UsageError for ids and runs that are not known, and for media that are archived.
    """
    if run_id is not None:
        failed = tracker.failed_in(run_id)
        return chosen_by_run(failed, run_id, tracker.known(failed or ()))
    if media_ids:
        return chosen_by_id(media_ids, tracker.known(media_ids))
    return tuple(medium.media_id for medium in tracker.media(status=Status.FAILED))


def retry(
    rooms: Rooms, options: RunOptions, media_ids: Sequence[str], stop: Stop, observe: Observer
) -> RunReport:
    """Count the media's failures anew and run them, and no others.

    Raises LeaseHeld while another run is at work, and nothing is changed then.
    """
    run_id = options.new_run_id()
    now = rooms.clock.now()
    rooms.tracker.begin_run(run_id, options.owner, now=now, until=now + LEASE_FOR)
    rooms.tracker.make_due(media_ids, run_id, now=now)
    policy = replace(options.policy, only=frozenset(media_ids), retry_failed=True)
    asked = replace(options, policy=policy, new_run_id=lambda: run_id)
    return sync(rooms, asked, stop, observe)
