"""The transfer engine over a provider and archives in memory and on disk."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from builders import item
from cloud_sync.archive.base import Archive
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.memory import MemoryArchive
from cloud_sync.clock import SystemClock
from cloud_sync.errors import (
    ChecksumMismatch,
    GoneAtSource,
    Interrupted,
    KeyTaken,
    ServiceUnavailable,
    SizeMismatch,
    SourceChanged,
    StreamBroken,
    Throttled,
)
from cloud_sync.model.media import MediaFile
from cloud_sync.provider.memory import MemoryProvider, MemoryStream, Original
from cloud_sync.transfer.engine import EngineLimits, Transferred
from cloud_sync.transfer.file_transfer import TransferHooks, TransferRequest
from cloud_sync.transfer.part_size import MIB, SMALLEST_PART
from cloud_sync.transfer.stopping import Stop
from transfers import MemoryJournal, Seen, description, engine_over, hooks, request, stopping_after

CLIP = item("a")
LARGE = 3 * SMALLEST_PART + 12_345


def content(size: int, seed: int = 1) -> bytes:
    return Random(seed).randbytes(size)


@pytest.fixture(params=["memory", "folder"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    if request.param == "memory":
        return MemoryArchive()
    folder = FolderArchive(tmp_path / "archive")
    folder.check()
    return folder


class Scene:
    """One original, an archive, and what a transfer needs besides."""

    def __init__(self, archive: Archive, provider: MemoryProvider) -> None:
        self.archive = archive
        self.provider = provider
        self.journal = MemoryJournal()
        self.seen = Seen()
        self.stop = Stop(SystemClock())
        self.proven: set[str] | None = set()

    def request(self, key: str = "k", listed: int | None = None) -> TransferRequest:
        def resolve() -> MediaFile:
            return self.provider.resolve(CLIP)[0]

        return TransferRequest(resolve(), key, description(), listed, resolve)

    def transfer(self, told: TransferHooks | None = None, listed: int | None = None) -> Transferred:
        with engine_over(self.provider, self.archive, proven=self.proven) as engine:
            return engine.transfer(
                self.request(listed=listed), self.journal, self.stop, told or hooks(self.seen)
            )

    def read(self, key: str = "k") -> bytes:
        with self.archive.open(key) as stream:
            return stream.read()

    def assert_nothing_there(self) -> None:
        assert self.archive.head("k") is None, "something lies under the key"


def unfinished(archive: Archive, root: Path) -> int:
    if isinstance(archive, MemoryArchive):
        return archive.open_uploads
    return len(list((root / "archive" / ".cloud-sync" / "partial").glob("*.part")))


@pytest.mark.parametrize(
    "size",
    [1, SMALLEST_PART - 1, SMALLEST_PART, SMALLEST_PART + 1, 2 * SMALLEST_PART, LARGE],
)
def test_an_original_of_any_size_arrives_byte_for_byte(
    archive: Archive, tmp_path: Path, size: int
) -> None:
    data = content(size)
    scene = Scene(archive, MemoryProvider({CLIP: [Original(data)]}))
    done = scene.transfer(listed=size)
    assert scene.read() == data
    assert done.stored.size == done.proof.size == size
    assert scene.journal.proof == done.proof
    assert scene.seen.opened == [(size, 0)]
    assert sum(scene.seen.read) == size, "progress does not add up to the size"
    assert scene.provider.calls["open"] == -(-size // SMALLEST_PART), "a byte was asked for twice"
    assert unfinished(archive, tmp_path) == 0


def test_an_original_without_bytes_is_refused(archive: Archive) -> None:
    scene = Scene(archive, MemoryProvider({CLIP: [Original(b"")]}))
    with pytest.raises(StreamBroken):
        scene.transfer()
    scene.assert_nothing_there()


def test_an_interrupted_transfer_is_gone_on_with_by_another_engine(
    archive: Archive, tmp_path: Path
) -> None:
    data = content(LARGE)
    scene = Scene(archive, MemoryProvider({CLIP: [Original(data)]}))
    with pytest.raises(Interrupted):
        scene.transfer(stopping_after(scene.seen, scene.stop, 2 * SMALLEST_PART + MIB))
    scene.assert_nothing_there()
    saved = scene.journal.checkpoint()
    assert saved is not None
    stored = sum(part.length for part in saved.parts)
    scene.stop, scene.seen = Stop(SystemClock()), Seen()
    scene.transfer()
    assert scene.seen.opened == [(LARGE, stored)]
    assert sum(scene.seen.read) == LARGE - stored, "more than the rest was fetched"
    assert scene.read() == data
    assert unfinished(archive, tmp_path) == 0


def test_parts_that_the_archive_lost_are_fetched_again() -> None:
    archive = MemoryArchive()
    data = content(LARGE)
    scene = Scene(archive, MemoryProvider({CLIP: [Original(data)]}))
    with pytest.raises(Interrupted):
        scene.transfer(stopping_after(scene.seen, scene.stop, 2 * SMALLEST_PART + MIB))
    archive.unfinished.clear()
    scene.stop, scene.seen = Stop(SystemClock()), Seen()
    scene.transfer()
    assert scene.seen.opened == [(LARGE, 0)]
    assert scene.read() == data


class Changing(MemoryProvider):
    """After some ranges the original becomes another version of the same size."""

    def __init__(self, versions: list[bytes], after: int) -> None:
        super().__init__({CLIP: [Original(versions[0])]})
        self._versions = versions[1:]
        self._after = after

    def open(
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> MemoryStream:
        if self._versions and self.calls["open"] and self.calls["open"] % self._after == 0:
            self.add(CLIP, Original(self._versions.pop(0)))
        return super().open(file, start, length, etag)


def test_a_source_that_changes_is_begun_anew_and_never_mixed(
    archive: Archive, tmp_path: Path
) -> None:
    old, new = content(LARGE, 1), content(LARGE, 2)
    scene = Scene(archive, Changing([old, new], after=2))
    scene.transfer()
    assert scene.read() == new
    assert [type(error) for error in scene.seen.retries] == [SourceChanged]
    assert unfinished(archive, tmp_path) == 0


def test_a_source_that_does_not_stop_changing_is_given_up(archive: Archive, tmp_path: Path) -> None:
    scene = Scene(archive, Changing([content(LARGE, seed) for seed in range(9)], after=2))
    with pytest.raises(SourceChanged):
        scene.transfer()
    scene.assert_nothing_there()
    assert scene.journal.checkpoint() is None
    assert unfinished(archive, tmp_path) == 0


def test_a_source_that_changed_between_two_runs_is_begun_anew(
    archive: Archive, tmp_path: Path
) -> None:
    provider = MemoryProvider({CLIP: [Original(content(LARGE, 1))]})
    scene = Scene(archive, provider)
    with pytest.raises(Interrupted):
        scene.transfer(stopping_after(scene.seen, scene.stop, 2 * SMALLEST_PART + MIB))
    new = content(LARGE, 2)
    provider.add(CLIP, Original(new))
    scene.stop = Stop(SystemClock())
    scene.transfer()
    assert scene.read() == new
    assert unfinished(archive, tmp_path) == 0


class Expiring(MemoryProvider):
    """Addresses run out after every third range."""

    def open(
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> MemoryStream:
        if self.calls["open"] % 3 == 2:
            self.expire_urls()
        return super().open(file, start, length, etag)


def test_an_address_that_runs_out_is_asked_for_again(archive: Archive) -> None:
    data = content(LARGE)
    scene = Scene(archive, Expiring({CLIP: [Original(data)]}))
    scene.transfer()
    assert scene.read() == data


@pytest.mark.parametrize("fault", ["stream_ends_after", "stream_breaks_after"])
def test_a_broken_range_goes_on_at_the_byte_where_it_broke(archive: Archive, fault: str) -> None:
    data = content(2 * SMALLEST_PART)
    scene = Scene(archive, MemoryProvider({CLIP: [Original(data)]}))
    setattr(scene.provider.faults, fault, 3 * MIB)
    scene.transfer()
    assert scene.read() == data
    assert sum(scene.seen.read) == len(data), "bytes were fetched twice"


def test_a_passing_failure_keeps_what_is_stored_for_the_next_run(
    archive: Archive, tmp_path: Path
) -> None:
    data = content(LARGE)
    scene = Scene(archive, MemoryProvider({CLIP: [Original(data)]}))
    down = [ServiceUnavailable("opening: no answer")] * 40

    def break_down(_size: int, _stored: int) -> None:
        scene.provider.faults.on("open", *down)

    with pytest.raises(ServiceUnavailable):
        scene.transfer(TransferHooks(break_down, scene.seen.read.append, lambda _e, _w: None))
    assert scene.journal.checkpoint() is not None
    assert unfinished(archive, tmp_path) == 1
    scene.provider.faults.pending.clear()
    scene.seen.read.clear()
    scene.transfer()
    assert scene.read() == data
    assert sum(scene.seen.read) < LARGE


def test_a_lasting_failure_leaves_no_part_behind(archive: Archive, tmp_path: Path) -> None:
    scene = Scene(archive, MemoryProvider({CLIP: [Original(content(LARGE))]}))

    def vanish(_size: int, _stored: int) -> None:
        scene.provider.faults.on("open", *[GoneAtSource("opening: it is gone")] * 9)

    with pytest.raises(GoneAtSource):
        scene.transfer(TransferHooks(vanish, scene.seen.read.append, lambda _e, _w: None))
    scene.assert_nothing_there()
    assert scene.journal.checkpoint() is None
    assert unfinished(archive, tmp_path) == 0


def test_bytes_found_wrong_at_the_end_are_told_as_that_and_moved_anew_by_the_next_try(
    tmp_path: Path,
) -> None:
    """The upload is over then: asking for its end again would be a fault of our own."""
    archive = FolderArchive(tmp_path / "archive")
    archive.check()
    data = content(LARGE)
    scene = Scene(archive, MemoryProvider({CLIP: [Original(data)]}))
    told = hooks(scene.seen)

    def harmed(read: int) -> None:
        told.progress(read)
        if sum(scene.seen.read) == LARGE:
            (partial,) = (tmp_path / "archive" / ".cloud-sync" / "partial").glob("*.part")
            with partial.open("r+b") as stream:
                stream.write(bytes(1000))

    with pytest.raises(ChecksumMismatch, match="reading back") as caught:
        scene.transfer(TransferHooks(told.opened, harmed, told.retrying))
    assert "nothing is visible" in caught.value.kept
    assert scene.seen.retries == [], "an upload that was over was asked for its end again"
    scene.assert_nothing_there()
    assert scene.journal.checkpoint() is None
    assert unfinished(archive, tmp_path) == 0
    scene.transfer()
    assert scene.read() == data


@pytest.mark.parametrize("size", [100, LARGE])
def test_a_key_in_use_is_left_untouched(archive: Archive, tmp_path: Path, size: int) -> None:
    scene = Scene(archive, MemoryProvider({CLIP: [Original(content(9, 3))]}))
    scene.transfer()
    other = Scene(archive, MemoryProvider({CLIP: [Original(content(size))]}))
    with pytest.raises(KeyTaken):
        other.transfer()
    assert scene.read() == content(9, 3)
    assert other.journal.checkpoint() is None
    assert unfinished(archive, tmp_path) == 0


def test_a_size_far_from_the_listing_is_refused_before_a_byte_is_stored(archive: Archive) -> None:
    scene = Scene(archive, MemoryProvider({CLIP: [Original(content(500_000))]}))
    with pytest.raises(SizeMismatch, match=r"4000000.*500000"):
        scene.transfer(listed=4_000_000)
    scene.assert_nothing_there()


def test_a_service_that_asks_for_fewer_calls_gets_fewer_and_the_transfer_goes_on(
    archive: Archive,
) -> None:
    data = content(LARGE)
    scene = Scene(archive, MemoryProvider({CLIP: [Original(data)]}))
    scene.provider.faults.on("open", Throttled("slow down", retry_after=0.0))
    scene.transfer()
    assert [type(error) for error in scene.seen.retries] == [Throttled]
    assert scene.read() == data


class Counting(MemoryProvider):
    """Counts how many ranges are open at a time."""

    now = peak = 0
    counting = threading.Lock()

    def open(
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> MemoryStream:
        stream = super().open(file, start, length, etag)
        with self.counting:
            self.now += 1
            self.peak = max(self.peak, self.now)
        close: Callable[[], None] = stream.close

        def leave() -> None:
            with self.counting:
                self.now -= 1
            close()

        stream.close = leave  # type: ignore[method-assign]
        return stream


def test_many_originals_share_a_bounded_number_of_streams() -> None:
    clips = [item(f"m{number}") for number in range(12)]
    data = {clip.id: content(SMALLEST_PART + 1000, seed) for seed, clip in enumerate(clips)}
    provider = Counting({clip: [Original(data[clip.id])] for clip in clips})
    archive = MemoryArchive()
    limits = EngineLimits(streams=3, buffer_bytes=3 * SMALLEST_PART)
    with engine_over(provider, archive, proven=set(), limits=limits) as engine:

        def one(number: int) -> None:
            clip = clips[number]
            wanted = request(clip.id, provider.resolve(clip)[0])
            engine.transfer(wanted, MemoryJournal(), Stop(SystemClock()), hooks())

        threads = [threading.Thread(target=one, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert provider.peak <= 3
    for clip in clips:
        assert archive.objects[clip.id].content == data[clip.id]
