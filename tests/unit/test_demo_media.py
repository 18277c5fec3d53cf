"""The demo's media are real: they play, bear their dates, and are made only once."""

from __future__ import annotations

import builtins
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import av
import pytest

from cloud_sync.errors import MissingExtra, UsageError
from cloud_sync.simulator import demo_media
from cloud_sync.simulator.capture_date import creation_time
from cloud_sync.simulator.demo_media import MANIFEST, demo_library, write_demo_media
from cloud_sync.simulator.demo_plan import PLAN, DemoFile, DemoMedium
from cloud_sync.simulator.disk import DiskFile
from cloud_sync.simulator.exif import with_capture_date
from cloud_sync.simulator.library import Shape

SHOT = datetime(2021, 8, 14, 17, 0, 5, tzinfo=UTC)


def _tiny(*files: DemoFile) -> DemoMedium:
    return DemoMedium(files[0].path, SHOT, SHOT, "HERO9 Black", files, "Video")


CLIP = DemoFile("HERO9 Black/GX010001.MP4", SHOT, "HERO9 Black", 3)
NEXT = DemoFile("HERO9 Black/GX020001.MP4", SHOT, "HERO9 Black", 2)
PHOTO = DemoFile("HERO9 Black/GOPR0001.JPG", SHOT, "HERO9 Black", 0)


@pytest.fixture
def small_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo_media, "PLAN", (_tiny(CLIP, NEXT), _tiny(PHOTO)))


def _decoded(path: Path) -> int:
    """How many frames there are, decoding every one."""
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


@pytest.mark.usefixtures("small_plan")
def test_videos_decode_and_bear_their_capture_date(tmp_path: Path) -> None:
    write_demo_media(tmp_path)
    for file in (CLIP, NEXT):
        assert _decoded(tmp_path / file.path) == file.frames
        with (tmp_path / file.path).open("rb") as stream:
            assert creation_time(stream) == SHOT
        with av.open(str(tmp_path / file.path)) as container:
            written = container.metadata["creation_time"]
        assert datetime.fromisoformat(written) == SHOT


@pytest.mark.usefixtures("small_plan")
def test_photos_decode_and_bear_an_exif_date(tmp_path: Path) -> None:
    write_demo_media(tmp_path)
    path = tmp_path / PHOTO.path
    assert _decoded(path) == 1
    content = path.read_bytes()
    assert b"2021:08:14 17:00:05" in content
    assert b"HERO9 Black" in content


@pytest.mark.usefixtures("small_plan")
def test_no_two_files_are_alike(tmp_path: Path) -> None:
    library = demo_library(tmp_path)
    digests = [file.sha256() for medium in library.media() for file in medium.originals]
    assert len(set(digests)) == len(digests) == 3


@pytest.mark.usefixtures("small_plan")
def test_complete_files_are_not_made_again(tmp_path: Path) -> None:
    assert write_demo_media(tmp_path) == 3
    before = (tmp_path / CLIP.path).stat().st_ino
    assert write_demo_media(tmp_path) == 0
    (tmp_path / NEXT.path).write_bytes(b"cut off")
    (tmp_path / PHOTO.path).unlink()
    assert write_demo_media(tmp_path) == 2
    assert _decoded(tmp_path / NEXT.path) == NEXT.frames
    assert (tmp_path / CLIP.path).stat().st_ino == before


@pytest.mark.usefixtures("small_plan")
def test_a_damaged_manifest_means_that_nothing_is_complete(tmp_path: Path) -> None:
    write_demo_media(tmp_path)
    (tmp_path / MANIFEST).write_text("{", encoding="utf-8")
    assert write_demo_media(tmp_path) == 3


@pytest.mark.usefixtures("small_plan")
def test_a_folder_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(UsageError, match="cannot be written"):
        demo_library(tmp_path / "file")


