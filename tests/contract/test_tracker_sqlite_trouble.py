"""What the SQLite tracker promises beyond the contract: clear words for files it cannot use."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cloud_sync.errors import CloudSyncError, ServiceUnavailable, UsageError
from cloud_sync.tracker.migrations import APPLICATION_ID, STEPS, Layout, migrate
from cloud_sync.tracker.sqlite import SqliteTracker
from tracker_stores import (
    entry,
    remember,
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


class TestRefusedFiles:
    def test_a_file_that_is_no_database_is_refused_and_stays(self, path: Path) -> None:
        path.parent.mkdir()
        path.write_bytes(b"no database at all, " * 500)
        with pytest.raises(UsageError, match="no SQLite database") as refused:
            SqliteTracker(path)
        assert str(path) in refused.value.message
        assert "reconcile" in refused.value.hint
        assert path.read_bytes() == b"no database at all, " * 500

    def test_a_database_of_a_later_version_is_refused_and_stays(self, path: Path) -> None:
        with opened(path) as tracker:
            remember(tracker, entry("a"))
        with plain(path) as db:
            db.execute(f"PRAGMA user_version = {len(STEPS) + 1}")
        before = path.read_bytes()
        with pytest.raises(UsageError, match=rf"version {len(STEPS) + 1}\b") as refused:
            SqliteTracker(path)
        assert "upgrade" in refused.value.hint
        assert path.read_bytes() == before

    @pytest.mark.parametrize(
        "statement",
        ["CREATE TABLE media (id)", "PRAGMA user_version = 1", "PRAGMA application_id = 7"],
    )
    def test_a_database_of_another_program_is_refused_and_stays(
        self, path: Path, statement: str
    ) -> None:
        path.parent.mkdir()
        with plain(path) as db:
            db.execute(statement)
        before = path.read_bytes()
        with pytest.raises(UsageError, match="another program"):
            SqliteTracker(path)
        assert path.read_bytes() == before

    def test_a_folder_in_the_files_place_is_refused(self, path: Path) -> None:
        path.mkdir(parents=True)
        with pytest.raises(UsageError, match="cannot be opened") as refused:
            SqliteTracker(path)
        assert str(path) in refused.value.message

    def test_a_file_in_the_folders_place_is_refused(self, path: Path) -> None:
        path.parent.write_bytes(b"")
        for each in (path, path.parent / "deeper" / "tracker.db"):
            with pytest.raises(UsageError, match=r"tracker\.db"):
                SqliteTracker(each)

    def test_an_empty_file_becomes_a_tracker(self, path: Path) -> None:
        path.parent.mkdir()
        path.touch()
        with opened(path) as tracker:
            remember(tracker, entry("a"))


class TestTroubleInUse:
    """Real answers of SQLite, provoked by its own settings."""

    def provoke(self, tracker: SqliteTracker, pragma: str) -> None:
        connection = tracker._database._connection
        assert connection is not None
        connection.execute(pragma).fetchall()

    def test_a_full_disk_is_told_and_nothing_half_written_stays(self, path: Path) -> None:
        with opened(path) as tracker:
            remember(tracker, entry("a"))
            self.provoke(tracker, "PRAGMA max_page_count = 1")
            with pytest.raises(UsageError, match="disk is full") as full:
                remember(tracker, *(entry(f"m{number}") for number in range(5_000)))
            assert str(path) in full.value.message
            assert "space" in full.value.hint
            assert [medium.media_id for medium in visible(tracker)] == ["a"]
            self.provoke(tracker, "PRAGMA max_page_count = 1000000")
            remember(tracker, entry("b"))

    def test_a_tracker_that_cannot_be_written_is_told(self, path: Path) -> None:
        with opened(path) as tracker:
            self.provoke(tracker, "PRAGMA query_only = ON")
            with pytest.raises(UsageError, match="not writable"):
                remember(tracker, entry("a"))
            assert visible(tracker) == []

    def test_a_lock_held_for_too_long_is_worth_another_try(self, path: Path) -> None:
        with opened(path, busy_timeout=0.05) as tracker, plain(path) as db:
            db.execute("BEGIN IMMEDIATE")
            with pytest.raises(ServiceUnavailable, match=r"locked for more than 0\.05 s"):
                remember(tracker, entry("a"))
            assert visible(tracker) == []
            db.execute("ROLLBACK")
            remember(tracker, entry("a"))

    def test_opening_a_database_that_stays_locked_is_worth_another_try(self, path: Path) -> None:
        path.parent.mkdir()
        with plain(path) as db:
            db.execute("BEGIN EXCLUSIVE")
            with pytest.raises(ServiceUnavailable):
                SqliteTracker(path, busy_timeout=0.05)

    def test_a_damaged_database_is_told(self, path: Path) -> None:
        with opened(path) as tracker:
            remember(tracker, *(entry(f"m{number:05}", f"k{number}") for number in range(3_000)))
        raw = bytearray(path.read_bytes())
        raw[4096:] = b"\xa5" * (len(raw) - 4096)
        path.write_bytes(raw)
        with pytest.raises(UsageError, match="damaged") as damaged, opened(path) as tracker:
            visible(tracker)
        assert str(path) in damaged.value.message

    def test_any_other_answer_still_is_one_of_our_errors(self, path: Path) -> None:
        with opened(path) as tracker:
            self.provoke(tracker, "DROP TABLE attempts")
            with pytest.raises(CloudSyncError, match="SQLITE_ERROR"):
                tracker.attempts("a")


class TestMigrations:
    NEXT = ("ALTER TABLE media ADD COLUMN starred INTEGER NOT NULL DEFAULT 0",)

    def test_a_further_step_keeps_what_is_there(self, path: Path) -> None:
        with opened(path) as tracker:
            remember(tracker, entry("a", "k"))
            before = visible(tracker)
        with plain(path) as db:
            migrate(db, path, Layout((*STEPS, self.NEXT)))
            assert db.execute("PRAGMA user_version").fetchone() == (len(STEPS) + 1,)
            assert db.execute("SELECT media_id, starred FROM media").fetchall() == [("a", 0)]
            db.execute(f"PRAGMA user_version = {len(STEPS)}")
        with opened(path) as tracker:
            assert visible(tracker) == before

    def test_a_step_that_fails_leaves_the_version_before_it(self, path: Path) -> None:
        path.parent.mkdir()
        with plain(path) as db:
            with pytest.raises(sqlite3.OperationalError):
                migrate(db, path, Layout((*STEPS, (*self.NEXT, "no statement"))))
            assert db.execute("PRAGMA user_version").fetchone() == (len(STEPS),)
            assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
            columns = [row[1] for row in db.execute("PRAGMA table_info(media)")]
        assert "media_id" in columns
        assert "starred" not in columns
        with opened(path) as tracker:
            remember(tracker, entry("a"))

    def test_many_processes_may_open_a_missing_tracker_at_once(self, tmp_path: Path) -> None:
        code = (
            "import sys; from pathlib import Path\n"
            "from cloud_sync.tracker.sqlite import SqliteTracker\n"
            "for number in range(20):\n"
            "    tracker = SqliteTracker(Path(sys.argv[1]) / str(number) / 'tracker.db')\n"
            "    tracker.tallies(); tracker.close()\n"
        )
        processes = [subprocess.Popen([sys.executable, "-c", code, tmp_path]) for _ in range(4)]
        assert [process.wait(60) for process in processes] == [0, 0, 0, 0]

    def test_many_threads_may_open_a_missing_tracker_at_once(self, path: Path) -> None:
        def use(number: int) -> None:
            with opened(path) as tracker:
                remember(tracker, entry(f"m{number}"))

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(use, range(24)))
        with opened(path) as tracker:
            assert len(visible(tracker)) == 24
            assert len(tracker.known([f"m{number}" for number in range(24)])) == 24
