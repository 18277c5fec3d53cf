"""A watch copies every version once, oldest first, and comes back to what failed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from cloud_sync.clock import SystemClock
from cloud_sync.errors import Interrupted, UsageError
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.replicate.execution import CopyRooms, execute
from cloud_sync.replicate.memory_store import MemoryStore
from cloud_sync.replicate.outcome import CopyStatus
from cloud_sync.replicate.request import CopyRequest, PrefixMapping
from cloud_sync.replicate.tracker import CopyState
from cloud_sync.replicate.tracker_sqlite import SqliteCopyTracker
from cloud_sync.replicate.uploads import NoJournal
from cloud_sync.replicate.watch_sqlite import SqliteWatchLedger
from cloud_sync.replicate.watching import Watch, Watcher, refuse_loops, route_end
from cloud_sync.transfer.stopping import Stop, StopReason
from copies import WHOLE


class Ticking(SystemClock):
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.instant = datetime(2026, 11, 21, tzinfo=UTC)

    def now(self) -> datetime:
        return self.instant


class Scene:
    """A memory service with a watched bucket, and what a watch of it needs."""

    def __init__(self, tracker: SqliteCopyTracker) -> None:
        self.store = MemoryStore()
        self.store.make_bucket("builds", versions=True)
        self.store.make_bucket("region-a", versions=True)
        self.clock = Ticking()
        self.notifier = MemoryNotifier()
        self.tracker = tracker
        self.ledger = SqliteWatchLedger(tracker.database)
        self.stop = Stop(SystemClock())
        self.rooms = CopyRooms(
            self.store,
            self.store,
            tracker,
            NoJournal(),
            self.notifier,
            self.clock,
            "here",
            WHOLE,
        )
        self._names = count(1)

    def watcher(self, *buckets: str, mapping: PrefixMapping | None = None) -> Watcher:
        watch = Watch("builds", "", buckets or ("region-a",), None, mapping)
        name = self._names
        return Watcher(
            watch, self.rooms, self.ledger, self.stop, lambda _: None, lambda: f"e{next(name)}"
        )

    def copies(self, bucket: str, key: str) -> list[bytes]:
        """All versions at a destination, newest first."""
        rows = list(self.store.versions(bucket, key))
        found = [self.store.head(row.at) for row in rows]
        return [self.store.read(each, 0, each.size) for each in found if each]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with closing(SqliteCopyTracker(tmp_path / "copies.sqlite")) as tracker:
        yield Scene(tracker)


def test_every_version_is_copied_once_oldest_first(scene: Scene) -> None:
    for body in (b"1", b"2", b"1"):
        scene.store.write("builds", "k", body)
    assert len(list(scene.watcher().pass_over())) == 3
    assert scene.copies("region-a", "k") == [b"1", b"2", b"1"]
    assert list(scene.watcher().pass_over()) == [], "a watch that starts again copies it again"
    scene.store.write("builds", "k", b"3")
    scene.store.write("builds", "other", b"x")
    assert len(list(scene.watcher().pass_over())) == 2
    assert scene.copies("region-a", "k") == [b"3", b"1", b"2", b"1"]


def test_a_bucket_without_versions_is_watched_by_what_lies_there(scene: Scene) -> None:
    scene.store.make_bucket("builds")
    scene.store._versioned.discard("builds")
    for body in (b"1", b"2"):
        scene.store.write("builds", "k", body)
        assert len(list(scene.watcher().pass_over())) == 1
        assert list(scene.watcher().pass_over()) == []
    assert scene.copies("region-a", "k") == [b"2", b"1"]


def test_only_the_destination_that_failed_is_tried_again_after_a_wait_and_told_once(
    scene: Scene,
) -> None:
    scene.store.write("builds", "k", b"1")
    watcher = scene.watcher("region-a", "region-b")
    (first,) = watcher.pass_over()
    assert first.results.failed_buckets[0]["code"] == "no_such_bucket"
    assert list(watcher.pass_over()) == [], "a failure is tried again at every look"
    scene.clock.instant += timedelta(seconds=61)
    (again,) = watcher.pass_over()
    assert again.request.destinations == ("region-b",)
    scene.clock.instant += timedelta(seconds=61)
    assert list(watcher.pass_over()) == [], "the wait has not grown"
    scene.store.make_bucket("region-b")
    scene.clock.instant += timedelta(seconds=61)
    (last,) = watcher.pass_over()
    assert last.results.failed == 0
    assert scene.store.content("region-b", "k") == b"1"
    assert len(scene.notifier.sent) == 1


def test_an_old_version_that_failed_never_replaces_a_newer_one(scene: Scene) -> None:
    scene.store.write("builds", "k", b"old")
    watcher = scene.watcher("region-b")
    list(watcher.pass_over())
    scene.store.write("builds", "k", b"new")
    scene.store.make_bucket("region-b")
    (newer,) = watcher.pass_over()
    assert newer.results.outcomes[0].status is CopyStatus.COPIED
    scene.clock.instant += timedelta(hours=2)
    (late,) = watcher.pass_over()
    assert late.results.outcomes[0].code == "newer_there"
    assert scene.store.content("region-b", "k") == b"new"
    scene.clock.instant += timedelta(hours=2)
    assert list(watcher.pass_over()) == []


def test_keys_that_the_mapping_is_not_about_stay_as_they_are(scene: Scene) -> None:
    scene.store.write("builds", "in/a", b"a")
    scene.store.write("builds", "b", b"b")
    list(scene.watcher(mapping=PrefixMapping("in/", "out/")).pass_over())
    assert scene.store.content("region-a", "out/a") == b"a"
    assert scene.store.content("region-a", "b") == b"b"


def test_a_stop_ends_the_look_between_two_versions(scene: Scene) -> None:
    for key in "ab":
        scene.store.write("builds", key, b"x")
    looking = scene.watcher().pass_over()
    next(looking)
    scene.stop.request(StopReason.INTERRUPTED)
    with pytest.raises(Interrupted):
        next(looking)


def test_a_stop_within_an_execution_is_on_record_and_tells_nobody(scene: Scene) -> None:
    scene.store.write("builds", "k", b"1")
    scene.stop.request(StopReason.INTERRUPTED)
    request = CopyRequest("builds", "k", ("region-a",))
    done = execute(request, "e", scene.rooms, scene.stop, lambda _: None)
    assert done.interrupted
    assert done.results.failed_buckets[0]["code"] == "interrupted"
    latest = scene.tracker.latest("k", "builds")
    assert latest is not None
    assert latest.state is CopyState.FAILED
    assert scene.notifier.sent == []


def test_loops_are_refused_however_long(scene: Scene) -> None:
    def end(bucket: str) -> str:
        return route_end(scene.store.service, bucket)

    watch = Watch("builds", "", ("region-a",))
    refuse_loops(watch, scene.rooms, [(end("region-b"), end("builds"))])
    for routes in (
        [(end("region-a"), end("builds"))],
        [(end("region-a"), end("region-b")), (end("region-b"), end("builds"))],
    ):
        with pytest.raises(UsageError, match="back to it"):
            refuse_loops(watch, scene.rooms, routes)
    with pytest.raises(UsageError, match="copied again"):
        refuse_loops(replace(watch, destinations=("builds",)), scene.rooms, [])


def test_routes_of_processes_that_are_gone_do_not_count(scene: Scene) -> None:
    with scene.tracker.database.writing() as db:
        host = scene.ledger._host
        # the second cannot be: the largest id that Linux gives is 2**22
        db.executemany(
            "INSERT INTO routes VALUES (?, ?, ?, ?)",
            [("a", "b", host, 1), ("c", "d", host, 2**22 + 1), ("e", "f", "elsewhere", 1)],
        )
    assert sorted(scene.ledger.open_routes("x", ["y"])) == [("a", "b"), ("e", "f")]
    scene.ledger.close_routes()
    with scene.tracker.database.reading() as db:
        assert db.execute("SELECT count(*) FROM routes WHERE source = 'x'").fetchone() == (0,)
