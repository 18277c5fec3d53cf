"""What the SQLite tracker promises of checkpoints beyond the contract: durable, in small writes."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from cloud_sync.errors import LeaseHeld, UsageError
from cloud_sync.model.tracking import Status
from cloud_sync.tracker.sqlite import SqliteTracker
from tracker_stores import (
    NOW,
    OWNER,
    begin,
    checkpoint,
    entry,
    part,
    remember,
    take,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "tracker.db"


@contextmanager
def opened(path: Path) -> Iterator[SqliteTracker]:
    with closing(SqliteTracker(path)) as tracker:
        yield tracker


@contextmanager
def plain(path: Path) -> Iterator[sqlite3.Connection]:
    """The database as any other program sees it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def start(tracker: SqliteTracker) -> None:
    """Claim a medium with one file."""
    remember(tracker, entry("a", "k"))
    begin(tracker)
    take(tracker, "a")


def test_a_checkpoint_is_there_after_closing_and_opening(path: Path) -> None:
    with opened(path) as tracker:
        start(tracker)
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))
        tracker.record_part("a", OWNER, 1, part(2))
    with opened(path) as tracker:
        assert tracker.checkpoint("a", 1) == checkpoint(part(1), part(2))


WRITER = """
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tracker_stores import *

tracker = SqliteTracker(Path(sys.argv[1]))
remember(tracker, entry('a', 'k'))
begin(tracker, 'killed')
take(tracker, 'a', run_id='killed')
tracker.begin_transfer('a', OWNER, 1, checkpoint())

def record(worker):
    for number in range(worker + 1, 10_001, 4):
        tracker.record_part('a', OWNER, 1, part(number))
        os.write(1, b'%d\\n' % number)  # in one piece, whatever the other threads write

with ThreadPoolExecutor(4) as pool:
    list(pool.map(record, range(4)))
"""


def test_a_writer_killed_in_the_midst_of_it_loses_no_part_that_was_recorded(path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    ) as writer:
        try:
            assert writer.stdout is not None
            lines = [writer.stdout.readline() for _ in range(100)]
        finally:
            writer.kill()
        # the last line may have been cut off
        lines += [line for line in writer.stdout.readlines() if line.endswith(b"\n")]
    acknowledged = {int(line) for line in lines}
    assert len(acknowledged) < 10_000, "the writer was done before it was killed"
    with opened(path) as successor:
        begin(successor, "successor")
        take(successor, "a", run_id="successor", owner="worker-2")
        found = successor.checkpoint("a", 1)
        assert found is not None
        assert acknowledged <= {each.number for each in found.parts}
        assert found == checkpoint(*(part(each.number) for each in found.parts))
        with pytest.raises(LeaseHeld):
            successor.record_part("a", OWNER, 1, part(10_000))
        successor.record_part("a", "worker-2", 1, part(10_000))
        again = successor.checkpoint("a", 1)
        assert again == checkpoint(*found.parts, part(10_000))


def test_recording_one_of_ten_thousand_parts_writes_a_few_pages(path: Path) -> None:
    with opened(path) as tracker, plain(path) as db:
        start(tracker)
        whole = checkpoint(*(part(number) for number in range(1, 10_001) if number != 5_000))
        tracker.begin_transfer("a", OWNER, 1, whole)
        (page_size,) = db.execute("PRAGMA page_size").fetchone()
        assert db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
        tracker.record_part("a", OWNER, 1, part(5_000))
        written = path.with_name("tracker.db-wal").stat().st_size
    # a leaf split makes it a handful; all the parts are more than a hundred
    assert 0 < written < 10 * page_size


def test_a_forgotten_transfer_leaves_no_row_behind(path: Path) -> None:
    with opened(path) as tracker, plain(path) as db:
        start(tracker)
        counts = "SELECT (SELECT count(*) FROM transfers), (SELECT count(*) FROM parts)"
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1), part(2)))
        assert db.execute(counts).fetchone() == (1, 2)
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(3)))
        assert db.execute(counts).fetchone() == (1, 1)
        tracker.end_transfer("a", OWNER, 1)
        assert db.execute(counts).fetchone() == (0, 0)
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))
        tracker.settle("a", OWNER, Status.SKIPPED, now=NOW)
        assert db.execute(counts).fetchone() == (0, 0)


def test_a_transfer_that_cannot_be_written_whole_leaves_the_earlier_one(path: Path) -> None:
    with opened(path) as tracker:
        start(tracker)
        tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))
        connection = tracker._database._connection
        assert connection is not None
        connection.execute("PRAGMA max_page_count = 1").fetchall()
        whole = checkpoint(*(part(number) for number in range(1, 10_001)))
        with pytest.raises(UsageError, match="disk is full"):
            tracker.begin_transfer("a", OWNER, 1, whole)
        assert tracker.checkpoint("a", 1) == checkpoint(part(1))
