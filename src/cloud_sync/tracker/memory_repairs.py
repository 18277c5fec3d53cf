"""The part of the tracker in memory that checking and repairing need."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime

from cloud_sync.archive.layout import collision_form
from cloud_sync.model.tracking import Reason, Status
from cloud_sync.tracker import transitions
from cloud_sync.tracker.memory_store import MemoryStore, check_open, void_leases
from cloud_sync.tracker.repairs import AdoptedFile, KeyHolder


class MemoryRepairs(ABC):
    """`Repairs` over the store that `MemoryTracker` works on."""

    @property
    @abstractmethod
    def _store(self) -> MemoryStore: ...

    def release_run(self, run_id: str, *, now: datetime) -> None:
        store = self._store
        with store.turn:
            void_leases(store, run_id, now)
            if store.open_run is not None and store.open_run.run_id == run_id:
                store.open_run = None

    def holders(self, keys: Sequence[str]) -> Mapping[str, KeyHolder]:
        store = self._store
        with store.turn:
            held = {
                collision_form(file.key): KeyHolder(medium.media_id, file)
                for medium in store.media.values()
                for file in medium.files
            }
        found = {key: held.get(collision_form(key)) for key in keys}
        return {key: holder for key, holder in found.items() if holder is not None}

    def recorded_uploads(self, tokens: Sequence[str]) -> frozenset[str]:
        store = self._store
        with store.turn:
            recorded = {transfer.begun.token for transfer in store.transfers.values()}
        return frozenset(recorded.intersection(tokens))

    def failed_in(self, run_id: str) -> Sequence[str] | None:
        store = self._store
        with store.turn:
            if run_id not in store.run_order:
                return None
            failed = Status.FAILED.value
            return sorted(
                media_id
                for media_id, tries in store.attempts.items()
                if any(each.run_id == run_id and each.outcome == failed for each in tries)
            )

    def reopen(
        self,
        media_id: str,
        run_id: str,
        numbers: Sequence[int],
        reason: Reason,
        *,
        now: datetime,
    ) -> None:
        store = self._store
        with store.turn:
            check_open(store, run_id)
            store.media[media_id] = transitions.reopened(
                store.media.get(media_id), media_id, frozenset(numbers), reason, now
            )
            for number in numbers:
                store.transfers.pop((media_id, number), None)

    def adopt(
        self, files: Sequence[AdoptedFile], run_id: str, reason: Reason, *, now: datetime
    ) -> None:
        store = self._store
        with store.turn:
            check_open(store, run_id)
            media, forms = store.media.copy(), store.key_forms.copy()
            for each in files:
                old = media.get(each.media_id)
                media[each.media_id] = transitions.adopted(old, each, reason, now)
                if old and any(known.key == each.file.key for known in old.files):
                    continue
                form = collision_form(each.file.key)
                if form in forms:
                    raise transitions.key_belongs_to_another(each.media_id, each.file)
                forms.add(form)
            store.media, store.key_forms = media, forms
            for each in files:
                store.transfers.pop((each.media_id, each.file.number), None)

    def make_due(self, media_ids: Sequence[str], run_id: str, *, now: datetime) -> None:
        store = self._store
        with store.turn:
            check_open(store, run_id)
            for media_id in media_ids:
                if media_id in store.media:
                    store.media[media_id] = transitions.made_due(store.media[media_id], now)
