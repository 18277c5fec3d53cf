"""What a folder archive promises beyond the contract: durability, its disk, and its borders."""

from __future__ import annotations

import errno
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cloud_sync.archive import folder_disk, folder_partial
from cloud_sync.archive.base import KeptPart, ObjectDescription
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.folder import MANIFEST, FolderArchive
from cloud_sync.archive.folder_partial import ABANDONED_AFTER_SECONDS
from cloud_sync.archive.folder_upload import FolderUpload
from cloud_sync.errors import ArchiveUnusable, ChecksumMismatch, KeyTaken, ServiceUnavailable

DESCRIPTION = ObjectDescription("m1", 1, "video/mp4", {}, {})


def store(archive: FolderArchive, key: str, content: bytes) -> None:
    upload = archive.begin(key, DESCRIPTION, part_size=1 << 20)
    try:
        upload.put_part(1, memoryview(content), part_checksum(content))
        upload.commit(len(content), to_text(part_checksum(content)))
    finally:
        upload.abort()


def ready(root: Path) -> FolderArchive:
    archive = FolderArchive(root)
    archive.check()
    return archive


def files(root: Path) -> list[str]:
    """All files but the manifest, which is there from the first object on."""
    found = (path for path in root.rglob("*") if path.is_file() and path.name != MANIFEST)
    return sorted(str(path.relative_to(root)) for path in found)


WRITES_FOR_EVER = """
import sys
from pathlib import Path
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum
from cloud_sync.archive.folder import FolderArchive

archive = FolderArchive(Path(sys.argv[1]))
archive.check()
upload = archive.begin("a/b.mp4", ObjectDescription("m", 1, "video/mp4", {}, {}), part_size=1000)
for number in range(1, 100):
    upload.put_part(number, memoryview(bytes(1000)), part_checksum(bytes(1000)))
print(upload.token, flush=True)
sys.stdin.read()
"""


BEGINS_AND_WAITS = WRITES_FOR_EVER.replace("range(1, 100)", "()")

PUTS_FOR_EVER = """
import sys
from pathlib import Path
from cloud_sync.archive import folder_upload
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum
from cloud_sync.archive.folder import FolderArchive

def sync_for_ever(descriptor):
    print("written", flush=True)
    sys.stdin.read()

folder_upload.sync_file = sync_for_ever
archive = FolderArchive(Path(sys.argv[1]))
archive.check()
whole = memoryview(bytes(1000))
description = ObjectDescription("m", 1, "video/mp4", {}, {})
archive.put("a/b.mp4", description, whole, part_checksum(whole))
"""


