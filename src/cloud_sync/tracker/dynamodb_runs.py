"""The run lease and the history of runs in DynamoDB.

One item is the lease. Every time that it is taken by a run that did not have it, an epoch begins,
and what a run leases bears its epoch: it counts for nothing once another epoch, or none, is open.
So whoever ends a run, or takes one over, need not find what it held.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cloud_sync.clock import from_text, instant_text
from cloud_sync.errors import LeaseHeld
from cloud_sync.model.report import RunSummary
from cloud_sync.tracker import rows, transitions
from cloud_sync.tracker.base import RunAtWork
from cloud_sync.tracker.dynamodb_actions import (
    KEY,
    Action,
    Item,
    Value,
    check,
    int_in,
    loaded,
    number,
    put,
    text,
    text_in,
    update,
)
from cloud_sync.tracker.dynamodb_table import Table, persistently

LEASE = "#lease"
ENDED = "#runs"
"""The item that says in which order runs ended: an attribute for each."""

LISTED_RUNS = 2000
"""How many ended runs are listed, the newest: more would not fit into one item for sure."""


@dataclass(frozen=True, slots=True)
class RunLease:
    """The run lease as it stands. `serial` counts its writes, 0 before the first; `orders` counts
    the runs that were ever known.
    """

    run_id: str = ""
    owner: str = ""
    since: datetime | None = None
    until: datetime | None = None
    is_open: bool = False
    epoch: int = 0
    serial: int = 0
    orders: int = 0

    @property
    def open_epoch(self) -> int | None:
        return self.epoch if self.is_open else None

    def belongs_to(self, run_id: str) -> bool:
        return self.is_open and self.run_id == run_id

    def held(self) -> LeaseHeld | None:
        """The refusal of another run while this one is at work; None where none is."""
        if not self.is_open or self.since is None or self.until is None:
            return None
        return transitions.run_lease_held(self.run_id, self.owner, self.since, self.until)

    def check_open(self, run_id: str) -> None:
        """Raise LeaseHeld unless `run_id` is the open run."""
        if not self.belongs_to(run_id):
            raise transitions.run_lease_lost(run_id, self.held())

    def guard(self) -> Action:
        """Holds a transaction unless this epoch is still open."""
        return check(
            LEASE,
            "epoch = :epoch AND is_open = :open",
            {":epoch": number(self.epoch), ":open": {"BOOL": True}},
        )


def lease_of(item: Mapping[str, Value] | None) -> RunLease:
    """The lease from its item, None where no run was ever begun."""
    if item is None:
        return RunLease()
    since, until = text_in(item, "since"), text_in(item, "until")
    return RunLease(
        run_id=text_in(item, "run_id") or "",
        owner=text_in(item, "owner") or "",
        since=None if since is None else from_text(since),
        until=None if until is None else from_text(until),
        is_open=item["is_open"]["BOOL"],
        epoch=int(item["epoch"]["N"]),
        serial=int(item["serial"]["N"]),
        orders=int(item["orders"]["N"]),
    )


def epoch_key(epoch: int) -> str:
    return f"#epoch#{epoch}"


def run_key(run_id: str) -> str:
    return f"#run#{run_id}"


class RunItems:
    """At most one run is open at a time: the one that holds the run lease, until its time is up
    and another run takes it. Whether an owner on another machine is dead cannot be known.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def lease(self) -> RunLease:
        return lease_of(self._table.get([LEASE]).get(LEASE))

    def begin(self, run_id: str, owner: str, *, now: datetime, until: datetime) -> None:
        """`Tracker.begin_run`."""

        def once() -> None:
            found = self._table.get([LEASE, run_key(run_id)])
            lease, known = lease_of(found.get(LEASE)), found.get(run_key(run_id))
            refusal = lease.held()
            same = lease.belongs_to(run_id)
            if refusal and not same and lease.until is not None and lease.until > now:
                raise refusal
            order = _order(known, lease)
            since = from_text(loaded(known["started_at"])) if known else now
            begun = replace(
                lease,
                run_id=run_id,
                owner=owner,
                since=since,
                until=until,
                is_open=True,
                epoch=lease.epoch if same else lease.epoch + 1,
                orders=max(lease.orders, order),
            )
            actions = [_put_lease(begun), _put_run(run_id, since, order)]
            actions.append(update(ENDED, remove=[_listed(run_id)]))
            if not same:
                actions += _epoch_end(lease, now)
            self._table.write(actions)

        persistently(once)

    def renew(self, run_id: str, *, until: datetime) -> None:
        """`Tracker.renew_run`."""

        def once() -> None:
            lease = self.lease()
            lease.check_open(run_id)
            self._table.write([_put_lease(replace(lease, until=until))])

        persistently(once)

    def end(self, summary: RunSummary) -> None:
        """`Tracker.end_run`; another run that has taken the lease meanwhile keeps it."""
        run_id = summary.run_id
        ended_at = summary.started_at + timedelta(seconds=summary.duration_seconds)

        def once() -> None:
            found = self._table.get([LEASE, run_key(run_id), ENDED])
            lease = lease_of(found.get(LEASE))
            order = _order(found.get(run_key(run_id)), lease)
            after = replace(lease, orders=max(lease.orders, order))
            actions = [_put_run(run_id, summary.started_at, order, summary)]
            rank = f"{instant_text(summary.started_at)}#{order:012}"
            over = _beyond_limit(found.get(ENDED, {}), _listed(run_id))
            actions.append(update(ENDED, set_={_listed(run_id): text(rank)}, remove=over))
            if lease.belongs_to(run_id):
                after = replace(after, is_open=False)
                actions += _epoch_end(lease, ended_at)
            self._table.write([_put_lease(after), *actions])

        persistently(once)

    def release(self, run_id: str, *, now: datetime) -> None:
        """`Tracker.release_run`; another run that has taken the lease meanwhile keeps it."""

        def once() -> None:
            lease = self.lease()
            if lease.belongs_to(run_id):
                closed = _put_lease(replace(lease, is_open=False))
                self._table.write([closed, *_epoch_end(lease, now)])

        persistently(once)

    def at_work(self, now: datetime) -> RunAtWork | None:
        """`Tracker.run_at_work`."""
        lease = self.lease()
        if not lease.is_open or lease.since is None or lease.until is None or lease.until <= now:
            return None
        return RunAtWork(lease.run_id, lease.owner, lease.since, lease.until)

    def ended(self, limit: int) -> list[RunSummary]:
        """`Tracker.runs`."""
        listed = self._table.get([ENDED]).get(ENDED, {})
        ranks = {run: loaded(rank) for run, rank in listed.items() if run != KEY}
        newest = sorted(ranks, key=lambda run: ranks[run], reverse=True)[:limit]
        keys = [run_key(run.removeprefix("r#")) for run in newest]
        found = self._table.get(keys)
        summaries = (text_in(found[key], "summary") for key in keys if key in found)
        return [rows.summary_of(each) for each in summaries if each is not None]

    def is_known(self, run_id: str) -> bool:
        """Whether such a run was ever begun or ended."""
        return bool(self._table.get([run_key(run_id)]))


