"""What to do with each listed medium: a pure comparison of listing, memory and policy.

The first line that fits decides:

| tracked as                              | listed as            | decision                      |
|-----------------------------------------|----------------------|-------------------------------|
| COMPLETED                               | with more files or   | needs attention: grown at the |
|                                         | bytes than archived  | source; the archive stays     |
| COMPLETED                               | anything else        | already archived              |
| IN_PROGRESS under a live lease          | anything             | pending: claimed elsewhere    |
| anything                                | not among the media  | filtered: not asked for, and  |
|                                         | that were asked for  | the tracker stays as it is    |
| anything                                | outside the filters  | skipped: filtered             |
| anything                                | not ready            | pending: not ready            |
| SKIPPED: gone by its own answer, or     | unchanged, seen      | skipped: the same again       |
| without an original                     | within RECHECK_AFTER |                               |
| FAILED, in QUARANTINE_AFTER runs in a   | ready                | needs attention: quarantined, |
| row or more                             |                      | unless failed media are asked |
|                                         |                      | for                           |
| anything else                           | ready                | due                           |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fnmatch import fnmatchcase

from cloud_sync.archive.layout import first_key_candidates
from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Outcome
from cloud_sync.model.tracking import Reason, Status, TrackedMedium
from cloud_sync.tracker.base import Entry

RECHECK_AFTER = timedelta(days=7)
"""How long a medium without an original is left alone while its listing does not change."""

QUARANTINE_AFTER = 5
"""How many failing runs in a row make a medium wait for a person."""

GROWTH = 64 * 1024
"""Bytes by which the listing must exceed what is archived to count as more footage: listings drift
by less after the cloud has processed a medium again."""

FILTERED = "filtered"
NOT_READY = "not_ready"
QUARANTINED = "quarantined"
LIMIT_REACHED = "limit_reached"
GROWN = "grown_at_source"

FAILURE = "failure"
"""The state of a medium that the cloud could not process; it may stay so for ever."""

VANISHED = Reason("gone_at_source", "it was listed before and is no longer in the cloud")
"""Why a medium is gone that a complete listing does not hold; listed again, it is due again."""

NOT_ASKED_FOR = Reason("not_asked_for", "this run is about other media")

ELSEWHERE = Reason("claimed_elsewhere", "another run is at work on it")

_EDITS = frozenset({"edit", "multiclipedit"})

_KEEP_FAILURE = (Outcome.FILTERED, Outcome.NEEDS_ATTENTION)
"""Outcomes that leave a FAILED row, and what it says, as it is."""

_LASTING_SKIPS = {"gone_at_source": Outcome.GONE, "no_original": Outcome.NEEDS_ATTENTION}


@dataclass(frozen=True, slots=True)
class Policy:
    """Which media a run is about. Dates are whole days, both ends included.

    `only` are the ids that were asked for; None for all media.
    """

    since: date | None = None
    until: date | None = None
    types: frozenset[str] = frozenset()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    retry_failed: bool = False
    only: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens to one medium: `outcome` is None while it is due, and known otherwise."""

    item: MediaItem
    status: Status
    outcome: Outcome | None
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class StoredBefore:
    """Files of a due medium that earlier runs have stored, and their bytes."""

    files: int
    bytes: int


@dataclass(slots=True)
class Plan:
    """A run's decisions. Only what is due or must be written is kept; the rest is counted.

    `stored_before` has the due media of which some files are stored already.
    """

    due: list[MediaItem] = field(default_factory=list)
    skips: list[Decision] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    already_archived: int = 0
    seen_first: int = 0
    failed_before: set[str] = field(default_factory=set)
    stored_before: dict[str, StoredBefore] = field(default_factory=dict)

    def add(self, decision: Decision, tracked: TrackedMedium | None) -> None:
        """Take in one decision; an entry is written only where the tracker would change."""
        self.seen_first += tracked is None
        if decision.outcome is Outcome.ALREADY_ARCHIVED:
            self.already_archived += 1
            return
        if decision.outcome is None:
            self.due.append(decision.item)
            self._note_stored(decision.item.id, tracked)
            if tracked and tracked.status is Status.FAILED:
                self.failed_before.add(decision.item.id)
            return
        self.skips.append(decision)
        if decision.reason in (ELSEWHERE, NOT_ASKED_FOR) or decision.status is Status.COMPLETED:
            return
        if _changes(decision, tracked):
            self.entries.append(Entry(decision.item, decision.status, decision.reason))

    def _note_stored(self, media_id: str, tracked: TrackedMedium | None) -> None:
        files = tracked.files if tracked else ()
        done = [file for file in files if file.status is Status.COMPLETED]
        if done:
            size = sum(file.size or 0 for file in done)
            self.stored_before[media_id] = StoredBefore(len(done), size)

    def close(self, limit: int | None) -> None:
        """Order what is due by capture date, oldest first, and cut it at `limit`."""
        self.due.sort(key=_by_date)
        due, beyond = (self.due, []) if limit is None else (self.due[:limit], self.due[limit:])
        self.due = due
        for item in due:
            self.entries.append(
                Entry(item, Status.PENDING, key_candidates=first_key_candidates(item))
            )
        reason = Reason(LIMIT_REACHED, f"left for the next run by --limit {limit}")
        for item in beyond:
            self.skips.append(Decision(item, Status.PENDING, Outcome.PENDING, reason))
            if item.id not in self.failed_before:
                self.entries.append(Entry(item, Status.PENDING, reason))