@contextmanager
def writing(root: Path, program: str = WRITES_FOR_EVER) -> Iterator[str]:
    """A process in the middle of an upload of 99 parts, killed at the end; the upload's token."""
    child = subprocess.Popen(
        [sys.executable, "-c", program, str(root)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        try:
            assert child.stdout is not None
            yield child.stdout.readline().decode().strip()
        finally:
            child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL


def killed_while_writing(root: Path) -> str:
    with writing(root) as token:
        assert token
    return token


def resume(archive: FolderArchive, token: str, part_size: int = 1000) -> FolderUpload | None:
    return archive.resume("a/b.mp4", DESCRIPTION, part_size=part_size, token=token)


def held(archive: FolderArchive, token: str) -> FolderUpload:
    upload = resume(archive, token)
    assert upload is not None
    return upload


def test_after_kill_9_another_process_goes_on_with_the_same_file(tmp_path: Path) -> None:
    token = killed_while_writing(tmp_path)
    upload = held(FolderArchive(tmp_path), token)
    nothing = part_checksum(bytes(1000))
    assert dict(upload.found()) == {n: KeptPart(1000, nothing, "") for n in range(1, 100)}
    for number in range(1, 100):
        upload.keep(number, 1000, nothing, "")
    upload.put_part(100, memoryview(b"end"), part_checksum(b"end"))
    content = bytes(99_000) + b"end"
    upload.commit(len(content), to_text(part_checksum(content)))
    assert (tmp_path / "a/b.mp4").read_bytes() == content
    assert files(tmp_path) == ["a/b.mp4"]


def test_of_two_living_processes_only_one_has_the_file(tmp_path: Path) -> None:
    with writing(tmp_path) as token:
        archive = FolderArchive(tmp_path)
        assert resume(archive, token) is None
        archive.check()
        assert files(tmp_path) == [f".cloud-sync/partial/{token}"]
    upload = held(archive, token)
    assert resume(FolderArchive(tmp_path), token) is None, "not twice in one process either"
    upload.abort()
    assert files(tmp_path) == []


def put_three(root: Path) -> tuple[Path, str]:
    """A suspended upload of three parts of 1,000 bytes; its temporary file and its token."""
    upload = ready(root).begin("a/b.mp4", DESCRIPTION, part_size=1000)
    for number in (1, 2, 3):
        data = bytes([number]) * 1000
        upload.put_part(number, memoryview(data), part_checksum(data))
    upload.suspend()
    return root / ".cloud-sync/partial" / upload.token, upload.token


def tear(partial: Path, at: int) -> None:
    with partial.open("r+b") as stream:
        stream.seek(at)
        stream.write(b"?")


HARMS: dict[str, tuple[Callable[[Path], None], set[int]]] = {
    "a changed byte": (lambda partial: tear(partial, 1500), {1, 3}),
    "a first byte": (lambda partial: tear(partial, 0), {2, 3}),
    "cut in the last part": (lambda partial: os.truncate(partial, 2999), {1, 2}),
    "cut between parts": (lambda partial: os.truncate(partial, 2000), {1, 2}),
    "emptied": (lambda partial: os.truncate(partial, 0), set()),
    "longer": (lambda partial: os.truncate(partial, 3500), {1, 2, 3}),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_torn_part_is_never_reported_with_the_recorded_checksum(
    tmp_path: Path, harm: str
) -> None:
    partial, token = put_three(tmp_path)
    damage, intact = HARMS[harm]
    damage(partial)
    upload = held(FolderArchive(tmp_path), token)
    expected = {n: KeptPart(1000, part_checksum(bytes([n]) * 1000), "") for n in (1, 2, 3)}
    found = upload.found()
    assert {number for number in expected if found.get(number) == expected[number]} == intact
    for number in {1, 2, 3} - intact:
        with pytest.raises(ValueError, match="not found like this"):
            upload.keep(number, 1000, expected[number].checksum or b"", "")
    upload.abort()


def test_a_hole_is_not_the_part_that_belongs_there(tmp_path: Path) -> None:
    upload = ready(tmp_path).begin("a/b.mp4", DESCRIPTION, part_size=1000)
    upload.put_part(3, memoryview(b"last"), part_checksum(b"last"))
    found = upload.found()
    assert found[1].checksum == found[2].checksum == part_checksum(bytes(1000))
    assert found[3] == KeptPart(4, part_checksum(b"last"), "")
    upload.abort()


def test_a_file_that_was_changed_behind_our_back_never_gets_its_name(tmp_path: Path) -> None:
    """Read back in the end: a part that was put, or found, is not believed to be still there."""
    partial, token = put_three(tmp_path)
    upload = held(FolderArchive(tmp_path), token)
    for number, part in upload.found().items():
        upload.keep(number, part.length, part.checksum or b"", part.receipt)
    tear(partial, 1500)
    content = b"".join(bytes([number]) * 1000 for number in (1, 2, 3))
    with pytest.raises(ChecksumMismatch, match="reading back"):
        upload.commit(3000, to_text(part_checksum(content)))
    assert files(tmp_path) == []


def test_a_disk_that_does_not_answer_at_the_end_may_be_asked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A network drive that falls silent in the last step: all parts stay for another try."""
    _, token = put_three(tmp_path)
    upload = held(FolderArchive(tmp_path), token)
    for number, part in upload.found().items():
        upload.keep(number, part.length, part.checksum or b"", part.receipt)
    content = b"".join(bytes([number]) * 1000 for number in (1, 2, 3))

    def silent(*_: object, **__: object) -> None:
        raise OSError(errno.ETIMEDOUT, "nothing here falls silent by itself")

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", silent)
        with pytest.raises(ServiceUnavailable):
            upload.commit(3000, to_text(part_checksum(content)))
    upload.commit(3000, to_text(part_checksum(content)))
    assert files(tmp_path) == ["a/b.mp4"]
    assert (tmp_path / "a/b.mp4").read_bytes() == content


def test_a_file_that_has_its_name_already_is_never_written_to_again(tmp_path: Path) -> None:
    """A process may die between the two steps: the name given, the temporary one still there."""
    partial, token = put_three(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.mp4").hardlink_to(partial)
    assert resume(FolderArchive(tmp_path), token) is None
    assert (tmp_path / "a/b.mp4").stat().st_size == 3000


@pytest.mark.parametrize(
    "token",
    ["../../a/b.mp4", "/etc/passwd", "a.part", "..", ".", "", "0" * 32, "0" * 32 + ".part/../x"],
)
def test_a_token_leads_nowhere_but_to_our_own_temporary_files(tmp_path: Path, token: str) -> None:
    archive = ready(tmp_path)
    store(archive, "a/b.mp4", b"precious")
    (tmp_path / ".cloud-sync/partial/a.part").write_bytes(b"not ours")
    assert resume(archive, token) is None
    assert (tmp_path / "a/b.mp4").read_bytes() == b"precious"


def test_a_link_among_the_temporary_files_is_not_followed(tmp_path: Path) -> None:
    archive = ready(tmp_path)
    store(archive, "a/b.mp4", b"precious")
    name = "0" * 32 + ".part"
    (tmp_path / ".cloud-sync/partial" / name).symlink_to(tmp_path / "a/b.mp4")
    assert resume(archive, name) is None


def open_files() -> set[str]:
    return {os.path.realpath(f"/dev/fd/{name}") for name in os.listdir("/dev/fd")}  # noqa: PTH208


@pytest.mark.parametrize("end", ["suspend", "abort", "resume that finds nothing"])
def test_no_file_stays_open(tmp_path: Path, end: str) -> None:
    partial, token = put_three(tmp_path)
    assert str(partial) not in open_files()
    if end == "resume that finds nothing":
        partial.with_name("other").hardlink_to(partial)
        assert resume(FolderArchive(tmp_path), token) is None
    else:
        upload = held(FolderArchive(tmp_path), token)
        assert str(partial) in open_files()
        getattr(upload, end)()
    assert str(partial) not in open_files()


def test_kill_9_leaves_no_file_under_a_real_name(tmp_path: Path) -> None:
    killed_while_writing(tmp_path)
    archive = FolderArchive(tmp_path)
    assert list(archive.list()) == []
    assert archive.head("a/b.mp4") is None
    assert [name for name in files(tmp_path) if not name.startswith(".cloud-sync/")] == []
    store(archive, "a/b.mp4", b"the next run")
    assert (tmp_path / "a/b.mp4").read_bytes() == b"the next run"


def test_check_throws_away_what_nobody_went_on_with_for_30_days(tmp_path: Path) -> None:
    killed_while_writing(tmp_path)
    archive = FolderArchive(tmp_path)
    archive.check()
    (leftover,) = (tmp_path / ".cloud-sync/partial").iterdir()
    assert ABANDONED_AFTER_SECONDS == 30 * 24 * 60 * 60
    for age, stays in ((-60, True), (60, False)):
        then = time.time() - ABANDONED_AFTER_SECONDS - age
        os.utime(leftover, (then, then))
        archive.check()
        assert leftover.exists() == stays
    assert files(tmp_path) == []


@pytest.mark.parametrize("program", [BEGINS_AND_WAITS, PUTS_FOR_EVER], ids=["begun", "whole"])
def test_check_throws_away_at_once_what_nobody_can_go_on_with(tmp_path: Path, program: str) -> None:
    """A kill before the first part, or in the middle of a file that is written in one go."""
    archive = FolderArchive(tmp_path)
    with writing(tmp_path, program):
        archive.check()
        assert len(files(tmp_path)) == 1, "a living process has lost its file"
    assert len(files(tmp_path)) == 1
    archive.check()
    assert files(tmp_path) == []


def test_check_throws_away_the_second_name_of_a_file_that_has_its_own(tmp_path: Path) -> None:
    partial, _ = put_three(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b.mp4").hardlink_to(partial)
    FolderArchive(tmp_path).check()
    assert files(tmp_path) == ["a/b.mp4"]
    assert (tmp_path / "a/b.mp4").stat().st_size == 3000


def test_a_check_that_is_faster_than_the_lock_of_a_new_file_costs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another process takes the new, empty file for a leftover before it can be held."""
    archive = ready(tmp_path)
    hold, sweeps = folder_disk.hold_file, iter([True])

    def too_late(descriptor: int) -> None:
        if next(sweeps, False):
            FolderArchive(tmp_path).check()
        hold(descriptor)

    monkeypatch.setattr(folder_partial, "hold_file", too_late)
    store(archive, "a/b.mp4", b"precious")
    assert (tmp_path / "a/b.mp4").read_bytes() == b"precious"
    assert next(sweeps, None) is None


def test_check_leaves_the_partial_file_of_a_living_upload_however_old(tmp_path: Path) -> None:
    archive = ready(tmp_path)
    upload = archive.begin("a", DESCRIPTION, part_size=10)
    upload.put_part(1, memoryview(b"slow"), part_checksum(b"slow"))
    (partial,) = (tmp_path / ".cloud-sync/partial").iterdir()
    os.utime(partial, (1, 1))
    FolderArchive(tmp_path).check()
    upload.commit(4, to_text(part_checksum(b"slow")))
    assert (tmp_path / "a").read_bytes() == b"slow"


def test_check_makes_the_folder_with_its_parents_and_leaves_no_file(tmp_path: Path) -> None:
    FolderArchive(tmp_path / "demo" / "archive").check()
    assert (tmp_path / "demo" / "archive").is_dir()
    assert files(tmp_path) == []


def test_a_relative_folder_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    archive = FolderArchive(Path("demo/archive"))
    archive.check()
    store(archive, "a/b", b"x")
    assert (tmp_path / "demo/archive/a/b").read_bytes() == b"x"
    assert archive.location == "demo/archive"


def test_the_mode_of_a_file_honours_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        store(ready(tmp_path), "a", b"x")
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert (tmp_path / "a").stat().st_nlink == 1


def test_our_own_folder_holds_no_objects(tmp_path: Path) -> None:
    archive = ready(tmp_path)
    store(archive, "a/.cloud-sync/b", b"a name like ours further down is an object")
    (tmp_path / ".cloud-sync/state").write_bytes(b"x")
    assert [stored.key for stored in archive.list()] == ["a/.cloud-sync/b"]
    with pytest.raises(ValueError, match="not a key"):
        archive.head(".cloud-sync/state")
    with pytest.raises(ValueError, match="not a key"):
        archive.begin(".Cloud-Sync/x", DESCRIPTION, part_size=1)


def test_nothing_is_written_through_a_symbolic_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "secret").write_bytes(b"s")
    (root / "link").symlink_to(outside)
    (root / "file").symlink_to(outside / "secret")
    archive = ready(root)
    with pytest.raises(ArchiveUnusable, match="symbolic link"):
        store(archive, "link/new", b"x")
    with pytest.raises(KeyTaken):
        store(archive, "file", b"x")
    assert files(outside) == ["secret"]
    assert (outside / "secret").read_bytes() == b"s"
    assert list(archive.list()) == []
    assert archive.head("link/secret") is None
    assert archive.head("file") is None
    assert files(root / ".cloud-sync/partial") == []


def test_the_root_itself_may_be_a_symbolic_link(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "root").symlink_to(tmp_path / "disk")
    archive = ready(tmp_path / "root")
    store(archive, "a/b", b"x")
    assert [stored.key for stored in archive.list()] == ["a/b"]
    assert (tmp_path / "disk/a/b").read_bytes() == b"x"


def test_a_file_where_the_archive_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    for root in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ArchiveUnusable, match="where a folder is needed") as caught:
            FolderArchive(root).check()
        assert str(root) in caught.value.message
        assert caught.value.hint


def test_a_file_where_a_folder_of_the_key_should_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "2025").write_bytes(b"x")
    with pytest.raises(ArchiveUnusable, match="where a folder is needed"):
        store(ready(tmp_path), "2025/a.mp4", b"y")
    assert (tmp_path / "2025").read_bytes() == b"x"
    assert files(tmp_path) == ["2025"]


