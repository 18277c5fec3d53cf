"""Ends a run whose media were archived by other processes: what became of each stands in its row.

| row of a due medium                     | outcome                                              |
|-----------------------------------------|------------------------------------------------------|
| COMPLETED                               | archived                                             |
| FAILED                                  | failed                                               |
| SKIPPED: gone at the source             | gone                                                 |
| SKIPPED: no original                    | needs attention                                      |
| IN_PROGRESS under this run's lease      | its process died unseen: made FAILED here            |
| PENDING                                 | pending, for the row's reason; without one the run's |
|                                         | time was up before its turn                          |
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cloud_sync.archive.run_files import MANIFEST, PLAN, RunFiles
from cloud_sync.clock import Clock
from cloud_sync.errors import (
    ArchiveRefused,
    ArchiveUnusable,
    AuthRequired,
    AuthTrouble,
    CloudSyncError,
    GoneAtSource,
    InternalError,
    Interrupted,
    MissingExtra,
    NeedsPerson,
    ServiceDown,
    UsageError,
)
from cloud_sync.model.report import Named, Outcome, RunSummary
from cloud_sync.model.tracking import Reason, Status, TrackedMedium
from cloud_sync.pipeline.due import DueMedium
from cloud_sync.pipeline.events import Observer, RunEnded
from cloud_sync.pipeline.failing import mark_failed
from cloud_sync.pipeline.one_medium import stored_bytes
from cloud_sync.pipeline.results import result_of
from cloud_sync.pipeline.telling_later import before_telling
from cloud_sync.pipeline.windowed import batched
from cloud_sync.summary.render import headline
from cloud_sync.summary.tally import Tally
from cloud_sync.summary.tally_record import tally_of
from cloud_sync.tracker.base import Tracker

LOOKED_UP_AT_ONCE = 100
LOOKED_THROUGH = 5
"""How many ended runs are looked through for this one; it is the newest unless a clock is off."""

OUT_OF_TIME = Reason("out_of_time", "left for the next run: the time of this one was up")
CUT_OFF = Reason("cut_off", "the process that worked on it died and left no reason")

_BLOCKING = frozenset(
    kind.code
    for kind in (
        ArchiveRefused,
        ArchiveUnusable,
        MissingExtra,
        NeedsPerson,
        ServiceDown,
        UsageError,
    )
)
"""Reasons of due media for which the run as a whole has failed."""


@dataclass(slots=True)
class Fold:
    """The run's rows as they are taken in. `failed` are the first ids, in the manifest's order."""

    tally: Tally
    most_ids: int
    failed: list[str] = field(default_factory=list)
    postponed: int = 0
    parts_kept: bool = False
    login: Reason | None = None
    blocked: Reason | None = None

    def take(self, due: DueMedium, row: TrackedMedium) -> None:
        """Count one medium, and what this run has stored of it."""
        done = [file for file in row.files if file.status is Status.COMPLETED]
        self.tally.files_archived += max(0, len(done) - due.files_before)
        size = sum(file.size or 0 for file in done)
        self.tally.bytes += max(0, size - due.bytes_before)
        if row.status is Status.COMPLETED:
            self.tally.count(Outcome.ARCHIVED)
            return
        outcome, reason = outcome_of(row)
        self.tally.name(Named(row.media_id, row.filename, outcome, reason.code, reason.message))
        if outcome is Outcome.FAILED and len(self.failed) < self.most_ids:
            self.failed.append(row.media_id)
        if outcome is Outcome.PENDING:
            self._take_pending(reason)

    def _take_pending(self, reason: Reason) -> None:
        self.postponed += reason.code in (OUT_OF_TIME.code, Interrupted.code)
        if reason.code == AuthRequired.code:
            self.login = self.login or reason
        elif reason.code in _BLOCKING:
            self.blocked = self.blocked or reason


@dataclass(frozen=True, slots=True)
class Ended:
    """A run that is over. `failed_ids` are the first, `postponed` those that lacked time only.

    `progressed` is whether anything was stored: a file, or parts of one. `given_up` are media that
    are no longer tried by themselves, and of which a person has not heard.
    """

    summary: RunSummary
    headline: str
    failed_ids: tuple[str, ...]
    postponed: int
    progressed: bool
    given_up: tuple[Named, ...] = ()


def outcome_of(row: TrackedMedium) -> tuple[Outcome, Reason]:
    """What became of a due medium that is not COMPLETED, by the table above."""
    if row.status is Status.FAILED:
        return Outcome.FAILED, row.reason or CUT_OFF
    if row.status is Status.SKIPPED:
        reason = row.reason or Reason("skipped", "")
        gone = reason.code == GoneAtSource.code
        return (Outcome.GONE if gone else Outcome.NEEDS_ATTENTION), reason
    return Outcome.PENDING, row.reason or OUT_OF_TIME


def finish_run(
    tracker: Tracker,
    files: RunFiles,
    clock: Clock,
    run_id: str,
    started_at: datetime,
    observe: Observer,
    *,
    most_ids: int,
) -> Ended:
    """Fold the plan and the rows of all due media, and end the run with the summary.

    Memory stays flat. A second call for the same run gives the same, and tells of its end no
    second time. Raises what tracker and
    files raise, and InternalError for a due medium that has no row.
    """
    tally = tally_of(next(files.read(run_id, PLAN)))
    tally.started_at = started_at
    fold = Fold(tally, most_ids)
    for due, found in _rows(tracker, files, run_id):
        row = found
        if row.status is Status.IN_PROGRESS and row.lease_owner == run_id:
            row = mark_failed(tracker, clock, run_id, row.media_id, CUT_OFF, observe)
        fold.take(due, row)
        if row.reason and row.reason.code == Interrupted.code and not fold.parts_kept:
            fold.parts_kept = stored_bytes(tracker, row) > due.bytes_before
    blocker = _blocker(fold)
    seconds = (clock.now() - started_at).total_seconds()
    summary = tally.close(
        result_of(blocker, None, tally), seconds, blocker.message if blocker else ""
    )
    told = any(_same(summary, each) for each in tracker.runs(LOOKED_THROUGH))
    summary, given_up = before_telling(tracker, summary)
    tracker.end_run(summary)
    if not told:
        observe(RunEnded(summary))
    return Ended(
        summary=summary,
        headline=headline(summary) + (f"; {blocker.message}" if blocker else ""),
        failed_ids=tuple(fold.failed),
        postponed=fold.postponed,
        progressed=fold.parts_kept or tally.files_archived > 0,
        given_up=tuple(given_up),
    )


def _same(one: RunSummary, other: RunSummary) -> bool:
    """Whether both are of the same run and say the same of it."""
    return (one.run_id, one.result, one.counts, one.bytes) == (
        other.run_id,
        other.result,
        other.counts,
        other.bytes,
    )


def _rows(
    tracker: Tracker, files: RunFiles, run_id: str
) -> Iterator[tuple[DueMedium, TrackedMedium]]:
    lines = map(DueMedium.from_line, files.read(run_id, MANIFEST))
    for batch in batched(lines, LOOKED_UP_AT_ONCE):
        rows: Mapping[str, TrackedMedium] = tracker.known([due.media_id for due in batch])
        for due in batch:
            if due.media_id not in rows:
                raise InternalError(KeyError(due.media_id))
            yield due, rows[due.media_id]


def _blocker(fold: Fold) -> CloudSyncError | None:
    if fold.login:
        return AuthRequired(fold.login.message, trouble=AuthTrouble.UNCERTAIN)
    return NeedsPerson(fold.blocked.message) if fold.blocked else None
