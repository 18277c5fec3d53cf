"""An original begun under some settings is gone on with under others, and ends right."""

from __future__ import annotations

from pathlib import Path

import pytest

from builders import item
from cloud_sync.archive.base import Archive
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.clock import SystemClock
from cloud_sync.errors import Interrupted
from cloud_sync.model.tracking import Checkpoint, PartRecord
from cloud_sync.provider.memory import MemoryProvider, Original
from cloud_sync.transfer.engine import EngineLimits
from cloud_sync.transfer.part_size import MIB, SMALLEST_PART
from cloud_sync.transfer.stopping import Stop
from transfers import MemoryJournal, Seen, description, engine_over, hooks, request, stopping_after

CLIP = item("a")
SIZE = 20 * MIB + 12_345
CONTENT = bytes(range(241)) * (SIZE // 241 + 1)
CONTENT = CONTENT[:SIZE]

FEW = EngineLimits(streams=1, buffer_bytes=SMALLEST_PART)
MANY = EngineLimits(streams=6, buffer_bytes=6 * SMALLEST_PART)


def run(
    archive: Archive,
    journal: MemoryJournal,
    limits: EngineLimits,
    bytes_per_second: int | None = None,
    stop_after: int = SIZE + 1,
) -> Seen:
    """One process with these settings; stopped once so many bytes were read."""
    seen, stop = Seen(), Stop(SystemClock())
    provider = MemoryProvider({CLIP: [Original(CONTENT)]})
    wanted = request("k", provider.resolve(CLIP)[0])
    with engine_over(
        provider, archive, proven=set(), limits=limits, bytes_per_second=bytes_per_second
    ) as engine:
        engine.transfer(wanted, journal, stop, stopping_after(seen, stop, stop_after))
    return seen


@pytest.fixture
def root(tmp_path: Path) -> Path:
    FolderArchive(tmp_path / "archive").check()
    return tmp_path / "archive"


def assert_whole(root: Path, journal: MemoryJournal) -> None:
    assert (root / "k").read_bytes() == CONTENT
    assert journal.proof is not None
    assert journal.proof.size == SIZE
    assert journal.proof.checksum == to_text(part_checksum(memoryview(CONTENT)))
    assert not list((root / ".cloud-sync" / "partial").iterdir())


@pytest.mark.parametrize(
    ("first", "second", "pace"),
    [(FEW, MANY, None), (MANY, FEW, None), (FEW, MANY, 10**9), (MANY, FEW, 10**9)],
    ids=["more streams", "fewer streams", "more streams, a ceiling", "fewer streams, a ceiling"],
)
def test_another_number_of_streams_or_a_ceiling_goes_on_with_the_same_parts(
    root: Path, first: EngineLimits, second: EngineLimits, pace: int | None
) -> None:
    journal = MemoryJournal()
    with pytest.raises(Interrupted):
        run(FolderArchive(root), journal, first, stop_after=14 * MIB)
    saved = journal.checkpoint()
    assert saved is not None
    stored = sum(part.length for part in saved.parts)
    assert not (root / "k").exists()
    seen = run(FolderArchive(root), journal, second, pace)
    assert seen.opened == [(SIZE, stored)]
    assert sum(seen.read) == SIZE - stored, "what was stored was fetched again"
    assert_whole(root, journal)


@pytest.mark.parametrize("part", [5 * MIB, 6 * MIB, 10 * MIB], ids=["5 MiB", "6 MiB", "10 MiB"])
@pytest.mark.parametrize("limits", [FEW, MANY], ids=["one stream", "six streams"])
def test_parts_of_another_size_than_today_s_are_gone_on_with(
    root: Path, part: int, limits: EngineLimits
) -> None:
    """As another version of the program, or one with the source check on or off, begins them."""
    provider = MemoryProvider({CLIP: [Original(CONTENT)]})
    etag = provider.open(provider.resolve(CLIP)[0], 0, 1).etag
    journal = MemoryJournal()
    upload = FolderArchive(root).begin("k", description(), part_size=part)
    journal.begun(Checkpoint(upload.token, part, SIZE, etag))
    second = memoryview(CONTENT)[part : 2 * part]
    checksum = part_checksum(second)
    receipt = upload.put_part(2, second, checksum)
    journal.stored(PartRecord(2, part, checksum, receipt))
    upload.suspend()
    seen = run(FolderArchive(root), journal, limits)
    assert seen.opened == [(SIZE, part)]
    assert sum(seen.read) == SIZE - part
    assert_whole(root, journal)


def test_an_upload_whose_parts_are_all_stored_is_not_published_without_asking_the_source(
    root: Path,
) -> None:
    """The process died between the last part and the publishing, and the source changed then."""
    provider = MemoryProvider({CLIP: [Original(CONTENT)]})
    file = provider.resolve(CLIP)[0]
    etag = provider.open(file, 0, 1).etag
    part = 12 * MIB
    journal = MemoryJournal()
    upload = FolderArchive(root).begin("k", description(), part_size=part)
    journal.begun(Checkpoint(upload.token, part, SIZE, etag))
    for number, start in enumerate(range(0, SIZE, part), 1):
        data = memoryview(CONTENT)[start : start + part]
        checksum = part_checksum(data)
        receipt = upload.put_part(number, data, checksum)
        journal.stored(PartRecord(number, data.nbytes, checksum, receipt))
    upload.suspend()
    newer = CONTENT[::-1]
    provider.add(CLIP, Original(newer))
    with engine_over(provider, FolderArchive(root)) as engine:
        engine.transfer(request("k", file), journal, Stop(SystemClock()), hooks())
    assert (root / "k").read_bytes() == newer