CALLS: dict[str, Callable[[FolderArchive], object]] = {
    "begin": lambda archive: archive.begin("a", DESCRIPTION, part_size=1),
    "resume": lambda archive: archive.resume(
        "a", DESCRIPTION, part_size=1, token="0" * 32 + ".part"
    ),
    "put": lambda archive: archive.put("a", DESCRIPTION, memoryview(b""), part_checksum(b"")),
    "head": lambda archive: archive.head("a"),
    "list": lambda archive: list(archive.list()),
    "open": lambda archive: archive.open("a"),
}


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("mount_point_stays", [True, False])
def test_an_unmounted_disk_is_told_and_never_looks_like_an_empty_archive(
    tmp_path: Path, call: str, mount_point_stays: bool
) -> None:
    archive = ready(tmp_path / "disk")
    store(archive, "a", b"x")
    (tmp_path / "disk").rename(tmp_path / "unplugged")
    if mount_point_stays:
        (tmp_path / "disk").mkdir()
    with pytest.raises(ArchiveUnusable, match="no archive is there") as caught:
        CALLS[call](archive)
    assert "disk mounted" in caught.value.hint
    assert files(tmp_path) == ["unplugged/a"], "nothing is written below the mount point"


MEETS_A_LIMIT = """
import resource, sys
from pathlib import Path
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.errors import ArchiveUnusable

resource.setrlimit(resource.RLIMIT_FSIZE, (5000, 5000))
archive = FolderArchive(Path(sys.argv[1]))
archive.check()
upload = archive.begin("a", ObjectDescription("m", 1, "video/mp4", {}, {}), part_size=4000)
data = bytes(4000)
upload.put_part(1, memoryview(data), part_checksum(data))
try:
    upload.put_part(2, memoryview(data), part_checksum(data))
except ArchiveUnusable as error:
    upload.abort()
    print(error.message, "|", error.kept, "|", error.hint)
"""


