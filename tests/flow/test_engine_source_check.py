"""The engine holds what came against the source's ETag before anything becomes visible."""

from __future__ import annotations

from collections import Counter
from hashlib import md5
from pathlib import Path
from random import Random

import pytest

from builders import item
from cloud_sync.archive.base import Archive, ObjectDescription
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.memory import MemoryArchive, MemoryUpload
from cloud_sync.clock import SystemClock
from cloud_sync.errors import Interrupted, ServiceUnavailable, SourceDamaged
from cloud_sync.model.media import MediaFile
from cloud_sync.model.tracking import PartRecord, SourceCheck
from cloud_sync.provider.memory import MemoryProvider, MemoryStream, Original
from cloud_sync.transfer.engine import EngineLimits, Transferred
from cloud_sync.transfer.file_transfer import TransferHooks
from cloud_sync.transfer.part_size import MIB, SMALLEST_PART
from cloud_sync.transfer.source_check import PLAIN, rule_name
from cloud_sync.transfer.stopping import Stop
from transfers import MemoryJournal, Seen, engine_over, hooks, request, stopping_after

CLIP = item("a")
SMALL = 3 * MIB + 7
LARGE = 27 * MIB + 12_345
"""Only 6 MiB cut it into five parts."""

SIX, FIVE = rule_name(6 * MIB), rule_name(5 * MIB)


def content(size: int, seed: int = 1) -> bytes:
    return Random(seed).randbytes(size)


def s3_etag(data: bytes, part: int = 6 * MIB) -> str:
    sums = [md5(data[at : at + part]).digest() for at in range(0, len(data), part)]
    if len(sums) == 1:
        return sums[0].hex()
    return f"{md5(b''.join(sums)).hexdigest()}-{len(sums)}"


class Damaging(MemoryProvider):
    """Serves `sound` under its ETag, but as often as `times` says with two bits flipped."""

    def __init__(self, sound: bytes, etag: str, times: int = 0) -> None:
        super().__init__({CLIP: [Original(sound, etag=etag)]})
        self.times = times
        self.place = len(sound) - 5000
        self.starts: Counter[int] = Counter()

    def open(
        self, file: MediaFile, start: int = 0, length: int | None = None, etag: str | None = None
    ) -> MemoryStream:
        stream = super().open(file, start, length, etag)
        self.starts[start] += 1
        end = start + (length or 10**12)
        if start <= self.place < end and self.times:
            self.times -= 1
            spoiled = bytearray(stream._content)
            spoiled[self.place] ^= 1
            spoiled[self.place + 1] ^= 0x80
            stream._content = bytes(spoiled)
        return stream


def parts_of(scene: Scene) -> list[PartRecord]:
    """The parts that the journal has; a finished transfer leaves them in a journal in memory."""
    return list(scene.journal.parts.values())


class Scene:
    """One original on its way into an archive."""

    def __init__(
        self, provider: MemoryProvider, *, proven: set[str] | None, archive: Archive | None = None
    ) -> None:
        self.provider = provider
        self.archive = archive or MemoryArchive()
        self.proven = proven
        self.journal = MemoryJournal()
        self.seen = Seen()
        self.stop = Stop(SystemClock())

    def transfer(
        self, told: TransferHooks | None = None, limits: EngineLimits | None = None
    ) -> Transferred:
        wanted = request("k", self.provider.resolve(CLIP)[0])
        with engine_over(self.provider, self.archive, proven=self.proven, limits=limits) as engine:
            return engine.transfer(wanted, self.journal, self.stop, told or hooks(self.seen))

    def read(self) -> bytes:
        with self.archive.open("k") as stream:
            return stream.read()


