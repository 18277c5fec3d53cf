"""The checkpoints of unfinished transfers in DynamoDB.

What was begun stands in the medium's item, under its lease. The parts lie in items of 32 each,
named by the transfer's generation: to record one of ten thousand writes one small item, and
nothing has to be searched for. Of a transfer that is over the medium knows no more, and its parts
with it.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace

from cloud_sync.model.tracking import Checkpoint, PartRecord
from cloud_sync.tracker import transitions
from cloud_sync.tracker.dynamodb_actions import (
    KEY,
    Action,
    check,
    loaded,
    number,
    put,
    text,
    update,
)
from cloud_sync.tracker.dynamodb_items import (
    PARTS_IN_CHUNK,
    Row,
    Transfer,
    checkpoint_of,
    chunk_key,
    media_key,
    part_value,
    parts_of,
    upload_key,
)
from cloud_sync.tracker.dynamodb_media import Change, MediaItems
from cloud_sync.tracker.dynamodb_table import ACTIONS_IN_WRITE, Table, persistently


class TransferItems:
    """The transfers of the media of a table."""

    def __init__(self, table: Table, media: MediaItems) -> None:
        self._table = table
        self._media = media

    def begin(self, media_id: str, owner: str, file_number: int, begun: Checkpoint) -> None:
        """`Tracker.begin_transfer`."""
        self._keyed(media_id, owner, file_number)
        transfer = self._with_parts(media_id, file_number, begun)
        marker = put(
            {
                KEY: {"S": upload_key(begun.token)},
                "holder": text(media_id),
                "file_number": number(file_number),
                "generation": {"S": transfer.generation},
            }
        )

        def once() -> None:
            row = self._keyed(media_id, owner, file_number)
            after = replace(row, transfers={**row.transfers, file_number: transfer})
            self._media.commit([Change(row, after, actions=(marker,))])

        persistently(once)

    def _keyed(self, media_id: str, owner: str, file_number: int) -> Row:
        """The medium that `owner` holds; ValueError where the file has no key."""
        _, row = self._media.held(media_id, owner)
        known = {file.number: file for file in row.medium.files}
        transitions.check_has_key(known.get(file_number), media_id, file_number)
        return row

    def _with_parts(self, media_id: str, file_number: int, begun: Checkpoint) -> Transfer:
        """The transfer, its parts written: nobody finds them before the medium knows of it."""
        generation = secrets.token_hex(8)
        chunks: dict[int, list[PartRecord]] = {}
        for part in begun.parts:
            chunks.setdefault(_chunk_of(part.number), []).append(part)
        actions = [
            _record(media_id, file_number, generation, chunk, parts)
            for chunk, parts in chunks.items()
        ]
        for start in range(0, len(actions), ACTIONS_IN_WRITE):
            self._table.write(actions[start : start + ACTIONS_IN_WRITE])
        return Transfer(
            begun.token,
            begun.part_size,
            begun.size,
            begun.etag,
            generation,
            max(chunks, default=-1),
        )

    def record(self, media_id: str, owner: str, file_number: int, part: PartRecord) -> None:
        """`Tracker.record_part`."""

        def once() -> None:
            _, row = self._media.held(media_id, owner)
            transfer = row.transfers.get(file_number)
            if transfer is None:
                raise transitions.no_transfer(media_id, file_number)
            chunk = _chunk_of(part.number)
            write = _record(media_id, file_number, transfer.generation, chunk, [part])
            if chunk <= transfer.last_chunk:
                self._table.write([_still_held(row, file_number, transfer), write])
                return
            grown = {**row.transfers, file_number: replace(transfer, last_chunk=chunk)}
            self._media.commit([Change(row, replace(row, transfers=grown), actions=(write,))])

        persistently(once)

    def load(self, media_id: str, file_number: int) -> Checkpoint | None:
        """`Tracker.checkpoint`."""
        _, row = self._media.one(media_id)
        transfer = row.transfers.get(file_number) if row else None
        if transfer is None:
            return None
        keys = [
            chunk_key(media_id, file_number, transfer.generation, chunk)
            for chunk in range(transfer.last_chunk + 1)
        ]
        parts: dict[int, PartRecord] = {}
        for chunk in self._table.get(keys).values():
            parts.update(parts_of(chunk))
        return checkpoint_of(transfer, parts)

    def end(self, media_id: str, owner: str, file_number: int) -> None:
        """`Tracker.end_transfer`."""

        def once() -> None:
            _, row = self._media.held(media_id, owner)
            if file_number in row.transfers:
                after = replace(row, transfers=without(row.transfers, file_number))
                self._media.commit([Change(row, after)])

        persistently(once)

    def recorded(self, tokens: Sequence[str]) -> frozenset[str]:
        """`Tracker.recorded_uploads`: the markers lead to media, and those know."""
        keys = {token: upload_key(token) for token in tokens}
        markers = self._table.get(list(keys.values()))
        holders = [loaded(marker["holder"]) for marker in markers.values()]
        at_work = {
            transfer.token
            for _, rows in self._media.load(holders)
            for row in rows
            for transfer in row.transfers.values()
        }
        return frozenset(at_work.intersection(tokens))


def without(transfers: Mapping[int, Transfer], *numbers: int) -> dict[int, Transfer]:
    """The transfers but those of some files."""
    return {file: transfer for file, transfer in transfers.items() if file not in numbers}


def _chunk_of(part_number: int) -> int:
    return part_number // PARTS_IN_CHUNK


def _record(
    media_id: str, file_number: int, generation: str, chunk: int, parts: Sequence[PartRecord]
) -> Action:
    return update(
        chunk_key(media_id, file_number, generation, chunk),
        set_={str(part.number): part_value(part) for part in parts},
    )


def _still_held(row: Row, file_number: int, transfer: Transfer) -> Action:
    """Holds a transaction unless the medium is under the same lease, and the transfer goes on."""
    return check(
        media_key(row.medium.media_id),
        "lease_owner = :owner AND lease_epoch = :epoch"
        " AND transfers.#file.generation = :generation",
        {
            ":owner": text(row.medium.lease_owner or ""),
            ":epoch": number(row.lease_epoch or 0),
            ":generation": {"S": transfer.generation},
        },
        {"#file": str(file_number)},
    )
