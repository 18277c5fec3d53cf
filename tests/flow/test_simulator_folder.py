"""A folder of the user's own is served as if it lay in the cloud, and never changed."""

from __future__ import annotations

import os
import struct
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import pytest

from cloud_sync.errors import UsageError
from cloud_sync.simulator.capture_date import creation_time
from cloud_sync.simulator.library import FolderLibrary, OriginalUnreadable, SimMedium

SHOT = datetime(2019, 7, 4, 11, 22, 33, tzinfo=UTC)
COPIED = datetime(2023, 1, 2, 3, 4, 5, tzinfo=UTC)
_QUICKTIME_EPOCH = datetime(1904, 1, 1, tzinfo=UTC)


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body) + 8) + kind + body


def _movie(seconds: int, version: int = 0) -> bytes:
    """A file with the boxes of an MP4: the movie header comes after the (64-bit) media data."""
    wide = ">B3xQQ" if version else ">B3xII"
    header = _box(b"mvhd", struct.pack(wide, version, seconds, seconds) + bytes(80))
    media = struct.pack(">I", 1) + b"mdat" + struct.pack(">Q", 16 + 100) + bytes(100)
    return _box(b"ftyp", b"mp41") + media + _box(b"moov", _box(b"free", b"") + header)


def _seconds(instant: datetime) -> int:
    return int((instant - _QUICKTIME_EPOCH).total_seconds())


def _put(path: Path, content: bytes = b"photo") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (COPIED.timestamp(), COPIED.timestamp()))


def _named(library: FolderLibrary, name: str) -> SimMedium:
    (found,) = [medium for medium in library.media() if medium.filename == name]
    return found


class TestCreationTime:
    @pytest.mark.parametrize("version", [0, 1])
    def test_it_is_read_from_the_movie_header_of_both_versions(self, version: int) -> None:
        assert creation_time(BytesIO(_movie(_seconds(SHOT), version))) == SHOT

    def test_a_clock_that_was_never_set_gives_none(self) -> None:
        assert creation_time(BytesIO(_movie(0))) is None

    def test_an_absurd_date_gives_none(self) -> None:
        assert creation_time(BytesIO(_movie(2**63, version=1))) is None

    @pytest.mark.parametrize(
        "content",
        [
            b"",
            b"short",
            b"no boxes at all, just text",
            _movie(1)[:-70],
            _box(b"moov", b""),
            _box(b"moov", _box(b"mvhd", b"\0\0")),
            struct.pack(">I", 4) + b"loop" + bytes(100),
            struct.pack(">I", 1) + b"mdat" + bytes(4),
        ],
    )
    def test_what_is_no_movie_gives_none(self, content: bytes) -> None:
        assert creation_time(BytesIO(content)) is None


def test_videos_and_photos_are_found_in_all_depths_under_their_own_names(tmp_path: Path) -> None:
    _put(tmp_path / "a.mp4")
    _put(tmp_path / "x/y/ö b.JPG")
    _put(tmp_path / "x/clip.360")
    library = FolderLibrary(tmp_path)
    kinds = {medium.filename: medium.type for medium in library.media()}
    assert kinds == {"a.mp4": "Video", "ö b.JPG": "Photo", "clip.360": "Video"}
    assert library.left_out == 0


def test_hidden_files_and_other_kinds_are_left_out_and_counted(tmp_path: Path) -> None:
    _put(tmp_path / "a.mp4")
    _put(tmp_path / ".hidden.mp4")
    _put(tmp_path / ".trash/b.mp4")
    _put(tmp_path / "notes.txt")
    _put(tmp_path / "GX010001.LRV")
    (tmp_path / "broken.mp4").symlink_to(tmp_path / "nowhere")
    library = FolderLibrary(tmp_path)
    assert [medium.filename for medium in library.media()] == ["a.mp4"]
    assert library.left_out == 5


def test_the_cameras_own_date_counts_before_the_files(tmp_path: Path) -> None:
    _put(tmp_path / "dated.mp4", _movie(_seconds(SHOT)))
    _put(tmp_path / "undated.mp4", _movie(0))
    library = FolderLibrary(tmp_path)
    assert _named(library, "dated.mp4").captured_at == SHOT
    assert _named(library, "dated.mp4").created_at == COPIED
    assert _named(library, "undated.mp4").captured_at == COPIED


def test_chapters_of_one_recording_make_one_medium_in_order(tmp_path: Path) -> None:
    for name in ("GX020042", "GX010042", "GX030042", "GX010043", "GH010042"):
        _put(tmp_path / "DCIM" / f"{name}.MP4", name.encode())
    _put(tmp_path / "other/GX020042.MP4", b"another card")
    library = FolderLibrary(tmp_path)
    found = {
        medium.filename: [file.read(0, 99).decode() for file in medium.originals]
        for medium in library.media()
    }
    assert found == {
        "GX010042.MP4": ["GX010042", "GX020042", "GX030042"],
        "GX010043.MP4": ["GX010043"],
        "GH010042.MP4": ["GH010042"],
        "GX020042.MP4": ["another card"],
    }
    medium = _named(library, "GX010042.MP4")
    assert [file.number for file in medium.originals] == [1, 2, 3]
    assert medium.listed_size == 24


def test_chapters_of_older_cameras_follow_their_first(tmp_path: Path) -> None:
    for name in ("GP020007", "GOPR0007", "GP010007"):
        _put(tmp_path / f"{name}.MP4", name.encode())
    _put(tmp_path / "GOPR0007.JPG")
    library = FolderLibrary(tmp_path)
    medium = _named(library, "GOPR0007.MP4")
    parts = [file.read(0, 99) for file in medium.originals]
    assert parts == [b"GOPR0007", b"GP010007", b"GP020007"]
    assert len(library) == 2


def test_ids_stay_the_same_and_hang_on_the_path(tmp_path: Path) -> None:
    _put(tmp_path / "a/GX010001.MP4")
    _put(tmp_path / "b/GX010001.MP4")
    first = {medium.id for medium in FolderLibrary(tmp_path).media()}
    _put(tmp_path / "c/GX010001.MP4")
    second = {medium.id for medium in FolderLibrary(tmp_path).media()}
    assert len(first) == 2
    assert first < second
    assert all(len(medium_id) == 13 for medium_id in second)


def test_a_file_that_changes_its_size_is_not_served_in_part(tmp_path: Path) -> None:
    _put(tmp_path / "a.mp4", b"0123456789")
    (file,) = FolderLibrary(tmp_path).media()[0].originals
    assert file.read(3, 4) == b"3456"
    assert file.read(10, 4) == b""
    _put(tmp_path / "a.mp4", b"01234")
    with pytest.raises(OriginalUnreadable):
        file.read(3, 4)
    with pytest.raises(OriginalUnreadable, match="5 bytes now and had 10"):
        print(file.fingerprint)


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such folder"):
        FolderLibrary(tmp_path / "nowhere")


def test_an_empty_folder_is_an_empty_library(tmp_path: Path) -> None:
    assert FolderLibrary(tmp_path).media() == ()
