"""What a folder archive notes of its objects, and when it vouches for their bytes."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.folder import MANIFEST, PRIVATE, FolderArchive
from cloud_sync.archive.folder_manifest import FolderManifest, ManifestLine, line_of
from cloud_sync.errors import KeyTaken


def line(key: str = "a", size: int = 1, changed_ns: int = 1, media_id: str = "m") -> ManifestLine:
    return ManifestLine(key, media_id, 1, size, "c", changed_ns, {"filename": "Früh 🎥 \ud83d"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    FolderArchive(tmp_path).check()
    return tmp_path


def store(root: Path, key: str, content: bytes, media_id: str = "m1") -> None:
    description = ObjectDescription(media_id, 2, "video/mp4", {"filename": key}, {})
    FolderArchive(root).put(key, description, memoryview(content), part_checksum(content))


def test_a_line_comes_back_field_by_field(tmp_path: Path) -> None:
    manifest = FolderManifest(tmp_path / "m")
    manifest.add(line())
    assert manifest.about("a", 1, 1) == line()
    assert FolderManifest(tmp_path / "m").about("a", 1, 1) == line()
    assert manifest.about("b", 1, 1) is None


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_a_torn_last_line_costs_nothing_but_itself(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "m"
    FolderManifest(path).add(line("a"))
    whole = path.stat().st_size
    FolderManifest(path).add(line("b"))
    os.truncate(path, path.stat().st_size - cut)
    reader = FolderManifest(path)
    assert reader.about("a", 1, 1) == line("a")
    assert reader.about("b", 1, 1) is None
    FolderManifest(path).add(line("c"))
    assert reader.about("c", 1, 1) == line("c"), "the line after a torn one is lost"
    assert reader.about("a", 1, 1) == line("a")
    assert path.stat().st_size > whole


def test_the_line_that_fits_the_file_is_taken_else_the_newest(tmp_path: Path) -> None:
    """A file of ours is not given to another medium that once wanted its key."""
    manifest = FolderManifest(tmp_path / "m")
    for each in (line(size=1, media_id="first"), line(size=2), line(size=2, changed_ns=9)):
        manifest.add(each)
    manifest.add(line(size=3, media_id="last"))
    assert manifest.about("a", 1, 1) == line(size=1, media_id="first")
    assert manifest.about("a", 2, 1) == line(size=2)
    assert manifest.about("a", 2, 5) == line(size=2, changed_ns=9)
    assert manifest.about("a", 7, 7) == line(size=3, media_id="last")


@pytest.mark.parametrize("text", [b"", b"{}", b"[]", b"null", b'{"key":1}', b"\xff", b'"x"'])
def test_what_is_no_line_of_ours_is_passed_over(text: bytes) -> None:
    assert line_of(text) is None


def test_threads_add_whole_lines(tmp_path: Path) -> None:
    manifest = FolderManifest(tmp_path / "m")
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: manifest.add(line(str(number))), range(100)))
    assert all(manifest.about(str(number), 1, 1) for number in range(100))


def test_an_untouched_file_is_vouched_for_and_a_touched_one_is_not(root: Path) -> None:
    store(root, "a/b.mp4", b"bytes")
    checksum = to_text(part_checksum(b"bytes"))
    fresh = FolderArchive(root).describe("a/b.mp4")
    assert fresh is not None
    assert fresh.stored.checksum == fresh.noted.checksum == checksum
    (root / "a/b.mp4").write_bytes(b"bytEs")
    touched = FolderArchive(root).describe("a/b.mp4")
    assert touched is not None
    assert touched.stored.checksum is None, "a changed file's checksum was believed"
    assert touched.noted.checksum == checksum


def test_a_foreign_file_is_described_without_marks(root: Path) -> None:
    (root / "x.txt").write_bytes(b"1")
    record = FolderArchive(root).describe("x.txt")
    assert record is not None
    assert (record.stored.media_id, dict(record.metadata)) == (None, {})


def test_a_refused_write_does_not_take_the_marks_of_what_lies_there(root: Path) -> None:
    store(root, "a.mp4", b"first", "m1")
    with pytest.raises(KeyTaken):
        store(root, "a.mp4", b"second one", "m2")
    record = FolderArchive(root).describe("a.mp4")
    assert record is not None
    assert record.stored.media_id == "m1"


def test_the_manifest_is_no_object(root: Path) -> None:
    store(root, "a.mp4", b"x")
    assert (root / PRIVATE / MANIFEST).is_file()
    assert [stored.key for stored in FolderArchive(root).list()] == ["a.mp4"]
