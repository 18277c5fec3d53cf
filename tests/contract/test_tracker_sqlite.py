"""What the SQLite tracker promises beyond the contract: durability, and the end of dead runs."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cloud_sync.errors import CloudSyncError, LeaseHeld, UsageError
from cloud_sync.model.tracking import Status
from cloud_sync.tracker.run_lock import RunLock
from cloud_sync.tracker.sqlite import SqliteTracker
from tracker_stores import (
    LATER,
    NOW,
    RUN,
    after,
    begin,
    entry,
    fail,
    finish,
    remember,
    summary,
    take,
    the,
    visible,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "tracker.db"


@contextmanager
def opened(path: Path, busy_timeout: float = 30.0) -> Iterator[SqliteTracker]:
    with closing(SqliteTracker(path, busy_timeout=busy_timeout)) as tracker:
        yield tracker


@contextmanager
def plain(path: Path) -> Iterator[sqlite3.Connection]:
    """The database as any other program sees it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


class TestOnDisk:
    def test_the_file_and_its_companions_are_for_their_owner_only(self, path: Path) -> None:
        old = os.umask(0)
        try:
            with opened(path) as tracker:
                begin(tracker)
                modes = {
                    each.name: stat.S_IMODE(each.stat().st_mode) for each in path.parent.iterdir()
                }
        finally:
            os.umask(old)
        assert modes == dict.fromkeys(
            ["tracker.db", "tracker.db-wal", "tracker.db-shm", "tracker.db.lock"], 0o600
        )
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700

    def test_everything_is_there_after_closing_and_opening(self, path: Path) -> None:
        with opened(path) as tracker:
            remember(tracker, *(entry(each, f"k/{each}") for each in "abc"))
            begin(tracker)
            finish(tracker, "a")
            fail(tracker, "b")
            tracker.end_run(summary())
            before = (visible(tracker), tracker.tallies(), tracker.runs(), tracker.attempts("b"))
        with opened(path) as tracker:
            after_opening = (
                visible(tracker),
                tracker.tallies(),
                tracker.runs(),
                tracker.attempts("b"),
            )
        assert after_opening == before

    def test_commits_wait_for_the_disk_and_readers_do_not_wait_for_writers(
        self, path: Path
    ) -> None:
        with opened(path) as tracker, tracker._database.reading() as db:
            assert db.execute("PRAGMA synchronous").fetchone() == (2,)
            assert db.execute("PRAGMA fullfsync").fetchone() == (1,)
            assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
            assert db.execute("PRAGMA foreign_keys").fetchone() == (1,)

    def test_the_columns_bear_the_specifications_names(self, path: Path) -> None:
        with opened(path) as tracker:
            remember(tracker, entry("a", "2024/05/a.MP4"), entry("b"))
            begin(tracker)
            fail(tracker, "a")
            fail(tracker, "a", now=after(1))
            with plain(path) as db:
                row = db.execute(
                    "SELECT media_id, filename, s3_key, file_size, upload_date, sync_timestamp,"
                    " status, retry_count, error_message, duration_seconds FROM media"
                    " WHERE status = 'FAILED'"
                ).fetchone()
        assert row == (
            "a",
            "a.MP4",
            "2024/05/a.MP4",
            1_000,
            "2024-05-02T10:00:00.000000Z",
            "2024-06-01T12:00:01.000000Z",
            "FAILED",
            1,
            "a broke off",
            12.5,
        )

    def test_recent_failures_are_read_from_the_specifications_index(self, path: Path) -> None:
        with opened(path), plain(path) as db:
            plan = db.execute(
                "EXPLAIN QUERY PLAN SELECT media_id FROM media WHERE status = 'FAILED'"
                " ORDER BY sync_timestamp DESC, media_id LIMIT 20"
            ).fetchall()
        assert "status-sync_timestamp-index" in plan[0][3]

    def test_no_transaction_stays_open_between_two_media(self, path: Path) -> None:
        with opened(path) as tracker:
            remember(tracker, *(entry(f"m{number:04}") for number in range(600)))
            media = tracker.media()
            next(media)
            with plain(path) as db:
                blocked, _, _ = db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        assert blocked == 0


