"""The run lease and the history of runs in SQLite."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta

from cloud_sync.clock import from_text, instant_text
from cloud_sync.errors import LeaseHeld
from cloud_sync.model.report import RunSummary
from cloud_sync.tracker import rows, transitions
from cloud_sync.tracker.base import RunAtWork
from cloud_sync.tracker.database import Database
from cloud_sync.tracker.run_lock import RunLock


@dataclass(frozen=True, slots=True)
class _OpenRun:
    run_id: str
    owner: str
    since: datetime
    until: datetime
    locked: bool

    def held(self) -> LeaseHeld:
        """The refusal of another run while this one is at work."""
        return transitions.run_lease_held(self.run_id, self.owner, self.since, self.until)


class RunTable:
    """At most one run is open at a time: the one that holds the run lease.

    A lease has a time, and its owner holds the operating system's lock as well, which the kernel
    lets go of when the process dies. Who begins a run while another one is open therefore finds
    one of these:

    - The lease's time is not up, and the lock is held: the owner works. LeaseHeld.
    - The lock is free although the open run took it: its owner is dead, say by kill -9 or a power
      cut. Its lease counts for nothing, whatever its time, and is taken over at once.
    - The lease's time is up, and the lock is held: the owner is suspended or hangs. The lease has
      lapsed and is taken over without the lock, for to wait for a process that may never go on
      would be worse. Should it wake, each of its writes is refused with LeaseHeld, because its
      leases are gone.
    - The open run was begun without the lock (as just told, or on a file system that knows no
      locks): nothing can be concluded from a free lock then, so its time alone counts. Such a run
      takes the lock when it renews its lease and finds it free.

    Where two instances work on one run, whether the last one to begin or renew it has the lock is
    what counts. Locks are tried inside of a write transaction, so that two processes never try at
    once.
    """

    def __init__(self, database: Database, lock: RunLock) -> None:
        self._database = database
        self._lock = lock
        self._turn = threading.RLock()
        self._own: str | None = None

    def begin(self, run_id: str, owner: str, *, now: datetime, until: datetime) -> None:
        """`Tracker.begin_run`."""
        with self._turn:
            try:
                with self._database.writing() as db:
                    self._make_room(db, run_id, now)
                    _open(db, run_id, owner, now=now, until=until, locked=self._lock.acquire())
                self._own = run_id
            finally:
                if self._own is None:
                    self._lock.release()

    def renew(self, run_id: str, *, until: datetime) -> None:
        """`Tracker.renew_run`."""
        with self._turn:
            try:
                with self._database.writing() as db:
                    self.check_open(db, run_id)
                    db.execute(
                        "UPDATE runs SET lease_until = ?, locked = ? WHERE run_id = ?",
                        (instant_text(until), self._lock.acquire(), run_id),
                    )
                self._own = run_id
            except LeaseHeld:
                self._let_go(run_id)
                raise

    def end(self, summary: RunSummary) -> None:
        """`Tracker.end_run`; another run that has taken the lease meanwhile keeps it."""
        ended_at = summary.started_at + timedelta(seconds=summary.duration_seconds)
        with self._turn:
            with self._database.writing() as db:
                _void_leases(db, summary.run_id, ended_at)
                db.execute(
                    "INSERT INTO runs (run_id, owner, state, started_at, locked, summary)"
                    " VALUES (?, '', 'ended', ?, 0, ?) ON CONFLICT (run_id) DO UPDATE SET"
                    " state = excluded.state, started_at = excluded.started_at, lease_until = NULL,"
                    " locked = 0, summary = excluded.summary",
                    (
                        summary.run_id,
                        instant_text(summary.started_at),
                        rows.summary_json(summary),
                    ),
                )
            self._let_go(summary.run_id)

    def release(self, run_id: str, *, now: datetime) -> None:
        """`Tracker.release_run`; another run that has taken the lease meanwhile keeps it."""
        with self._turn:
            with self._database.writing() as db:
                _void_leases(db, run_id, now)
                db.execute(
                    "UPDATE runs SET state = 'ended', lease_until = NULL, locked = 0"
                    " WHERE run_id = ? AND state = 'open'",
                    (run_id,),
                )
            self._let_go(run_id)

    def at_work(self, now: datetime) -> RunAtWork | None:
        """`Tracker.run_at_work`."""
        with self._database.reading() as db:
            run = _open_run(db)
        if run is None or run.until <= now:
            return None
        return RunAtWork(run.run_id, run.owner, run.since, run.until)

    def ended(self, limit: int) -> list[RunSummary]:
        """`Tracker.runs`."""
        with self._database.reading() as db:
            found = db.execute(
                "SELECT summary FROM runs WHERE summary IS NOT NULL"
                " ORDER BY started_at DESC, seq DESC LIMIT ?",
                (limit,),
            ).fetchall()
        return [rows.summary_of(row[0]) for row in found]

    def check_open(self, db: sqlite3.Connection, run_id: str) -> None:
        """Raise LeaseHeld unless `run_id` is the open run."""
        run = _open_run(db)
        if run is None or run.run_id != run_id:
            holder = run.held() if run else None
            raise transitions.run_lease_lost(run_id, holder)

    def close(self) -> None:
        """Let go of the lock; a run that is still open counts as one whose owner is dead."""
        with self._turn:
            self._own = None
            self._lock.release()

    def _make_room(self, db: sqlite3.Connection, run_id: str, now: datetime) -> None:
        run = _open_run(db)
        if run is None or run.run_id == run_id:
            return
        dead = run.locked and run.run_id != self._own and self._lock.acquire()
        if run.until > now and not dead:
            raise run.held()
        _void_leases(db, run.run_id, now)
        db.execute(
            "UPDATE runs SET state = 'interrupted', lease_until = NULL, locked = 0"
            " WHERE run_id = ?",
            (run.run_id,),
        )

    def _let_go(self, run_id: str) -> None:
        if self._own == run_id:
            self.close()


def _open_run(db: sqlite3.Connection) -> _OpenRun | None:
    row = db.execute(
        "SELECT run_id, owner, started_at, lease_until, locked FROM runs WHERE state = 'open'"
    ).fetchone()
    if row is None:
        return None
    return _OpenRun(row[0], row[1], from_text(row[2]), from_text(row[3]), bool(row[4]))


def _open(
    db: sqlite3.Connection,
    run_id: str,
    owner: str,
    *,
    now: datetime,
    until: datetime,
    locked: bool,
) -> None:
    db.execute(
        "INSERT INTO runs (run_id, owner, state, started_at, lease_until, locked)"
        " VALUES (?, ?, 'open', ?, ?, ?) ON CONFLICT (run_id) DO UPDATE SET"
        " owner = excluded.owner, state = excluded.state, lease_until = excluded.lease_until,"
        " locked = excluded.locked, summary = NULL",
        (run_id, owner, instant_text(now), instant_text(until), locked),
    )


def _void_leases(db: sqlite3.Connection, run_id: str, now: datetime) -> None:
    """Take the leases of a run that is over from its media, and close its attempts."""
    db.execute(
        "UPDATE media SET lease_owner = NULL, lease_until = NULL, lease_run = NULL"
        " WHERE lease_run = ?",
        (run_id,),
    )
    db.execute(
        "UPDATE attempts SET ended_at = ?, outcome = ?, message = ?"
        " WHERE run_id = ? AND ended_at IS NULL",
        (instant_text(now), transitions.INTERRUPTED, transitions.INTERRUPTED_MESSAGE, run_id),
    )