@pytest.fixture(params=["memory", "folder"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Archive:
    if request.param == "memory":
        return MemoryArchive()
    folder = FolderArchive(tmp_path / "archive")
    folder.check()
    return folder


@pytest.mark.parametrize(
    ("size", "part", "rule"),
    [
        (SMALL, 6 * MIB, PLAIN),
        (7 * MIB, 6 * MIB, SIX),
        (7 * MIB, 5 * MIB, FIVE),
        (SMALLEST_PART, 6 * MIB, SIX),
        (SMALLEST_PART + 1, 6 * MIB, SIX),
        (12 * MIB, 6 * MIB, SIX),
        (LARGE, 6 * MIB, SIX),
        (LARGE, 5 * MIB, FIVE),
        (43 * MIB + 1, 7 * MIB, rule_name(7 * MIB)),
        (LARGE, 8 * MIB, rule_name(8 * MIB)),
    ],
)
def test_a_sound_original_matches_its_etag_and_proves_the_rule(
    archive: Archive, size: int, part: int, rule: str
) -> None:
    data = content(size)
    scene = Scene(Damaging(data, s3_etag(data, part)), proven=set(), archive=archive)
    done = scene.transfer()
    assert scene.read() == data
    assert (done.proof.source_check, done.proof.source_rule) == (SourceCheck.MATCHED, rule)
    assert scene.proven == {rule}
    assert sum(scene.seen.read) == size, "a byte was fetched twice"
    assert all(count == 1 for count in scene.provider.starts.values())  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "etag", [f"{'0' * 32}-2", "opaque", s3_etag(content(LARGE), 64 * MIB), "0" * 32]
)
def test_what_cannot_be_compared_is_stored_and_says_so(etag: str) -> None:
    """Parts too large for a buffer, another kind of mark, the MD5 of a large whole."""
    data = content(LARGE)
    scene = Scene(Damaging(data, etag), proven={SIX, PLAIN})
    proof = scene.transfer().proof
    assert (proof.source_check, proof.source_rule) == (SourceCheck.NOT_COMPARABLE, None)
    assert scene.read() == data


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_damage_by_a_proven_rule_is_fetched_anew_until_it_goes_away(
    archive: Archive, size: int
) -> None:
    data = content(size)
    proven = {SIX, PLAIN}
    scene = Scene(Damaging(data, s3_etag(data), times=2), proven=proven, archive=archive)
    done = scene.transfer()
    assert scene.read() == data
    assert done.proof.source_check is SourceCheck.MATCHED
    assert [type(error) for error in scene.seen.retries] == [SourceDamaged] * 2


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_damage_that_stays_is_never_stored(archive: Archive, tmp_path: Path, size: int) -> None:
    data = content(size)
    scene = Scene(Damaging(data, s3_etag(data), times=99), proven={SIX, PLAIN}, archive=archive)
    with pytest.raises(SourceDamaged, match=s3_etag(data)):
        scene.transfer()
    assert archive.head("k") is None, "damaged bytes lie under the key"
    assert scene.journal.checkpoint() is None
    assert scene.journal.proof is None, "damaged bytes were recorded as proven"
    left = [path for path in (tmp_path / "archive").rglob("*.part") if path.is_file()]
    assert left == [], "parts of damaged bytes were kept"


@pytest.mark.parametrize("size", [SMALL, LARGE])
def test_without_proof_of_the_rule_a_difference_is_stored_and_told(size: int) -> None:
    data = content(size)
    scene = Scene(Damaging(data, s3_etag(data), times=1), proven=set())
    done = scene.transfer()
    assert done.proof.source_check is SourceCheck.DIFFERS
    assert scene.seen.retries == []
    assert scene.proven == set(), "a difference proved a rule"


def test_an_original_of_another_part_size_is_recognised_though_the_first_is_proven() -> None:
    data = content(20 * MIB)
    scene = Scene(Damaging(data, s3_etag(data, 5 * MIB)), proven={SIX})
    proof = scene.transfer().proof
    assert (proof.source_check, proof.source_rule) == (SourceCheck.MATCHED, FIVE)
    assert scene.read() == data


def test_an_original_whose_part_size_is_in_doubt_is_not_kept_out_of_the_archive() -> None:
    data = content(12 * MIB)
    scene = Scene(Damaging(data, f"{'0' * 32}-2"), proven={SIX})
    assert scene.transfer().proof.source_check is SourceCheck.DIFFERS
    assert scene.read() == data
    assert len(scene.seen.retries) == 2


def test_with_the_check_off_nothing_is_compared_or_computed() -> None:
    data = content(LARGE)
    scene = Scene(Damaging(data, s3_etag(data), times=1), proven=None)
    done = scene.transfer()
    assert (done.proof.source_check, done.proof.source_rule) == (None, None)
    assert all(part.md5 == b"" and part.length <= SMALLEST_PART for part in parts_of(scene))
    assert max(part.length for part in parts_of(scene)) == SMALLEST_PART


@pytest.mark.parametrize("damaged", [False, True])
def test_a_resumed_transfer_is_checked_without_reading_anything_twice(
    archive: Archive, damaged: bool
) -> None:
    """The digests of the parts that an earlier run stored stand in the checkpoint."""
    data = content(LARGE)
    provider = Damaging(data, s3_etag(data), times=1 if damaged else 0)
    provider.place = 100
    scene = Scene(provider, proven={SIX}, archive=archive)
    # one stream moves part after part, so that the first, which is damaged, is among the stored
    alone = EngineLimits(streams=1, buffer_bytes=SMALLEST_PART)
    with pytest.raises(Interrupted):
        scene.transfer(stopping_after(scene.seen, scene.stop, 20 * MIB), alone)
    saved = scene.journal.checkpoint()
    assert saved is not None
    assert 1 in {part.number for part in saved.parts}
    assert all(len(part.md5) == 16 for part in saved.parts)
    stored = sum(part.length for part in saved.parts)
    scene.stop, scene.seen = Stop(SystemClock()), Seen()
    done = scene.transfer()
    assert done.proof.source_check is SourceCheck.MATCHED
    assert scene.read() == data
    assert scene.seen.opened[0] == (LARGE, stored)
    assert [type(error) for error in scene.seen.retries] == [SourceDamaged] * damaged
    assert sum(scene.seen.read) == LARGE - stored + (LARGE if damaged else 0)


def test_a_transfer_that_was_begun_unchecked_is_gone_on_with_and_not_comparable(
    archive: Archive,
) -> None:
    data = content(LARGE)
    scene = Scene(Damaging(data, s3_etag(data)), proven=None, archive=archive)
    with pytest.raises(Interrupted):
        scene.transfer(stopping_after(scene.seen, scene.stop, 20 * MIB))
    stored = sum(part.length for part in parts_of(scene))
    assert stored
    scene.stop, scene.seen, scene.proven = Stop(SystemClock()), Seen(), {SIX}
    done = scene.transfer()
    assert done.proof.source_check is SourceCheck.NOT_COMPARABLE
    assert scene.read() == data
    assert sum(scene.seen.read) == LARGE - stored


def test_a_first_range_that_breaks_goes_on_where_it_broke() -> None:
    """Also where it broke behind the first part, in the bytes of the second."""
    data = content(LARGE)
    scene = Scene(Damaging(data, s3_etag(data)), proven=set())
    scene.provider.faults.stream_breaks_after = 7 * MIB
    done = scene.transfer()
    assert done.proof.source_check is SourceCheck.MATCHED
    assert scene.read() == data
    assert sum(scene.seen.read) == LARGE


def test_a_passing_damage_heals_though_the_part_size_is_in_doubt() -> None:
    """The next try goes by the same, proven part size, and another would differ."""
    data = content(12 * MIB)
    scene = Scene(Damaging(data, s3_etag(data), times=1), proven={SIX})
    proof = scene.transfer().proof
    assert (proof.source_check, proof.source_rule) == (SourceCheck.MATCHED, SIX)
    assert scene.read() == data
    assert len(scene.seen.retries) == 1


class Stubborn(MemoryArchive):
    """Cannot throw the first upload away when it is asked to."""

    def begin(self, key: str, description: ObjectDescription, *, part_size: int) -> MemoryUpload:
        upload = super().begin(key, description, part_size=part_size)
        if self.begun == 1:

            def abort() -> None:
                upload.suspend()
                raise ServiceUnavailable("throwing away an upload: no answer")

            upload.abort = abort  # type: ignore[method-assign]
        return upload


def test_parts_of_damaged_bytes_that_could_not_be_thrown_away_are_not_gone_on_with() -> None:
    data = content(LARGE)
    archive = Stubborn()
    provider = Damaging(data, s3_etag(data), times=1)
    provider.place = 100
    scene = Scene(provider, proven={SIX}, archive=archive)
    assert scene.transfer().proof.source_check is SourceCheck.MATCHED
    assert scene.read() == data
    assert len(scene.seen.retries) == 1
    assert archive.open_uploads == 0


@pytest.mark.parametrize("part", [5, 6, 7, 8, 9, 16])
def test_parts_never_outgrow_the_buffers(part: int) -> None:
    """Memory is streams times 8 MiB whatever the source's part size."""
    data = content(LARGE, part)
    scene = Scene(Damaging(data, s3_etag(data, part * MIB)), proven=set())
    scene.transfer()
    assert max(each.length for each in parts_of(scene)) <= SMALLEST_PART
    assert EngineLimits().most_streams * SMALLEST_PART <= 64 * MIB
