"""Media in DynamoDB: read with the lease they are under, and written where nobody was quicker.

Every write of a medium bears the revision that was read, so of two writers one is refused and
decides anew. What belongs to it (keys, attempts, marks) goes into the same transaction.

Claims and repairs are written only while their run's epoch is open. The other writes of a holder
look at the lease first: one that is under way while another run takes the lease lands just after
it or not at all, and never on a medium that was changed since.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from cloud_sync.clock import from_text, instant_text
from cloud_sync.errors import Permanent, Transient
from cloud_sync.model.tracking import Attempt, Status, TrackedMedium
from cloud_sync.tracker import transitions
from cloud_sync.tracker.dynamodb_actions import (
    KEY,
    Action,
    delete,
    int_in,
    loaded,
    number,
    put,
    size_of,
    text,
    text_in,
    update,
)
from cloud_sync.tracker.dynamodb_items import (
    ITEM_LIMIT,
    Row,
    Transfer,
    attempt_key,
    chunk_key,
    item_of,
    media_id_of,
    media_key,
    row_of,
    upload_key,
)
from cloud_sync.tracker.dynamodb_keys import Grant
from cloud_sync.tracker.dynamodb_marks import mark_actions
from cloud_sync.tracker.dynamodb_runs import LEASE, RunLease, epoch_key, lease_of
from cloud_sync.tracker.dynamodb_table import (
    ACTIONS_IN_WRITE,
    KEYS_IN_READ,
    Overtaken,
    Table,
    persistently,
)

MEDIA_IN_READ = KEYS_IN_READ - 1
"""The lease is read along."""

BYTES_IN_WRITE = 3 * 2**20
"""Well below the 4 MB of a transaction."""


@dataclass(frozen=True, slots=True)
class Change:
    """What becomes of one medium; `before` is None where it was not known."""

    before: Row | None
    after: Row
    grants: tuple[Grant, ...] = ()
    actions: tuple[Action, ...] = ()


class MediaItems:
    """The media of a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, media_ids: Sequence[str]) -> Iterator[tuple[RunLease, list[Row]]]:
        """The known ones among them, a bounded number at a time, in the order that was asked."""
        asked = list(dict.fromkeys(media_ids))
        for start in range(0, len(asked), MEDIA_IN_READ):
            keys = [media_key(each) for each in asked[start : start + MEDIA_IN_READ]]
            yield persistently(partial(self._batch, keys))

    def _batch(self, keys: Sequence[str]) -> tuple[RunLease, list[Row]]:
        """One read. Its items may be of different moments: where a medium was leased in an epoch
        after that of the lease as it was read, Overtaken.
        """
        found = self._table.get([LEASE, *keys])
        lease = lease_of(found.get(LEASE))
        media = [found[key] for key in keys if key in found]
        if any((int_in(item, "lease_epoch") or 0) > lease.epoch for item in media):
            raise Overtaken("reading media: another run took the lease meanwhile")
        return lease, [row_of(item, lease.open_epoch) for item in media]

    def one(self, media_id: str) -> tuple[RunLease, Row | None]:
        """One medium, and the run lease."""
        lease, rows = next(self.load([media_id]))
        return lease, rows[0] if rows else None

    def held(self, media_id: str, owner: str) -> tuple[RunLease, Row]:
        """One medium that `owner` holds; LeaseHeld otherwise."""
        lease, row = self.one(media_id)
        transitions.check_holder(row.medium if row else None, media_id, owner)
        if row is None:
            raise AssertionError(f"nobody can hold the unknown medium {media_id}")
        return lease, row

    def ids(self, status: Status | None) -> list[str]:
        """The ids of all media, or of those that the index has under a status, sorted.

        All are read as they are now; the index may be behind by a moment.
        """
        if status is None:
            return sorted(map(media_id_of, self._table.media_keys()))
        pages = self._table.by_status(status, KEY)
        return sorted(media_id_of(item[KEY]["S"]) for page in pages for item in page)

    def commit(
        self,
        changes: Sequence[Change],
        guard: Action | None = None,
        done: set[str] | None = None,
    ) -> None:
        """Write the changes, each whole, as many in one transaction as it takes.

        Permanent, before anything is written, where an item would be too large. What is over
        afterwards is cleared away. The ids of media that are written go into `done`.
        """
        for change in changes:
            _put_row(change.after)
        for pack in _packs(changes):
            actions = _actions_of(pack)
            for change in pack:
                self._reserve(change)
            self._table.write([guard, *actions] if guard else actions)
            for change in pack:
                if done is not None:
                    done.add(change.after.medium.media_id)
                self._clear(change)

    def _reserve(self, change: Change) -> None:
        """Take the keys first where they are too many for the medium's own transaction."""
        if not _is_large(change):
            return
        for start in range(0, len(change.grants), ACTIONS_IN_WRITE):
            grants = change.grants[start : start + ACTIONS_IN_WRITE]
            self._table.write([grant.action() for grant in grants])

    def _clear(self, change: Change) -> None:
        """Delete the parts of transfers that are over. Nobody finds them any more, so to leave
        them when the service is busy costs a little room and nothing else.
        """
        kept = {transfer.generation for transfer in change.after.transfers.values()}
        before = change.before.transfers if change.before else {}
        media_id = change.after.medium.media_id
        for file_number, transfer in before.items():
            if transfer.generation not in kept:
                with suppress(Transient):
                    self._delete_chunks(media_id, file_number, transfer)
                with suppress(Transient):
                    self._table.write([_delete_marker(transfer)])

    def _delete_chunks(self, media_id: str, file_number: int, transfer: Transfer) -> None:
        actions = [
            delete(chunk_key(media_id, file_number, transfer.generation, chunk))
            for chunk in range(transfer.last_chunk + 1)
        ]
        for start in range(0, len(actions), ACTIONS_IN_WRITE):
            self._table.write(actions[start : start + ACTIONS_IN_WRITE])

    def attempts(self, media_id: str) -> list[Attempt]:
        """`Tracker.attempts`. One that its run left open ended with the run."""
        lease, row = self.one(media_id)
        if row is None:
            return []
        keys = [attempt_key(media_id, count) for count in range(1, row.tries + 1)]
        found = self._table.get(keys)
        items = [found[key] for key in keys if key in found]
        left = {
            int(item["epoch"]["N"])
            for item in items
            if "ended_at" not in item and int(item["epoch"]["N"]) != lease.open_epoch
        }
        ends = self._table.get([epoch_key(epoch) for epoch in sorted(left)])
        attempts = []
        for item in items:
            end = item.get("ended_at")
            outcome, message = loaded(item["outcome"]), loaded(item["message"])
            closed = ends.get(epoch_key(int(item["epoch"]["N"])))
            if end is None and closed is not None:
                end = closed["ended_at"]
                outcome, message = transitions.INTERRUPTED, transitions.INTERRUPTED_MESSAGE
            attempts.append(
                Attempt(
                    media_id,
                    text_in(item, "run_id") or "",
                    from_text(loaded(item["started_at"])),
                    None if end is None else from_text(loaded(end)),
                    outcome,
                    message,
                )
            )
        return attempts