def test_a_file_too_large_for_the_disk_needs_a_person_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEETS_A_LIMIT, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert "does not take a file of this size" in done.stdout
    assert "untouched" in done.stdout
    assert files(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "kind", "words"),
    [
        ("ENOSPC", ArchiveUnusable, "no space is left"),
        ("EDQUOT", ArchiveUnusable, "no space is left"),
        ("EACCES", ArchiveUnusable, "writing is not allowed"),
        ("EPERM", ArchiveUnusable, "writing is not allowed"),
        ("EROFS", ArchiveUnusable, "writing is not allowed"),
        ("ENOTDIR", ArchiveUnusable, "where a folder is needed"),
        ("ELOOP", ArchiveUnusable, "where a folder is needed"),
        ("ENAMETOOLONG", ArchiveUnusable, "too long"),
        ("EFBIG", ArchiveUnusable, "of this size"),
        ("EIO", ArchiveUnusable, "EIO"),
        ("ENODEV", ArchiveUnusable, "ENODEV"),
        ("ESTALE", ServiceUnavailable, "does not answer"),
        ("ETIMEDOUT", ServiceUnavailable, "does not answer"),
        ("EMFILE", ServiceUnavailable, "does not answer"),
    ],
)
def test_an_error_of_the_disk_is_told_with_path_and_what_was_kept(
    number: str, kind: type[ArchiveUnusable | ServiceUnavailable], words: str
) -> None:
    import errno

    with (
        pytest.raises(kind) as caught,
        folder_disk.translated("writing", Path("/disk/archive"), kept="the rest"),
    ):
        raise OSError(getattr(errno, number), "a foreign text")
    assert words in caught.value.message
    assert "/disk/archive" in caught.value.message
    assert "foreign" not in caught.value.message
    assert caught.value.kept == "the rest"
    assert isinstance(caught.value, ServiceUnavailable) or caught.value.hint


