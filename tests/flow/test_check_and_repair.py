"""Checking and repairing over real adapters: a folder and SQLite, after real runs."""

from __future__ import annotations

import errno
import io
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest

from builders import QUICK, Bench, ManualClock, item
from cloud_sync.archive.audit import Depth
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.verify import Verdict
from cloud_sync.errors import ArchiveUnusable, Interrupted, LeaseHeld
from cloud_sync.model.report import Outcome, Result
from cloud_sync.model.tracking import Status
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import Event
from cloud_sync.pipeline.heartbeat import LEASE_FOR
from cloud_sync.pipeline.reconciling import Reconciliation, Repair, reconcile
from cloud_sync.pipeline.vault import Vault
from cloud_sync.pipeline.verifying import (
    CheckEvent,
    FileFound,
    ForeignFound,
    Verification,
    verify,
)
from cloud_sync.provider.memory import MemoryProvider, Original
from cloud_sync.tracker.repair_plan import Action
from cloud_sync.tracker.sqlite import SqliteTracker
from cloud_sync.transfer.stopping import Stop, StopReason

A_KEY = "gopro-videos/2026/05/GXa.MP4"


@dataclass
class Place:
    """An archive with its tracker, and the cloud that it is of."""

    root: Path
    provider: MemoryProvider
    stack: ExitStack
    clock: ManualClock = field(default_factory=ManualClock)
    repairs: list[Repair] = field(default_factory=list)
    found: list[CheckEvent] = field(default_factory=list)
    _trackers: int = 0

    def __post_init__(self) -> None:
        self.lose_tracker()

    @property
    def archive_root(self) -> Path:
        return self.root / "archive"

    def lose_tracker(self) -> None:
        self._trackers += 1
        self.tracker = SqliteTracker(self.root / f"tracker-{self._trackers}.sqlite")
        self.stack.callback(self.tracker.close)

    def bench(self) -> Bench:
        archive = FolderArchive(self.archive_root)
        return Bench(self.provider, self.tracker, archive, clock=self.clock)

    def vault(self) -> Vault:
        return Vault(FolderArchive(self.archive_root), self.tracker, self.clock)

    def caller(self, stop: Stop | None = None) -> Caller:
        told: list[Event] = []
        return Caller(QUICK, stop or Stop(self.clock), told.append)

    def verify(self, depth: Depth = Depth.IN_DOUBT) -> Verification:
        self.found.clear()
        return verify(self.vault(), depth, self.caller(), self.found.append, workers=2)

    def verdicts(self) -> dict[str, Verdict]:
        return {
            each.stored_file.file.key: each.verdict
            for each in self.found
            if isinstance(each, FileFound)
        }

    def reconcile(self, *, apply: bool = True, run_id: str = "repair-1") -> Reconciliation:
        self.repairs.clear()
        return reconcile(
            self.vault(),
            self.caller(),
            self.repairs.append,
            run_id=run_id,
            owner="repairer",
            apply=apply,
            depth=Depth.IN_DOUBT,
            workers=2,
        )

    def codes(self) -> list[str]:
        return sorted(repair.decision.code for repair in self.repairs)

    def files(self) -> dict[str, bytes]:
        """Everything that a user would see in the archive."""
        return {
            str(path.relative_to(self.archive_root)): path.read_bytes()
            for path in self.archive_root.rglob("*")
            if path.is_file() and ".cloud-sync" not in path.parts
        }


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An archive of three media with four files, archived by a run."""
    provider = MemoryProvider(per_page=2)
    provider.add(item("a"), Original(b"first chapter"), Original(b"second chapter"))
    provider.add(item("b", filename="GXa.MP4"), Original(b"another of that name"))
    provider.add(item("c"), Original(b"x" * 5000))
    with ExitStack() as stack:
        place = Place(tmp_path, provider, stack)
        assert place.bench().run().summary.result is Result.COMPLETED
        yield place


class TestVerifying:
    def test_an_untouched_archive_is_found_whole_without_reading(self, place: Place) -> None:
        done = place.verify()
        assert (done.checked, done.differences, done.read, done.foreign) == (4, 0, 0, 0)
        assert done.bytes == sum(map(len, place.files().values()))
        assert place.verify(Depth.BYTES).read == 4

    def test_an_interrupt_ends_the_reading_of_one_large_file_within_it(self, place: Place) -> None:
        stop, read = Stop(place.clock, work="the check"), []

        class Watched(io.FileIO):
            def read(self, size: int | None = -1, /) -> bytes:
                stop.request(StopReason.INTERRUPTED)
                read.append(size)
                return super().read(size)

        class Archive(FolderArchive):
            def open(self, key: str) -> BinaryIO:
                return Watched(place.archive_root / key)

        vault = Vault(Archive(place.archive_root), place.tracker, place.clock)
        with pytest.raises(Interrupted, match="the check"):
            verify(vault, Depth.BYTES, place.caller(stop), place.found.append, workers=1)
        assert read == [1 << 20], "a file was read on after the interrupt"

    def test_each_kind_of_damage_is_named_with_its_key(self, place: Place) -> None:
        keys = sorted(place.files())
        (place.archive_root / keys[0]).unlink()
        (place.archive_root / keys[1]).write_bytes(b"short")
        content = place.files()[keys[2]]
        (place.archive_root / keys[2]).write_bytes(content[:-1] + b"!")
        done = place.verify()
        assert done.differences == 3
        assert place.verdicts() == {
            keys[0]: Verdict.MISSING,
            keys[1]: Verdict.SIZE_DIFFERS,
            keys[2]: Verdict.CHECKSUM_DIFFERS,
        }

    def test_bytes_that_rotted_on_the_disk_are_found_by_a_deep_check(self, place: Place) -> None:
        """No program wrote to the file: size and times are as they were."""
        path = place.archive_root / A_KEY
        times = path.stat()
        path.write_bytes(path.read_bytes()[::-1])
        os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        assert place.verify().differences == 0
        assert place.verify(Depth.BYTES).verdicts[Verdict.CHECKSUM_DIFFERS] == 1
        assert place.verdicts() == {A_KEY: Verdict.CHECKSUM_DIFFERS}

    def test_a_copy_that_lost_its_times_is_read_and_found_whole(self, place: Place) -> None:
        for path in place.archive_root.rglob("*.MP4"):
            os.utime(path, (1, 1))
        done = place.verify()
        assert (done.differences, done.read) == (0, 4)
        assert place.verify(Depth.RECORDS).verdicts[Verdict.CHECKSUM_UNKNOWN] == 4

    def test_a_file_that_the_disk_does_not_give_is_a_difference(self, place: Place) -> None:
        class Rotten(io.RawIOBase):
            def readable(self) -> bool:
                return True

            def readinto(self, buffer: object) -> int:
                raise OSError(errno.EIO, "the disk cannot read this block")

        class Failing(FolderArchive):
            def open(self, key: str) -> BinaryIO:
                return io.BufferedReader(Rotten()) if key == A_KEY else super().open(key)

        vault = Vault(Failing(place.archive_root), place.tracker, place.clock)
        done = verify(vault, Depth.BYTES, place.caller(), place.found.append)
        assert done.verdicts[Verdict.UNREADABLE] == 1

    def test_files_of_others_are_counted_and_named_and_no_difference(self, place: Place) -> None:
        (place.archive_root / "notes.txt").write_bytes(b"mine")
        done = place.verify()
        assert (done.differences, done.foreign, done.foreign_bytes) == (0, 1, 4)
        foreign = [each.stored.key for each in place.found if isinstance(each, ForeignFound)]
        assert foreign == ["notes.txt"]

    def test_what_is_not_archived_yet_is_no_difference(self, place: Place) -> None:
        place.provider.add(item("d", ready=False), Original(b"later"))
        place.bench().run()
        done = place.verify()
        assert (done.checked, done.differences, done.unfinished) == (4, 0, 1)

    def test_a_disk_that_is_not_mounted_is_no_archive_full_of_losses(self, place: Place) -> None:
        place.archive_root.rename(place.root / "unmounted")
        with pytest.raises(ArchiveUnusable):
            place.verify()
        with pytest.raises(ArchiveUnusable):
            place.reconcile()
        assert place.tracker.tallies()[Status.COMPLETED].media == 3

    def test_it_changes_nothing(self, place: Place) -> None:
        (place.archive_root / A_KEY).unlink()
        rows, files = list(place.tracker.media()), place.files()
        place.verify(Depth.BYTES)
        assert (list(place.tracker.media()), place.files()) == (rows, files)

    def test_a_stop_ends_it(self, place: Place) -> None:
        stop = Stop(place.clock)
        stop.request(StopReason.INTERRUPTED)
        with pytest.raises(Interrupted):
            verify(place.vault(), Depth.BYTES, place.caller(stop), place.found.append)


class TestReconciling:
    def test_an_archive_in_order_needs_no_repair(self, place: Place) -> None:
        done = place.reconcile()
        assert place.repairs == []
        assert (done.checked, done.objects) == (4, 4)

    def test_a_missing_file_is_due_again_and_fetched_by_the_next_run(self, place: Place) -> None:
        before = place.files()
        (place.archive_root / A_KEY).unlink()
        assert place.reconcile().actions[Action.REOPEN] == 1
        assert place.codes() == ["missing_in_archive"]
        summary = place.bench().run().summary
        assert (summary.files_archived, summary.result) == (1, Result.COMPLETED)
        assert place.files() == before
        assert place.verify().differences == 0

    def test_a_dry_run_says_the_same_and_changes_nothing(self, place: Place) -> None:
        (place.archive_root / A_KEY).unlink()
        rows = list(place.tracker.media())
        place.reconcile(apply=False)
        planned = place.codes()
        assert list(place.tracker.media()) == rows
        place.reconcile()
        assert place.codes() == planned == ["missing_in_archive"]

    def test_other_bytes_at_the_key_are_named_and_never_touched(self, place: Place) -> None:
        (place.archive_root / A_KEY).write_bytes(b"somebody's edit")
        rows = list(place.tracker.media())
        place.reconcile()
        assert place.codes() == ["differs_in_archive"]
        assert place.repairs[0].decision.hint
        assert list(place.tracker.media()) == rows
        assert place.files()[A_KEY] == b"somebody's edit"
        (place.archive_root / A_KEY).rename(place.root / "kept copy")
        place.reconcile()
        place.bench().run()
        assert place.files()[A_KEY] in (b"first chapter", b"another of that name")

    def test_a_lost_tracker_is_rebuilt_and_the_next_run_moves_no_byte(self, place: Place) -> None:
        before = place.files()
        files_before = {
            (medium.media_id, file.number): (file.key, file.size, file.checksum)
            for medium in place.tracker.media()
            for file in medium.files
        }
        place.lose_tracker()
        (place.archive_root / "notes.txt").write_bytes(b"mine")
        done = place.reconcile()
        assert (done.actions[Action.ADOPT], done.actions[Action.FOREIGN]) == (4, 1)
        assert {medium.status for medium in place.tracker.media()} == {Status.PENDING}
        place.provider.calls.clear()
        summary = place.bench().run().summary
        assert (summary.bytes, summary.files_archived) == (0, 0)
        assert summary.counts[Outcome.ARCHIVED] == 3
        assert place.provider.calls["open"] == 0, "an original was fetched again"
        assert files_before == {
            (medium.media_id, file.number): (file.key, file.size, file.checksum)
            for medium in place.tracker.media(status=Status.COMPLETED)
            for file in medium.files
        }
        assert place.files() == {**before, "notes.txt": b"mine"}
        assert place.verify(Depth.BYTES).differences == 0

    def test_a_dry_run_over_a_lost_tracker_plans_all_and_writes_nothing(self, place: Place) -> None:
        place.lose_tracker()
        assert place.reconcile(apply=False).actions[Action.ADOPT] == 4
        assert list(place.tracker.media()) == []

    def test_a_medium_of_which_files_are_missing_is_completed_by_the_next_run(
        self, place: Place
    ) -> None:
        """The archive cannot tell how many files a medium has; nothing is called whole by it."""
        before = place.files()
        (second,) = [key for key in before if key.endswith("-a-2.MP4")]
        (place.archive_root / second).unlink()
        place.lose_tracker()
        place.reconcile()
        summary = place.bench().run().summary
        assert summary.files_archived == 1
        assert place.files() == before

    def test_a_file_that_was_altered_since_is_not_adopted(self, place: Place) -> None:
        place.lose_tracker()
        content = place.files()[A_KEY]
        (place.archive_root / A_KEY).write_bytes(content[:-1] + b"?")
        place.reconcile()
        assert place.codes() == ["adopted"] * 3 + ["altered_in_archive"]
        assert place.tracker.holders([A_KEY]) == {}

    def test_a_copied_archive_is_adopted_by_its_bytes(self, place: Place) -> None:
        """Copied without times: the noted checksums are held against the bytes."""
        copy = place.root / "copy"
        shutil.copytree(place.archive_root, copy, copy_function=shutil.copyfile)
        shutil.rmtree(place.archive_root)
        copy.rename(place.archive_root)
        place.lose_tracker()
        assert place.reconcile().actions[Action.ADOPT] == 4
        assert place.bench().run().summary.bytes == 0

    def test_an_old_copy_of_the_tracker_learns_what_came_later(self, place: Place) -> None:
        place.tracker.close()
        shutil.copyfile(place.root / "tracker-1.sqlite", place.root / "tracker-2.sqlite")
        place.tracker = SqliteTracker(place.root / "tracker-1.sqlite")
        place.stack.callback(place.tracker.close)
        place.provider.add(item("d"), Original(b"came later"))
        place.bench().run()
        place.lose_tracker()
        place.reconcile()
        assert [repair.media_id for repair in place.repairs] == ["d"]
        assert place.bench().run().summary.bytes == 0

    def test_abandoned_uploads_are_thrown_away_and_recent_ones_kept(self, place: Place) -> None:
        archive = FolderArchive(place.archive_root)
        upload = archive.begin("k", ObjectDescription("m", 1, "", {}, {}), part_size=5)
        upload.put_part(1, memoryview(b"bytes"), part_checksum(b"bytes"))
        upload.suspend()
        (partial,) = (place.archive_root / ".cloud-sync/partial").iterdir()
        recent = place.clock.instant.timestamp() - 3600
        os.utime(partial, (recent, recent))
        assert place.reconcile().actions[Action.DISCARD] == 0
        place.clock.advance(24 * 3600)
        assert place.reconcile(apply=False).actions[Action.DISCARD] == 1
        assert partial.exists()
        assert place.reconcile(run_id="repair-2").actions[Action.DISCARD] == 1
        assert not partial.exists()

    def test_while_a_run_is_at_work_nothing_is_repaired(self, place: Place) -> None:
        other = SqliteTracker(place.root / "tracker-1.sqlite")
        place.stack.callback(other.close)
        (place.archive_root / A_KEY).unlink()
        now = place.clock.now()
        other.begin_run("sync-9", "another process", now=now, until=now.replace(year=2027))
        with pytest.raises(LeaseHeld):
            place.reconcile()
        assert place.tracker.tallies()[Status.COMPLETED].media == 3
        assert place.reconcile(apply=False).actions[Action.REOPEN] == 1

    def test_the_lease_is_free_afterwards_and_the_last_run_is_still_the_sync(
        self, place: Place
    ) -> None:
        place.reconcile()
        other = SqliteTracker(place.root / "tracker-1.sqlite")
        place.stack.callback(other.close)
        now = place.clock.now()
        other.begin_run("run-9", "another process", now=now, until=now + LEASE_FOR)
        other.release_run("run-9", now=now)
        assert [run.run_id for run in place.tracker.runs()] == ["run-1"]
        assert place.bench().run().summary.result is Result.COMPLETED


def test_a_file_suspected_of_damage_is_fetched_anew_once_it_is_moved_away(place: Place) -> None:
    """The way out that `status` names: what is archived is never overwritten."""
    suspect, matched = sorted(place.files())[:2]
    database = place.root / "tracker-1.sqlite"
    with closing(sqlite3.connect(database)) as db, db:
        for key, check in ((suspect, "differs"), (matched, "matched")):
            db.execute(
                "UPDATE files SET source_check = ?, source_rule = 'md5' WHERE key = ?", (check, key)
            )
    assert [file.key for _, file in place.tracker.source_suspects()] == [suspect]
    whole = place.files()
    shutil.move(place.archive_root / suspect, place.root / "kept-copy")
    assert place.reconcile().actions[Action.REOPEN] == 1
    assert place.bench().run().summary.result is Result.COMPLETED
    assert place.files() == whole
    assert place.tracker.source_suspects() == []
