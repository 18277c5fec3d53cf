"""A process may die at any moment, and the source may change before the next one begins.

Whole runs over adapters that die at one call, before or after its effect; then further runs until
one is complete. At all times nothing but a whole version of the original is visible, and in the
end it is proven, recorded, and nothing unfinished that was recorded is left.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import md5
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, example, given, settings
from hypothesis import strategies as st

from builders import QUICK, ManualClock, item
from cloud_sync.archive.base import Archive
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.memory import MemoryArchive
from cloud_sync.errors import (
    CloudSyncError,
    ServiceUnavailable,
    SourceChanged,
    StreamBroken,
    UrlExpired,
)
from cloud_sync.model.media import MediaFile
from cloud_sync.model.report import Result
from cloud_sync.model.tracking import Status
from cloud_sync.notify.memory import MemoryNotifier
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.run import sync
from cloud_sync.provider.memory import MemoryProvider, Original
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.memory import MemoryStore, MemoryTracker
from cloud_sync.tracker.plan import Policy
from cloud_sync.tracker.sqlite import SqliteTracker
from cloud_sync.transfer.circuit_breaker import OutagePolicy
from cloud_sync.transfer.part_size import MIB, SMALLEST_PART
from cloud_sync.transfer.stopping import Stop
from crashes import Crash, Fate, mortal_rooms

CLIP = item("clip")
_BLOCK = bytes(range(251)) * 17
"""A prime number of values, so that no two parts of an original are alike."""


@cache
def version(size: int, number: int) -> bytes:
    """The original of that size in its `number`th version: another byte everywhere."""
    turned = bytes((value + 7 * number) % 256 for value in _BLOCK)
    return (turned * (size // len(turned) + 1))[:size]


def etag_of(content: bytes, form: str) -> str:
    """The source's mark: as S3 makes it of 6 MiB parts, of the whole, or of something unknown."""
    if form == "parts":
        parts = [content[at : at + 6 * MIB] for at in range(0, len(content), 6 * MIB)]
        digests = b"".join(md5(part, usedforsecurity=False).digest() for part in parts)
        return f"{md5(digests, usedforsecurity=False).hexdigest()}-{len(parts)}"
    whole = md5(content, usedforsecurity=False).hexdigest()
    return whole if form == "whole" else f"v-{whole[:8]}"


class Range:
    """A range of a version; it ends or breaks early where a fault says so."""

    def __init__(
        self, content: bytes, etag: str | None, start: int, end: int, fault: CloudSyncError | None
    ) -> None:
        self.size: int | None = len(content)
        self.etag = etag
        self._content, self._position, self._end = content, start, end
        self._fault = fault
        self._breaks_at = start + (end - start) // 2 if fault else end

    def readinto(self, buffer: memoryview) -> int:
        if self._fault and self._position >= self._breaks_at:
            raise self._fault
        stop = min(self._position + len(buffer), self._breaks_at)
        count = stop - self._position
        buffer[:count] = self._content[self._position : stop]
        self._position = stop
        return count

    def close(self) -> None:
        """There is nothing to let go of."""


