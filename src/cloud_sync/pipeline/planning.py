"""Lists the library and makes the plan: every medium found is due, or counted with a reason."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cloud_sync.errors import AuthRequired
from cloud_sync.model.media import Page
from cloud_sync.model.report import UNREADABLE_ROW, Named, Outcome
from cloud_sync.model.tracking import Reason, Status, TrackedMedium
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.discovery import Census, discover
from cloud_sync.pipeline.events import PageListed, PlanMade, Warned
from cloud_sync.pipeline.heartbeat import CLAIM_FOR
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.login_wait import LoginWaiter
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.unfinished import discard_unfinished
from cloud_sync.summary.render import count
from cloud_sync.summary.tally import Tally
from cloud_sync.tracker.plan import VANISHED, Decision, Plan, plan_batch

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Planned:
    """A plan with the listing that it rests on."""

    plan: Plan
    census: Census


def make_plan(rooms: Rooms, options: RunOptions, caller: Caller, login: LoginGuard) -> Planned:
    """List every page and decide on every medium. Writes nothing in the archive or the tracker.

    A page that is refused while the login works is one page that cannot be had.

    A listing that lacks a medium that is still due is read once more: nothing is called gone by
    one reading alone, in which it may have slipped from one page to another.
    """
    plan, census = Plan(), Census()

    def take_in() -> None:
        for batch in discover(_fetch(rooms, caller, login), census):
            known = rooms.tracker.known([item.id for item in batch])
            plan_batch(plan, batch, known, options.policy, rooms.clock.now())
            caller.observe(PageListed(len(census.ids), census.total_items))

    with rooms.spans.span("list"):
        take_in()
        if census.complete and next(_vanished(rooms, census), None):
            take_in()
    plan.close(options.limit)
    for warning in _warnings(census):
        caller.observe(Warned(warning))
    caller.observe(
        PlanMade(len(plan.due), sum(item.size or 0 for item in plan.due), plan.already_archived)
    )
    return Planned(plan, census)


def _fetch(rooms: Rooms, caller: Caller, login: LoginGuard) -> Callable[[int], Page]:
    def fetch(number: int) -> Page:
        caller.stop.check()
        try:
            return caller.retried(lambda: rooms.provider.list_page(number))
        except AuthRequired as error:
            raise login.judged(error) from error.__cause__

    return fetch


def _warnings(census: Census) -> Iterator[str]:
    """What keeps the listing from being complete: media that are missing, rows not understood."""
    if census.short_by:
        yield (
            f"the listing is incomplete: the cloud counts {census.total_items} media, "
            f"{len(census.listed)} were listed; run again to find the rest"
        )
    for doubt in census.doubts():
        yield f"the listing is incomplete: {doubt}; run again to find the rest"
    if census.unreadable:
        for sentence in census.unreadable:
            _LOG.debug("unreadable row: %s", sentence)
        yield (
            f"{count(len(census.unreadable), 'row', 'rows')} of the listing could not be read "
            f"(first: {census.unreadable[0]}); running again does not help, report what "
            "--verbose prints"
        )


def planned_run(
    rooms: Rooms, options: RunOptions, caller: Caller, login: LoginWaiter, tally: Tally
) -> Planned:
    """List, decide, remember and count: what a run begins with, once it has its lease."""
    planned = login.held(lambda: make_plan(rooms, options, caller, login.guard))
    login.guard.worked()
    with rooms.spans.span("plan"):
        rooms.tracker.remember(planned.plan.entries, now=rooms.clock.now())
        count_plan(planned, tally)
    return planned


def count_plan(planned: Planned, tally: Tally) -> None:
    """Count everything that was found, and name what is not due."""
    plan, census = planned.plan, planned.census
    tally.found += len(census.ids) + len(census.unreadable)
    tally.new += plan.seen_first
    tally.listing_complete = census.complete
    tally.listing_short_by = census.short_by
    tally.listing_doubt = "; ".join(census.doubts())
    tally.count(Outcome.ALREADY_ARCHIVED, plan.already_archived)
    for decision in plan.skips:
        tally.name(named(decision))
    for sentence in census.unreadable:
        tally.name(Named("", "", Outcome.NEEDS_ATTENTION, UNREADABLE_ROW, sentence))


def named(decision: Decision) -> Named:
    """The name and reason of a medium that is not due."""
    reason = decision.reason or Reason("skipped", "")
    outcome = decision.outcome or Outcome.PENDING
    return Named(decision.item.id, decision.item.filename, outcome, reason.code, reason.message)


def settle_vanished(rooms: Rooms, census: Census, run_id: str, owner: str, tally: Tally) -> None:
    """Media that were still due but are no longer in a complete listing: gone, and named so.

    What was archived before its deletion in the cloud stays as it is; what was begun is discarded.
    """
    if not census.complete:
        return
    tracker = rooms.tracker
    for medium in list(_vanished(rooms, census)):
        now = rooms.clock.now()
        if not tracker.claim(medium.media_id, run_id, owner, now=now, until=now + CLAIM_FOR):
            continue
        discard_unfinished(rooms, medium.media_id, owner, medium.files)
        tracker.settle(
            medium.media_id,
            owner,
            Status.SKIPPED,
            now=now,
            reason=VANISHED,
            counts_as_attempt=False,
        )
        tally.found += 1
        tally.name(Named(medium.media_id, medium.filename, Outcome.GONE, *_parts(VANISHED)))


def _vanished(rooms: Rooms, census: Census) -> Iterator[TrackedMedium]:
    """Media that are still due, and that no reading of the listing held."""
    for status in (Status.PENDING, Status.FAILED, Status.IN_PROGRESS):
        for medium in rooms.tracker.media(status=status):
            if medium.media_id not in census.ids:
                yield medium


def _parts(reason: Reason) -> tuple[str, str]:
    return reason.code, reason.message
