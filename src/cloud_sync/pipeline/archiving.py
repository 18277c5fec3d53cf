"""Archives one medium: claim, resolve, give keys, store every original, settle."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cloud_sync.archive.layout import key_candidates
from cloud_sync.errors import (
    CloudSyncError,
    GoneAtSource,
    InternalError,
    Interrupted,
    NeedsPerson,
    NoOriginal,
    NotReady,
    ServiceDown,
    SourceNotUnderstood,
    Transient,
)
from cloud_sync.model.media import MediaFile, MediaItem
from cloud_sync.model.report import Named, Outcome
from cloud_sync.model.tracking import Reason, Status, TrackedFile
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import Warned
from cloud_sync.pipeline.heartbeat import CLAIM_FOR
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.storing import OriginalStore, Work
from cloud_sync.pipeline.unfinished import discard_unfinished
from cloud_sync.tracker.base import FileEntry
from cloud_sync.tracker.plan import ELSEWHERE
from cloud_sync.transfer.engine import TransferEngine
from cloud_sync.transfer.size_check import SizeVerdict, compare_sizes, far_from_listing

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MediumReport:
    """How one medium ended in this run, and what was stored for it in this run.

    `stopped_by` is what ended the work early, for the whole run; the medium stays due then.
    """

    outcome: Outcome
    named: Named | None = None
    files_archived: int = 0
    bytes: int = 0
    stopped_by: CloudSyncError | None = None


@dataclass(slots=True)
class Stored:
    """What this run stored for a medium so far."""

    files: int = 0
    bytes: int = 0


class MediumArchiver:
    """Works on one medium after another; one instance serves all workers of a run."""

    def __init__(
        self,
        rooms: Rooms,
        options: RunOptions,
        run_id: str,
        engine: TransferEngine,
        caller: Caller,
        login: LoginGuard,
    ) -> None:
        self._rooms = rooms
        self._login = login
        self._owner = options.owner
        self._run_id = run_id
        self._caller = caller
        self._tried_again = options.tried_again
        self._originals = OriginalStore(
            rooms, engine, caller, run_id, options.owner, options.correlation_id
        )

    def archive(self, item: MediaItem) -> MediumReport:
        """Archive the medium, or report why not; whatever ended it stands in the report."""
        with self._rooms.spans.span("archive_medium", media_id=item.id):
            return self._archive(item)

    def _archive(self, item: MediaItem) -> MediumReport:
        now = self._rooms.clock.now()
        claimed = self._rooms.tracker.claim(
            item.id, self._run_id, self._owner, now=now, until=now + CLAIM_FOR
        )
        if claimed is None:
            return self._claimed_elsewhere(item)
        stored = Stored()
        try:
            self._store_all(item, stored)
            self._settle(item, Status.COMPLETED, None)
        except CloudSyncError as error:
            return self._ended(item, claimed.files, self._login.judged(error), stored)
        except Exception as error:  # noqa: BLE001 one medium's fault must not take the others along
            _LOG.debug("archiving medium %s", item.id, exc_info=True)
            return self._give_up(item, InternalError(error), stored)
        return MediumReport(Outcome.ARCHIVED, None, stored.files, stored.bytes)

    def _ended(
        self,
        item: MediaItem,
        files: Sequence[TrackedFile],
        error: CloudSyncError,
        stored: Stored,
    ) -> MediumReport:
        ends_here = isinstance(error, (NeedsPerson, Interrupted, ServiceDown))
        if ends_here or (self._tried_again and isinstance(error, Transient)):
            self._settle(item, Status.PENDING, _reason(error), counts_as_attempt=False)
            return MediumReport(Outcome.PENDING, None, stored.files, stored.bytes, error)
        if isinstance(error, (GoneAtSource, NoOriginal)):
            return self._skip(item, files, error, stored)
        return self._give_up(item, error, stored)

    def _store_all(self, item: MediaItem, stored: Stored) -> None:
        files = self._caller.retried(lambda: self._rooms.provider.resolve(item))
        self._login.worked()
        rows = self._give_keys(item, files)
        _check_all_offered(item, files, rows)
        total = 0
        for file in files:
            row = rows[file.number]
            if row.status is not Status.COMPLETED:
                listed = item.size if len(files) == 1 else None
                row, moved = self._originals.store(Work(item, file, row, listed))
                stored.files += moved
                stored.bytes += (row.size or 0) if moved else 0
            total += row.size or 0
        self._check_sum(item, total)

    def _give_keys(self, item: MediaItem, files: Sequence[MediaFile]) -> dict[int, TrackedFile]:
        entries = [
            FileEntry(
                file.number,
                file.filename,
                key_candidates(item, file.number, file.filename, file.extension),
            )
            for file in files
        ]
        tracked = self._rooms.tracker.give_keys(item.id, self._owner, entries)
        return {file.number: file for file in tracked}

    def _check_sum(self, item: MediaItem, total: int) -> None:
        """Hold the stored bytes of all originals against the listing's sum."""
        verdict = compare_sizes(item.size, total)
        name = item.filename or item.id
        if verdict is SizeVerdict.FAR:
            raise far_from_listing(
                f"archiving {name}",
                item.size,
                f"its originals have {total}",
                kept="What was stored stays stored.",
            )
        if verdict is SizeVerdict.DRIFT:
            self._caller.observe(
                Warned(
                    f"{name}: the listing says {item.size} bytes, the cloud delivered {total}; "
                    "the delivered file counts"
                )
            )

    def _skip(
        self,
        item: MediaItem,
        files: Sequence[TrackedFile],
        error: CloudSyncError,
        stored: Stored,
    ) -> MediumReport:
        """The medium will not be finished: nothing unfinished of it may stay in the archive."""
        try:
            discard_unfinished(self._rooms, item.id, self._owner, files)
        except CloudSyncError as trouble:
            return self._give_up(item, trouble, stored)
        return self._give_up(item, error, stored)

    def _give_up(self, item: MediaItem, error: CloudSyncError, stored: Stored) -> MediumReport:
        status, outcome = _ENDINGS.get(type(error), (Status.FAILED, Outcome.FAILED))
        counts = status is not Status.PENDING
        self._settle(item, status, _reason(error), counts_as_attempt=counts)
        return _report(item, outcome, _reason(error), stored)

    def _claimed_elsewhere(self, item: MediaItem) -> MediumReport:
        known = self._rooms.tracker.known([item.id]).get(item.id)
        if known and known.status is Status.COMPLETED:
            return MediumReport(Outcome.ALREADY_ARCHIVED)
        return _report(item, Outcome.PENDING, ELSEWHERE, Stored())

    def _settle(
        self,
        item: MediaItem,
        status: Status,
        reason: Reason | None,
        *,
        counts_as_attempt: bool = True,
    ) -> None:
        self._rooms.tracker.settle(
            item.id,
            self._owner,
            status,
            now=self._rooms.clock.now(),
            reason=reason,
            counts_as_attempt=counts_as_attempt,
        )