@pytest.mark.usefixtures("small_plan")
def test_without_pyav_the_missing_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = builtins.__import__

    def without_av(
        name: str,
        globals: Mapping[str, object] | None = None,  # noqa: A002
        locals: Mapping[str, object] | None = None,  # noqa: A002
        fromlist: Sequence[str] = (),
        level: int = 0,
    ) -> object:
        if name == "av" or "demo_pictures" in (fromlist or ()):
            raise ModuleNotFoundError("No module named 'av'", name="av")
        return really(name, globals, locals, fromlist, level)

    monkeypatch.setattr(builtins, "__import__", without_av)
    with pytest.raises(MissingExtra, match="the demo's videos") as caught:
        write_demo_media(tmp_path)
    assert caught.value.hint == "pip install 'cloud-sync[demo]'"


def test_the_exif_block_is_well_formed() -> None:
    jpeg = with_capture_date(b"\xff\xd8\xff\xd9", SHOT, "MAX")
    marker, length = struct.unpack(">HH", jpeg[2:6])
    assert (marker, jpeg[6:12]) == (0xFFE1, b"Exif\x00\x00")
    assert jpeg[4 + length :] == b"\xff\xd9"
    tiff = jpeg[12 : 4 + length]
    main = _directory(tiff, 8)
    assert _text(tiff, main[0x0110]) == "MAX"
    assert _text(tiff, main[0x0132]) == "2021:08:14 17:00:05"
    exif = _directory(tiff, main[0x8769][3])
    assert _text(tiff, exif[0x9003]) == "2021:08:14 17:00:05"
    assert _text(tiff, exif[0x9011]) == "+00:00"


def test_an_exif_date_needs_a_jpeg() -> None:
    with pytest.raises(ValueError, match="not a JPEG"):
        with_capture_date(b"\x89PNG", SHOT, "MAX")


_Entry = tuple[int, int, int, int]


def _directory(tiff: bytes, place: int) -> dict[int, _Entry]:
    (count,) = struct.unpack_from(">H", tiff, place)
    entries = [struct.unpack_from(">HHII", tiff, place + 2 + 12 * at) for at in range(count)]
    return {entry[0]: (entry[0], entry[1], entry[2], entry[3]) for entry in entries}


def _text(tiff: bytes, entry: _Entry) -> str:
    _, kind, length, place = entry
    assert kind == 2
    # four bytes or fewer stand in the entry itself
    raw = tiff[place : place + length] if length > 4 else struct.pack(">I", place)[:length]
    assert raw.endswith(b"\0")
    return raw[:-1].decode()


class TestPlan:
    def test_it_has_about_thirty_media_of_every_interesting_kind(self) -> None:
        assert len(PLAN) == 30
        assert sum(len(medium.files) for medium in PLAN) == 45
        chaptered = [len(m.files) for m in PLAN if m.type == "Video" and len(m.files) > 1]
        assert sorted(chaptered) == [2, 3]
        assert {"Burst", "TimeLapse", "MultiClipEdit", "Photo", "Video"} == {m.type for m in PLAN}
        assert {Shape.SOURCES, Shape.FRAMES, Shape.BAKED} == {m.shape for m in PLAN}
        names = [medium.filename for medium in PLAN]
        assert names.count("GX010001.MP4") == 2
        assert names.count("GOPR0001.JPG") == 2
        assert "" in names
        assert any(not name.isascii() for name in names)
        assert any(name.endswith(".360") for name in names)
        states = sorted((m.state, len(m.files)) for m in PLAN if m.state != "ready" or not m.files)
        assert states == [("ready", 0), ("transcoding", 0)]
        assert len({medium.captured.year for medium in PLAN}) >= 8

    def test_every_file_and_every_medium_is_there_once(self) -> None:
        paths = [file.path for medium in PLAN for file in medium.files]
        assert len(set(paths)) == len(paths)
        assert len({medium.key for medium in PLAN}) == len(PLAN)


@pytest.mark.usefixtures("small_plan")
def test_files_bear_the_capture_date_as_their_own(tmp_path: Path) -> None:
    library = demo_library(tmp_path)
    assert library.media()
    for medium in library.media():
        for file in medium.originals:
            assert isinstance(file, DiskFile)
            assert file.path.stat().st_mtime == SHOT.timestamp()
