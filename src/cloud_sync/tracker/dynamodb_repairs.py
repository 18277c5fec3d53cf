"""The part of the DynamoDB tracker that checking and repairing need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cloud_sync.model.tracking import Reason, TrackedMedium
from cloud_sync.tracker import transitions
from cloud_sync.tracker.dynamodb_items import Row, form_key
from cloud_sync.tracker.dynamodb_keys import Keyring, taken_among
from cloud_sync.tracker.dynamodb_marks import SHARDS, failed_key
from cloud_sync.tracker.dynamodb_media import Change, MediaItems
from cloud_sync.tracker.dynamodb_runs import RunItems
from cloud_sync.tracker.dynamodb_table import Table, persistently
from cloud_sync.tracker.dynamodb_transfers import TransferItems, without
from cloud_sync.tracker.repairs import AdoptedFile, KeyHolder


class DynamoRepairs:
    """`Repairs` over the table that `DynamoTracker` works on."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._runs = RunItems(table)
        self._media = MediaItems(table)
        self._transfers = TransferItems(table, self._media)

    def release_run(self, run_id: str, *, now: datetime) -> None:
        self._runs.release(run_id, now=now)

    def holders(self, keys: Sequence[str]) -> Mapping[str, KeyHolder]:
        forms = {key: form_key(key) for key in keys}
        taken = taken_among(self._table.get(list(forms.values())).values())
        files = {
            (row.medium.media_id, file.number): file
            for _, rows in self._media.load([media_id for media_id, _ in taken.values()])
            for row in rows
            for file in row.medium.files
        }
        held = {key: taken[form] for key, form in forms.items() if form in taken}
        return {
            key: KeyHolder(holder[0], files[holder])
            for key, holder in held.items()
            if holder in files
        }

    def recorded_uploads(self, tokens: Sequence[str]) -> frozenset[str]:
        return self._transfers.recorded(tokens)

    def failed_in(self, run_id: str) -> Sequence[str] | None:
        if not self._runs.is_known(run_id):
            return None
        items = self._table.get([failed_key(run_id, shard) for shard in range(SHARDS)])
        return sorted(media_id for item in items.values() for media_id in item["media"]["SS"])

    def reopen(
        self,
        media_id: str,
        run_id: str,
        numbers: Sequence[int],
        reason: Reason,
        *,
        now: datetime,
    ) -> None:
        def once() -> None:
            lease, row = self._media.one(media_id)
            lease.check_open(run_id)
            old = row.medium if row else None
            medium = transitions.reopened(old, media_id, frozenset(numbers), reason, now)
            before = row or Row(medium)
            left = without(before.transfers, *numbers)
            change = Change(row, replace(before, medium=medium, transfers=left))
            self._media.commit([change], lease.guard())

        persistently(once)

    def adopt(
        self, files: Sequence[AdoptedFile], run_id: str, reason: Reason, *, now: datetime
    ) -> None:
        done: set[str] = set()

        def once() -> None:
            left = [each for each in files if each.media_id not in done]
            self._adopt(left, run_id, reason, now, done)

        persistently(once)

    def _adopt(
        self,
        files: Sequence[AdoptedFile],
        run_id: str,
        reason: Reason,
        now: datetime,
        done: set[str],
    ) -> None:
        lease = self._runs.lease()
        lease.check_open(run_id)
        rows = self._rows([each.media_id for each in files])
        forms = [form_key(each.file.key) for each in files]
        keyring = Keyring(taken_among(self._table.get(forms).values()))
        media: dict[str, TrackedMedium] = {}
        for each in files:
            media_id, file = each.media_id, each.file
            row = rows.get(media_id)
            old = media.get(media_id) or (row.medium if row else None)
            media[media_id] = transitions.adopted(old, each, reason, now)
            own = old is not None and any(known.number == file.number for known in old.files)
            if not own and not keyring.taker(media_id, file.number)(file.key):
                raise transitions.key_belongs_to_another(media_id, file)
        changes = []
        for media_id, medium in media.items():
            before = rows.get(media_id) or Row(medium)
            numbers = [each.file.number for each in files if each.media_id == media_id]
            after = replace(before, medium=medium, transfers=without(before.transfers, *numbers))
            changes.append(Change(rows.get(media_id), after, keyring.given(media_id)))
        self._media.commit(changes, lease.guard(), done)

    def make_due(self, media_ids: Sequence[str], run_id: str, *, now: datetime) -> None:
        def once() -> None:
            lease = self._runs.lease()
            lease.check_open(run_id)
            for _, rows in self._media.load(media_ids):
                due = [(row, transitions.made_due(row.medium, now)) for row in rows]
                changes = [
                    Change(row, replace(row, medium=medium))
                    for row, medium in due
                    if medium is not row.medium
                ]
                self._media.commit(changes, lease.guard())

        persistently(once)

    def _rows(self, media_ids: Sequence[str]) -> dict[str, Row]:
        return {row.medium.media_id: row for _, rows in self._media.load(media_ids) for row in rows}