class TestDeadOwners:
    def test_a_killed_process_loses_nothing_and_blocks_nobody(self, path: Path) -> None:
        code = (
            "import sys; from pathlib import Path; from tracker_stores import *\n"
            "tracker = SqliteTracker(Path(sys.argv[1]))\n"
            "remember(tracker, entry('a', 'k/a'), entry('b', 'k/b'))\n"
            "begin(tracker, 'killed'); finish_run = take(tracker, 'b', run_id='killed')\n"
            "store_files(tracker, finish_run)\n"
            "print('ready', flush=True); sys.stdin.read()\n"
        )
        tests = str(Path(__file__).parents[1])
        process = subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": tests},
        )
        with process, opened(path) as tracker:
            try:
                assert process.stdout is not None
                assert process.stdout.readline() == b"ready\n"
                with pytest.raises(LeaseHeld, match="killed"):
                    begin(tracker, "successor")
            finally:
                process.kill()
            process.wait(30)
            begin(tracker, "successor")
            medium = take(tracker, "b", run_id="successor", owner="successor")
            assert medium.attempts == 2
            assert (medium.files[0].status, medium.files[0].checksum) == (
                Status.COMPLETED,
                "c" * 12,
            )
            assert the(tracker, "a").s3_key == "k/a"
            outcomes = [each.outcome for each in tracker.attempts("b")]
            assert outcomes == ["INTERRUPTED", "IN_PROGRESS"]

    def test_a_run_that_took_over_from_a_hanging_one_is_not_held_for_dead(self, path: Path) -> None:
        with opened(path) as hanging, opened(path) as successor, opened(path) as third:
            begin(hanging, "hanging", until=after(60))
            successor.begin_run("successor", "s", now=after(60), until=LATER)
            hanging.close()
            with pytest.raises(LeaseHeld, match="successor"):
                third.begin_run("third", "t", now=after(61), until=LATER)

    def test_it_takes_the_lock_at_the_next_renewal_and_is_known_dead_from_then_on(
        self, path: Path
    ) -> None:
        with opened(path) as hanging, opened(path) as successor, opened(path) as third:
            begin(hanging, "hanging", until=after(60))
            successor.begin_run("successor", "s", now=after(60), until=LATER)
            with pytest.raises(LeaseHeld):
                hanging.renew_run("hanging", until=LATER)
            successor.renew_run("successor", until=LATER)
            successor.close()
            third.begin_run("third", "t", now=after(61), until=LATER)

    def test_a_run_that_could_not_be_written_down_does_not_keep_the_lock(self, path: Path) -> None:
        with opened(path) as first, opened(path) as second:
            connection = first._database._connection
            assert connection is not None
            connection.execute(
                "CREATE TEMP TRIGGER refusal BEFORE INSERT ON runs"
                " BEGIN SELECT raise(ABORT, 'refused'); END"
            )
            with pytest.raises(CloudSyncError, match="SQLITE_CONSTRAINT"):
                begin(first)
            begin(second, "run-2")
            second.close()
            connection.execute("DROP TRIGGER refusal")
            begin(first)

    def test_two_instances_may_work_on_one_run_and_neither_is_held_for_dead(
        self, path: Path
    ) -> None:
        with opened(path) as first, opened(path) as second, opened(path) as third:
            begin(first)
            second.renew_run(RUN, until=LATER)
            first.close()
            with pytest.raises(LeaseHeld):
                begin(third, "run-3")
            second.renew_run(RUN, until=LATER)
            second.close()
            begin(third, "run-3")

    def test_a_refused_run_does_not_keep_the_lock(self, path: Path) -> None:
        with opened(path) as first, opened(path) as second, opened(path) as third:
            begin(first)
            with pytest.raises(LeaseHeld):
                begin(second, "run-2")
            first.end_run(summary())
            begin(third, "run-3")
            third.close()
            begin(second, "run-2")

    def test_the_lock_excludes_within_one_process_too(self, tmp_path: Path) -> None:
        first, second = RunLock(tmp_path / "lock"), RunLock(tmp_path / "lock")
        assert first.acquire()
        assert first.acquire()
        assert not second.acquire()
        first.release()
        assert not first.held
        assert second.acquire()
        second.release()
        second.release()

    def test_a_lock_file_that_cannot_be_opened_is_told_by_path(self, path: Path) -> None:
        with opened(path) as tracker:
            path.with_name("tracker.db.lock").mkdir()
            with pytest.raises(UsageError, match=r"tracker\.db\.lock"):
                begin(tracker)
            assert visible(tracker) == []


def test_a_run_left_open_by_a_closed_tracker_can_still_be_ended(path: Path) -> None:
    with opened(path) as tracker:
        begin(tracker)
    with opened(path) as tracker:
        tracker.end_run(summary(RUN, NOW))
        assert [run.run_id for run in tracker.runs()] == [RUN]