def plan_batch(
    plan: Plan,
    items: Sequence[MediaItem],
    known: Mapping[str, TrackedMedium],
    policy: Policy,
    now: datetime,
) -> None:
    """Decide on one batch of distinct items and add it to the plan."""
    for item in items:
        tracked = known.get(item.id)
        plan.add(decide(item, tracked, policy, now), tracked)


def decide(
    item: MediaItem, tracked: TrackedMedium | None, policy: Policy, now: datetime
) -> Decision:
    """The decision for one medium, by the table above."""
    if tracked and tracked.status is Status.COMPLETED:
        return _decide_completed(item, tracked)
    if tracked and _claimed(tracked, now):
        return Decision(item, Status.IN_PROGRESS, Outcome.PENDING, ELSEWHERE)
    if policy.only is not None and item.id not in policy.only:
        status = tracked.status if tracked else Status.PENDING
        return Decision(item, status, Outcome.FILTERED, NOT_ASKED_FOR)
    if why := filtered_by(item, policy):
        return Decision(item, Status.SKIPPED, Outcome.FILTERED, Reason(FILTERED, why))
    if not item.ready:
        return Decision(item, Status.PENDING, Outcome.PENDING, _why_not_ready(item))
    return _decide_ready(item, tracked, policy, now)


def _why_not_ready(item: MediaItem) -> Reason:
    if item.state.lower() == FAILURE:
        what = "the cloud could not process it; look at it in the GoPro app"
    else:
        what = "the cloud is not done with it"
    return Reason(NOT_READY, f"{what} (state {item.state!r})")


def _decide_completed(item: MediaItem, tracked: TrackedMedium) -> Decision:
    """What is finished is not fetched again, but footage that came later is not kept silent."""
    stored = sum(file.size or 0 for file in tracked.files)
    grown = bool(tracked.files) and (
        # an edit's count is of the clips that it was made of
        (item.file_count > len(tracked.files) and item.type.lower() not in _EDITS)
        or (item.size is not None and item.size > stored + GROWTH)
    )
    if not grown:
        return Decision(item, Status.COMPLETED, Outcome.ALREADY_ARCHIVED)
    listed = "" if item.size is None else f" ({item.size} bytes)"
    message = (
        f"it grew in the cloud after it was archived: {item.file_count} files{listed} are listed, "
        f"{len(tracked.files)} ({stored} bytes) are archived; fetch it from the GoPro web site, or "
        "archive to another folder or bucket"
    )
    return Decision(item, Status.COMPLETED, Outcome.NEEDS_ATTENTION, Reason(GROWN, message))


def _decide_ready(
    item: MediaItem, tracked: TrackedMedium | None, policy: Policy, now: datetime
) -> Decision:
    if tracked and tracked.reason:
        if tracked.status is Status.SKIPPED and _stays_skipped(item, tracked, now):
            outcome = _LASTING_SKIPS[tracked.reason.code]
            return Decision(item, Status.SKIPPED, outcome, tracked.reason)
        if _quarantined(tracked) and not policy.retry_failed:
            message = f"failed in {tracked.failures} runs in a row, last: {tracked.reason.message}"
            reason = Reason(QUARANTINED, message)
            return Decision(item, Status.FAILED, Outcome.NEEDS_ATTENTION, reason)
    return Decision(item, Status.PENDING, None)


def filtered_by(item: MediaItem, policy: Policy) -> str:
    """The filter that leaves the item out, as a sentence; empty when none does.

    A medium without any date passes date filters: it is not known to be outside of them.
    """
    moment = item.captured_at or item.uploaded_at
    day = moment.date() if moment else None
    if day and policy.since and day < policy.since:
        return f"from {day}, before --since {policy.since}"
    if day and policy.until and day > policy.until:
        return f"from {day}, after --until {policy.until}"
    if policy.types and item.type.lower() not in policy.types:
        return f"type {item.type or 'unknown'} is not among --type"
    name = item.filename.lower()
    if policy.include and not any(fnmatchcase(name, glob.lower()) for glob in policy.include):
        return "the name fits no --include"
    for glob in policy.exclude:
        if fnmatchcase(name, glob.lower()):
            return f"the name fits --exclude {glob}"
    return ""


def _claimed(tracked: TrackedMedium, now: datetime) -> bool:
    return (
        tracked.status is Status.IN_PROGRESS
        and tracked.lease_until is not None
        and tracked.lease_until > now
    )


def _stays_skipped(item: MediaItem, tracked: TrackedMedium, now: datetime) -> bool:
    if tracked.reason is None or tracked.reason.code not in _LASTING_SKIPS:
        return False
    if tracked.reason == VANISHED:
        return False
    recent = tracked.sync_timestamp is not None and now - tracked.sync_timestamp < RECHECK_AFTER
    return recent and item.updated_at == tracked.source_updated_at


def _quarantined(tracked: TrackedMedium) -> bool:
    return tracked.status is Status.FAILED and tracked.failures >= QUARANTINE_AFTER


def _changes(decision: Decision, tracked: TrackedMedium | None) -> bool:
    if tracked is None:
        return True
    if tracked.status is Status.FAILED and decision.outcome in _KEEP_FAILURE:
        return False
    return (decision.status, decision.reason) != (tracked.status, tracked.reason) or (
        decision.item.updated_at != tracked.source_updated_at
    )


def _by_date(item: MediaItem) -> tuple[bool, float, str]:
    moment = item.captured_at or item.uploaded_at
    return (moment is None, moment.timestamp() if moment else 0.0, item.id)