class Camera(MemoryProvider):
    """One medium; `faults_of_opens` go wrong one each, a None not at all."""

    def __init__(self, sizes: Sequence[int], form: str) -> None:
        super().__init__()
        self.sizes, self.form, self.number = sizes, form, 0
        self.troubles: deque[CloudSyncError | None] = deque()
        self.change()

    def change(self) -> None:
        """Another version takes the place of every original."""
        self.number += 1
        self.contents = [version(size, self.number) for size in self.sizes]
        self.marks = [etag_of(content, self.form) for content in self.contents]
        self.add(CLIP, *(Original(content) for content in self.contents))

    def open(  # type: ignore[override]
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> Range:
        self._enter("open")
        content, mark = self.contents[file.number - 1], self.marks[file.number - 1]
        trouble = self.troubles.popleft() if self.troubles else None
        if trouble and not isinstance(trouble, StreamBroken):
            raise trouble
        if etag not in (None, mark):
            raise SourceChanged("opening: another version")
        end = len(content) if length is None else min(len(content), start + length)
        return Range(content, mark, start, end, trouble)


class Disk(ABC):
    """What outlives a process: what is archived, and what is remembered."""

    archive: Archive

    @abstractmethod
    def tracker(self) -> Tracker:
        """The tracker of a fresh process; closed when the process is over."""


class InMemory(Disk):
    def __init__(self, folder: Path) -> None:
        self.archive = MemoryArchive()
        self._store = MemoryStore()

    def tracker(self) -> Tracker:
        return MemoryTracker(self._store)


class OnDisk(Disk):
    def __init__(self, folder: Path) -> None:
        self.archive = FolderArchive(folder / "archive")
        self.archive.check()
        self._database = folder / "tracker.db"

    def tracker(self) -> Tracker:
        return SqliteTracker(self._database)


@dataclass(frozen=True)
class Try:
    """One process: where it dies, if it does, and what had changed before it began."""

    dies_at: int | None = None
    after: bool = False
    changed: bool = False
    troubles: tuple[type[CloudSyncError] | None, ...] = ()


@dataclass
class World:
    """One medium, its source, and what is left of it from process to process."""

    disk: Disk
    camera: Camera
    clock: ManualClock = field(default_factory=ManualClock)
    processes: int = 0
    visible: dict[str, bytes] = field(default_factory=dict)
    lost: int = 0
    ended: Result | None = None

    def live(self, attempt: Try) -> Fate:
        """One process from its beginning to its end, natural or not."""
        self.processes += 1
        self.clock.advance(3600)
        if attempt.changed and not self.visible:
            self.camera.change()
        self.ended = None
        self.camera.troubles = deque(map(_trouble, attempt.troubles))
        fate = Fate(attempt.dies_at or 10**9, attempt.after)
        tracker = self.disk.tracker()
        try:
            self._run(tracker, fate)
        finally:
            fate.bury()
            tracker.close()
        # an upload of which the tracker was never told
        begun, recorded = map(fate.done.count, ("archive.begin", "tracker.begin_transfer"))
        self.lost += begun - recorded if fate.dead else 0
        self._look()
        return fate

    def _run(self, tracker: Tracker, fate: Fate) -> None:
        provider, remembering, archive = mortal_rooms(self.camera, tracker, self.disk.archive, fate)
        rooms = Rooms(provider, remembering, archive, MemoryNotifier(), self.clock)
        run_id = f"run-{self.processes}"
        options = RunOptions(
            owner=run_id,
            new_run_id=lambda: run_id,
            policy=Policy(retry_failed=True),
            concurrency=2,
            retries=QUICK,
            outage=OutagePolicy(suspects=10**6),
        )
        try:
            report = sync(rooms, options, Stop(self.clock), lambda _event: None)
        except Crash:
            return
        assert not fate.dead, "a dead process came to an end as if it lived"
        self.ended = report.summary.result

    def _look(self) -> None:
        """What is visible is whole, one version, and stays as it is."""
        seen = {
            stored.key: self.disk.archive.open(stored.key) for stored in self.disk.archive.list()
        }
        contents = {}
        for key, stream in seen.items():
            with stream:
                contents[key] = stream.read()
        for key, content in contents.items():
            known = self.visible.get(key)
            if known is None:
                assert content in self.camera.contents, "another object than the source is visible"
            else:
                assert content == known, "a visible object was changed"
        assert self.visible.keys() <= contents.keys(), "a visible object is gone"
        self.visible = contents

    def finish(self) -> None:
        """Further runs, without faults, until one is complete."""
        for _ in range(4):
            if self.ended is Result.COMPLETED and len(self.visible) == len(self.camera.sizes):
                break
            self.live(Try())
        tracker = self.disk.tracker()
        try:
            self._check(tracker)
        finally:
            tracker.close()

    def _check(self, tracker: Tracker) -> None:
        medium = tracker.known([CLIP.id])[CLIP.id]
        assert medium.status is Status.COMPLETED, medium.reason
        assert len(medium.files) == len(self.camera.sizes)
        assert {file.key for file in medium.files} == self.visible.keys(), "an object too many"
        for file in medium.files:
            content = self.visible[file.key]
            assert content == self.camera.contents[file.number - 1]
            assert file.status is Status.COMPLETED
            assert file.size == len(content)
            assert file.checksum == to_text(part_checksum(memoryview(content)))
            assert tracker.checkpoint(CLIP.id, file.number) is None
        left = list(self.disk.archive.unfinished_uploads())
        assert len(left) <= self.lost, "an upload that the tracker knew of was left behind"


def _trouble(kind: type[CloudSyncError] | None) -> CloudSyncError | None:
    if kind is None:
        return None
    if kind is StreamBroken:
        return StreamBroken("reading: the body ended", got=0, expected=None)
    return kind("opening")


@contextmanager
def world(kind: type[Disk], sizes: Sequence[int], form: str) -> Iterator[World]:
    with tempfile.TemporaryDirectory() as folder:
        yield World(kind(Path(folder)), Camera(sizes, form))  # type: ignore[call-arg]


SMALL = 5_000
LARGE = 2 * SMALLEST_PART + 12_345

tries = st.builds(
    Try,
    dies_at=st.none() | st.integers(1, 70),
    after=st.booleans(),
    changed=st.booleans(),
    troubles=st.lists(
        st.sampled_from([None, StreamBroken, ServiceUnavailable, UrlExpired]),
        max_size=4,
    ).map(tuple),
)
sizes = st.sampled_from([1, SMALL, SMALL, SMALLEST_PART, SMALLEST_PART + 1, 12 * MIB, LARGE])
forms = st.sampled_from(["parts", "whole", "unknown"])


def check_history(kind: type[Disk], some: Sequence[int], form: str, history: Sequence[Try]) -> None:
    with world(kind, some, form) as scene:
        for attempt in history:
            fate = scene.live(attempt)
            event(f"died at {fate.calls[-1]}" if fate.dead else "lived to its end")
        scene.finish()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sizes, min_size=1, max_size=2), forms, st.lists(tries, max_size=4))
@example([LARGE], "unknown", [Try(22), Try(changed=True)])
def test_any_deaths_and_changes_end_in_the_present_original_whole(
    some: list[int], form: str, history: list[Try]
) -> None:
    check_history(InMemory, some, form, history)


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(sizes, min_size=1, max_size=2), forms, st.lists(tries, max_size=3))
def test_the_same_holds_on_a_disk_with_a_database(
    some: list[int], form: str, history: list[Try]
) -> None:
    check_history(OnDisk, some, form, history)


def calls_of_a_run(size: int) -> int:
    with world(InMemory, [size], "unknown") as scene:
        return len(scene.live(Try()).calls)


@pytest.mark.parametrize("changed", [False, True], ids=["same source", "changed source"])
@pytest.mark.parametrize("size", [SMALL, SMALLEST_PART + 1], ids=["one part", "two parts"])
def test_a_death_after_any_call_at_all_loses_nothing(size: int, changed: bool) -> None:
    """Before its effect is the same as after the effect of the call before it."""
    calls = calls_of_a_run(size)
    assert calls > 12
    for number in range(1, calls + 1):
        with world(InMemory, [size], "unknown") as scene:
            scene.live(Try(number, after=True))
            scene.live(Try(changed=changed))
            scene.finish()
