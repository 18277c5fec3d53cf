"""Remembering media in DynamoDB: all is decided before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from cloud_sync.model.tracking import Status
from cloud_sync.tracker import transitions
from cloud_sync.tracker.base import Entry, FileEntry
from cloud_sync.tracker.dynamodb_actions import Action
from cloud_sync.tracker.dynamodb_items import Row, form_key
from cloud_sync.tracker.dynamodb_keys import Keyring, taken_among
from cloud_sync.tracker.dynamodb_media import Change, MediaItems, close_attempt
from cloud_sync.tracker.dynamodb_runs import RunLease
from cloud_sync.tracker.dynamodb_table import Table


def remember(table: Table, media: MediaItems, entries: Sequence[Entry], now: datetime) -> None:
    """One try at `Tracker.remember`; what it finds written already it leaves alone.

    Whatever is refused is refused before the first write, and each medium is written whole with its
    key. A medium that would not change costs no write.
    """
    before: dict[str, Row] = {}
    cut_short: dict[str, list[Action]] = {}
    for lease, rows in media.load([entry.item.id for entry in entries]):
        for row in rows:
            before[row.medium.media_id] = row
            cut_short[row.medium.media_id] = _cut_short(row, lease, now)
    keyring = Keyring(taken_among(table.get(list(_wanted(entries, before))).values()))
    after: dict[str, Row] = {}
    for entry in entries:
        media_id = entry.item.id
        latest = after.get(media_id) or before.get(media_id)
        after[media_id] = _remembered(latest, entry, now, keyring)
    changes = [
        Change(
            before.get(media_id),
            row,
            keyring.given(media_id),
            tuple(cut_short.get(media_id, ())),
        )
        for media_id, row in after.items()
        if row != before.get(media_id)
    ]
    media.commit(changes)


def _remembered(row: Row | None, entry: Entry, now: datetime, keyring: Keyring) -> Row:
    old = row.medium if row else None
    medium = transitions.remembered(old, entry, now)
    if medium is old and row is not None:
        return row
    if medium.s3_key is None and entry.key_candidates:
        take = keyring.taker(medium.media_id, 1)
        file = FileEntry(1, entry.item.filename, entry.key_candidates)
        medium = transitions.with_file(medium, file, take)
    row = row or Row(medium)
    stays_open = medium.status is Status.IN_PROGRESS
    return replace(row, medium=medium, open_epoch=row.open_epoch if stays_open else None)


def _cut_short(row: Row, lease: RunLease, now: datetime) -> list[Action]:
    """The end of the attempt that nobody settled, should the medium be due again."""
    at_work = row.medium.status is Status.IN_PROGRESS
    return close_attempt(row, lease, now) if at_work else []


def _wanted(entries: Sequence[Entry], before: dict[str, Row]) -> Iterator[str]:
    """The items of the keys that may be given."""
    for entry in entries:
        known = before.get(entry.item.id)
        if known is None or known.medium.s3_key is None:
            yield from map(form_key, entry.key_candidates)