def _order(known: Mapping[str, Value] | None, lease: RunLease) -> int:
    """The run's own number in the order of becoming known."""
    given = int_in(known, "run_order") if known else None
    return lease.orders + 1 if given is None else given


def _listed(run_id: str) -> str:
    return f"r#{run_id}"


def _beyond_limit(listed: Mapping[str, Value], more: str) -> list[str]:
    """The oldest of the listed runs, where one more would be too many."""
    ranks = {run: loaded(rank) for run, rank in listed.items() if run not in (KEY, more)}
    return sorted(ranks, key=lambda run: ranks[run])[: max(0, len(ranks) + 1 - LISTED_RUNS)]


def _put_lease(lease: RunLease) -> Action:
    """The lease's next write; it fails where another one came first."""
    item: Item = {
        KEY: {"S": LEASE},
        "run_id": text(lease.run_id),
        "owner": text(lease.owner),
        "is_open": {"BOOL": lease.is_open},
        "epoch": number(lease.epoch),
        "serial": number(lease.serial + 1),
        "orders": number(lease.orders),
    }
    if lease.since is not None and lease.until is not None:
        item |= {"since": text(instant_text(lease.since)), "until": text(instant_text(lease.until))}
    if not lease.serial:
        return put(item, f"attribute_not_exists({KEY})")
    return put(item, "serial = :serial", {":serial": number(lease.serial)})


def _put_run(
    run_id: str, started_at: datetime, order: int, summary: RunSummary | None = None
) -> Action:
    item: Item = {
        KEY: {"S": run_key(run_id)},
        "started_at": text(instant_text(started_at)),
        "run_order": number(order),
    }
    if summary is not None:
        item["summary"] = text(rows.summary_json(summary))
    return put(item)


def _epoch_end(lease: RunLease, at: datetime) -> list[Action]:
    """Note when the open epoch ended; nothing where none is open."""
    if not lease.is_open:
        return []
    return [
        put(
            {
                KEY: {"S": epoch_key(lease.epoch)},
                "run_id": text(lease.run_id),
                "ended_at": text(instant_text(at)),
            }
        )
    ]