def test_without_hard_links_a_file_is_renamed_and_still_never_overwrites(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """exFAT refuses os.link with EPERM; nothing here can mount one, so the call itself refuses."""

    def refuses(*_: object, **__: object) -> None:
        import errno

        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuses)
    archive = ready(tmp_path)
    store(archive, "a/b", b"first")
    with pytest.raises(KeyTaken):
        store(archive, "a/b", b"second")
    assert files(tmp_path) == ["a/b"]
    assert (tmp_path / "a/b").read_bytes() == b"first"


@pytest.mark.parametrize(
    ("name", "siblings", "same", "listed"),
    [
        ("e\u0301.mp4", {"e\u0301.mp4"}, True, "\u00e9.mp4"),
        ("e\u0301.mp4", {"e\u0301.mp4"}, False, "e\u0301.mp4"),
        ("e\u0301.mp4", {"e\u0301.mp4", "\u00e9.mp4"}, True, "e\u0301.mp4"),
        ("plain.mp4", {"plain.mp4"}, True, "plain.mp4"),
    ],
    ids=["HFS+ decomposes", "ext4 keeps", "hard-linked twins", "nothing to compose"],
)
def test_names_are_listed_as_they_were_stored(
    name: str, siblings: set[str], same: bool, listed: str
) -> None:
    assert folder_disk.listed_name(name, frozenset(siblings), lambda _: same) == listed


def test_an_archive_in_use_is_never_made_anew_on_an_unmounted_disk(tmp_path: Path) -> None:
    mount_point = tmp_path / "mnt"
    with pytest.raises(ArchiveUnusable, match="no archive is there") as caught:
        FolderArchive(mount_point, in_use=True).check()
    assert "mount the disk" in caught.value.hint
    assert not mount_point.exists()

    mount_point.mkdir()
    with pytest.raises(ArchiveUnusable, match="no archive is there"):
        FolderArchive(mount_point, in_use=True).check()
    assert list(mount_point.iterdir()) == []


def test_an_archive_in_use_that_is_there_passes_its_check(tmp_path: Path) -> None:
    store(ready(tmp_path), "a.mp4", b"kept")
    archive = FolderArchive(tmp_path, in_use=True)
    archive.check()
    assert [each.key for each in archive.list()] == ["a.mp4"]