def open_attempt(medium: TrackedMedium, count: int, lease: RunLease, now: datetime) -> Action:
    """The item of the medium's attempt number `count`, which runs."""
    return put(
        {
            KEY: {"S": attempt_key(medium.media_id, count)},
            "run_id": text(lease.run_id),
            "epoch": number(lease.epoch),
            "started_at": text(instant_text(now)),
            "outcome": text(transitions.RUNNING),
            "message": text(""),
        },
        f"attribute_not_exists({KEY})",
    )


def close_attempt(
    row: Row,
    lease: RunLease,
    now: datetime,
    outcome: str = transitions.INTERRUPTED,
    message: str = transitions.INTERRUPTED_MESSAGE,
) -> list[Action]:
    """Close the medium's last attempt where it runs; one of a run that is over ended with it."""
    if row.open_epoch is None or row.open_epoch != lease.open_epoch:
        return []
    ended = {"ended_at": text(instant_text(now)), "outcome": text(outcome)}
    return [
        update(
            attempt_key(row.medium.media_id, row.tries), set_={**ended, "message": text(message)}
        )
    ]


def _is_large(change: Change) -> bool:
    return len(change.grants) + len(change.actions) > ACTIONS_IN_WRITE // 2


def _put_row(row: Row) -> Action:
    item = item_of(row)
    size = size_of(item)
    if size > ITEM_LIMIT:
        raise Permanent(
            f"recording medium {row.medium.media_id} with {len(row.medium.files)} files: it takes"
            f" {size} bytes, and an item of DynamoDB holds {ITEM_LIMIT}",
            kept="what was recorded before stays",
            hint="archive this medium with the command line on one machine",
        )
    if not row.revision:
        return put(item, f"attribute_not_exists({KEY})")
    return put(item, "revision = :revision", {":revision": number(row.revision)})


def _packs(changes: Sequence[Change]) -> Iterator[list[Change]]:
    """Changes that fit into one transaction, with room for a guard."""
    pack: list[Change] = []
    count, size = 0, 0
    for change in changes:
        grants = 0 if _is_large(change) else len(change.grants)
        its_count = 1 + len(_marks([change])) + grants + len(change.actions)
        its_size = size_of(item_of(change.after)) + 500 * its_count
        if pack and (count + its_count > ACTIONS_IN_WRITE - 1 or size + its_size > BYTES_IN_WRITE):
            yield pack
            pack, count, size = [], 0, 0
        pack.append(change)
        count, size = count + its_count, size + its_size
    if pack:
        yield pack


def _actions_of(pack: Sequence[Change]) -> list[Action]:
    actions: list[Action] = []
    for change in pack:
        actions.append(_put_row(change.after))
        if not _is_large(change):
            actions += [grant.action() for grant in change.grants]
        actions += change.actions
    return actions + _marks(pack)


def _marks(pack: Sequence[Change]) -> list[Action]:
    pairs = [(each.before.medium if each.before else None, each.after.medium) for each in pack]
    return mark_actions(pairs)


def _delete_marker(transfer: Transfer) -> Action:
    return delete(
        upload_key(transfer.token),
        "generation = :generation",
        {":generation": {"S": transfer.generation}},
    )
