"""A tracker that forgets everything with its process: for tests and trials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from cloud_sync.archive.layout import collision_form
from cloud_sync.model.report import RunSummary
from cloud_sync.model.tracking import (
    Attempt,
    Checkpoint,
    PartRecord,
    Reason,
    SourceCheck,
    Status,
    TrackedFile,
    TrackedMedium,
)
from cloud_sync.tracker import transitions
from cloud_sync.tracker.base import Entry, FileEntry, RunAtWork, Tally
from cloud_sync.tracker.memory_repairs import MemoryRepairs
from cloud_sync.tracker.memory_store import (
    MemoryStore,
    OpenRun,
    Transfer,
    check_open,
    cut_short,
    end_attempts,
    void_leases,
)

__all__ = ["MemoryStore", "MemoryTracker"]


class MemoryTracker(MemoryRepairs):
    """`Tracker` in dictionaries; instances over the same `store` see each other's writes.

    A run whose instance was closed before the run's end counts as one whose owner is dead.
    ValueError once the tracker is closed.
    """

    def __init__(self, store: MemoryStore | None = None) -> None:
        self._shared = store or MemoryStore()
        self._closed = False

    @property
    def closed(self) -> bool:
        return self._closed

    @property
    def _store(self) -> MemoryStore:
        if self._closed:
            raise ValueError("the tracker is closed")
        return self._shared

    def begin_run(self, run_id: str, owner: str, *, now: datetime, until: datetime) -> None:
        store = self._store
        with store.turn:
            run = store.open_run
            if run is not None and run.run_id != run_id:
                if run.until > now and not run.holder.closed:
                    raise run.held()
                void_leases(store, run.run_id, now)
            since = store.began_at.setdefault(run_id, now)
            store.open_run = OpenRun(run_id, owner, since, until, self)
            store.run_order.setdefault(run_id, len(store.run_order))
            store.summaries.pop(run_id, None)

    def renew_run(self, run_id: str, *, until: datetime) -> None:
        store = self._store
        with store.turn:
            check_open(store, run_id).until = until

    def end_run(self, summary: RunSummary) -> None:
        store = self._store
        with store.turn:
            ended_at = summary.started_at + timedelta(seconds=summary.duration_seconds)
            void_leases(store, summary.run_id, ended_at)
            store.run_order.setdefault(summary.run_id, len(store.run_order))
            store.began_at[summary.run_id] = summary.started_at
            store.summaries[summary.run_id] = replace(summary, named=())
            if store.open_run is not None and store.open_run.run_id == summary.run_id:
                store.open_run = None

    def run_at_work(self, *, now: datetime) -> RunAtWork | None:
        with self._store.turn:
            run = self._store.open_run
            if run is None or run.until <= now:
                return None
            return RunAtWork(run.run_id, run.owner, run.since, run.until)

    def runs(self, limit: int = 10) -> Sequence[RunSummary]:
        store = self._store
        with store.turn:
            ended = list(store.summaries.values())
            order = store.run_order.copy()
        ended.sort(key=lambda run: (run.started_at, order[run.run_id]), reverse=True)
        return ended[:limit]

    def known(self, media_ids: Sequence[str]) -> Mapping[str, TrackedMedium]:
        store = self._store
        with store.turn:
            return {each: store.media[each] for each in media_ids if each in store.media}

    def remember(self, entries: Sequence[Entry], *, now: datetime) -> None:
        store = self._store
        with store.turn:
            before = (store.media.copy(), store.key_forms.copy(), store.attempts.copy())
            leases = store.lease_runs.copy()
            try:
                for entry in entries:
                    _remember(store, entry, now)
            except BaseException:
                store.media, store.key_forms, store.attempts = before
                store.lease_runs = leases
                raise

    def claim(
        self, media_id: str, run_id: str, owner: str, *, now: datetime, until: datetime
    ) -> TrackedMedium | None:
        """As promised by `Tracker`; LeaseHeld when `run_id` does not hold the run lease."""
        store = self._store
        with store.turn:
            check_open(store, run_id)
            medium = store.media.get(media_id)
            taken = medium and transitions.claimed(medium, owner, now=now, until=until)
            if not taken:
                return None
            cut_short(store, media_id, now)
            store.attempts[media_id] = (
                *store.attempts.get(media_id, ()),
                Attempt(media_id, run_id, now, None, transitions.RUNNING, ""),
            )
            store.media[media_id] = taken
            store.lease_runs[media_id] = run_id
            return taken

    def renew(self, media_id: str, owner: str, *, until: datetime) -> None:
        store = self._store
        with store.turn:
            medium = transitions.check_holder(store.media.get(media_id), media_id, owner)
            store.media[media_id] = replace(medium, lease_until=until)

    def give_keys(
        self, media_id: str, owner: str, files: Sequence[FileEntry]
    ) -> tuple[TrackedFile, ...]:
        store = self._store
        with store.turn:
            medium = transitions.check_holder(store.media.get(media_id), media_id, owner)
            forms = store.key_forms.copy()
            for file in files:
                medium = _with_file(medium, file, forms)
            store.media[media_id], store.key_forms = medium, forms
            return medium.files

    def record_file(self, media_id: str, owner: str, file: TrackedFile) -> None:
        store = self._store
        with store.turn:
            medium = transitions.check_holder(store.media.get(media_id), media_id, owner)
            known = {each.number: each for each in medium.files}
            own = known.get(file.number)
            transitions.check_own_key(own, media_id, file)
            name = own.filename if own else file.filename
            known[file.number] = replace(file, filename=name)
            store.media[media_id] = replace(medium, files=tuple(known.values()))
            if file.status is Status.COMPLETED:
                store.transfers.pop((media_id, file.number), None)

    def begin_transfer(
        self, media_id: str, owner: str, file_number: int, checkpoint: Checkpoint
    ) -> None:
        store = self._store
        with store.turn:
            medium = transitions.check_holder(store.media.get(media_id), media_id, owner)
            known = {file.number: file for file in medium.files}
            transitions.check_has_key(known.get(file_number), media_id, file_number)
            parts = {part.number: part for part in checkpoint.parts}
            store.transfers[media_id, file_number] = Transfer(checkpoint, parts)

    def record_part(self, media_id: str, owner: str, file_number: int, part: PartRecord) -> None:
        store = self._store
        with store.turn:
            transitions.check_holder(store.media.get(media_id), media_id, owner)
            transfer = store.transfers.get((media_id, file_number))
            if transfer is None:
                raise transitions.no_transfer(media_id, file_number)
            transfer.parts[part.number] = part

    def checkpoint(self, media_id: str, file_number: int) -> Checkpoint | None:
        store = self._store
        with store.turn:
            transfer = store.transfers.get((media_id, file_number))
            if transfer is None:
                return None
            parts = tuple(transfer.parts[number] for number in sorted(transfer.parts))
            return replace(transfer.begun, parts=parts)

    def end_transfer(self, media_id: str, owner: str, file_number: int) -> None:
        store = self._store
        with store.turn:
            transitions.check_holder(store.media.get(media_id), media_id, owner)
            store.transfers.pop((media_id, file_number), None)

    def settle(
        self,
        media_id: str,
        owner: str,
        status: Status,
        *,
        now: datetime,
        reason: Reason | None = None,
        counts_as_attempt: bool = True,
    ) -> None:
        store = self._store
        with store.turn:
            medium = transitions.check_holder(store.media.get(media_id), media_id, owner)
            store.media[media_id] = transitions.settled(
                medium, status, now=now, reason=reason, counts_as_attempt=counts_as_attempt
            )
            store.lease_runs.pop(media_id, None)
            if status not in transitions.KEEPS_CHECKPOINTS:
                for file in medium.files:
                    store.transfers.pop((media_id, file.number), None)
            end_attempts(store, media_id, now, status.value, reason.message if reason else "")

    def media(
        self, *, status: Status | None = None, media_id: str | None = None
    ) -> Iterator[TrackedMedium]:
        ids = [media_id] if media_id is not None else sorted(self._store.media)
        for each in ids:
            medium = self._store.media.get(each)
            if medium is not None and status in (None, medium.status):
                yield medium

    def tallies(self) -> Mapping[Status, Tally]:
        store = self._store
        with store.turn:
            everything = list(store.media.values())
        return {
            status: _tally([medium for medium in everything if medium.status is status])
            for status in Status
        }

    def recent_failures(self, limit: int = 20) -> Sequence[TrackedMedium]:
        failed = list(self.media(status=Status.FAILED))
        return sorted(failed, key=_last_change, reverse=True)[:limit]

    def source_rules_matched(self) -> frozenset[str]:
        return frozenset(
            file.source_rule
            for medium in self.media()
            for file in medium.files
            if file.source_rule and file.source_check is SourceCheck.MATCHED
        )

    def source_suspects(self, limit: int = 20) -> Sequence[tuple[str, TrackedFile]]:
        matched = self.source_rules_matched()
        found = [
            (medium.media_id, file)
            for medium in self.media()
            for file in medium.files
            if file.source_rule in matched
            and file.source_check is SourceCheck.DIFFERS
            and file.status is Status.COMPLETED
        ]
        return found[:limit]

    def attempts(self, media_id: str) -> Sequence[Attempt]:
        return self._store.attempts.get(media_id, ())

    def close(self) -> None:
        self._closed = True


def _remember(store: MemoryStore, entry: Entry, now: datetime) -> None:
    media_id = entry.item.id
    old = store.media.get(media_id)
    medium = transitions.remembered(old, entry, now)
    if medium is old:
        return
    if old is not None and old.status is Status.IN_PROGRESS:
        store.lease_runs.pop(media_id, None)
        cut_short(store, media_id, now)
    if medium.s3_key is None and entry.key_candidates:
        file = FileEntry(1, entry.item.filename, entry.key_candidates)
        medium = _with_file(medium, file, store.key_forms)
    store.media[media_id] = medium


def _with_file(medium: TrackedMedium, file: FileEntry, forms: set[str]) -> TrackedMedium:
    """The medium with one more file, whose key is added to `forms`; known files keep theirs."""

    def take(key: str) -> bool:
        form = collision_form(key)
        if form in forms:
            return False
        forms.add(form)
        return True

    return transitions.with_file(medium, file, take)


def _tally(media: Sequence[TrackedMedium]) -> Tally:
    files = [file for medium in media for file in medium.files]
    stored = sum(file.size or 0 for file in files if file.status is Status.COMPLETED)
    return Tally(len(media), len(files), stored)


def _last_change(medium: TrackedMedium) -> datetime:
    if medium.sync_timestamp is None:
        raise AssertionError(f"medium {medium.media_id} has failed at no time")
    return medium.sync_timestamp