_ENDINGS: dict[type[CloudSyncError], tuple[Status, Outcome]] = {
    GoneAtSource: (Status.SKIPPED, Outcome.GONE),
    NoOriginal: (Status.SKIPPED, Outcome.NEEDS_ATTENTION),
    NotReady: (Status.PENDING, Outcome.PENDING),
}
"""How a medium ends whose error is no failure."""


def _check_all_offered(
    item: MediaItem, files: Sequence[MediaFile], rows: Mapping[int, TrackedFile]
) -> None:
    """A file that was offered before and is not stored yet must still be offered."""
    missing = set(rows) - {file.number for file in files}
    lost = sorted(number for number in missing if rows[number].status is not Status.COMPLETED)
    if lost:
        raise SourceNotUnderstood(
            f"archiving {item.filename or item.id}: the cloud offers {len(files)} of "
            f"{len(rows)} originals that it offered before, without file "
            + ", ".join(map(str, lost)),
            kept="What was stored stays stored.",
        )


def _reason(error: CloudSyncError) -> Reason:
    return Reason(error.code, error.message)


def _report(item: MediaItem, outcome: Outcome, reason: Reason, stored: Stored) -> MediumReport:
    named = Named(item.id, item.filename, outcome, reason.code, reason.message)
    return MediumReport(outcome, named, stored.files, stored.bytes)
