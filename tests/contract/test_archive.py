"""Every archive keeps every sentence of the contract: one suite over all adapters."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloud_sync.archive.base import Archive, ObjectDescription, StoredObject, Upload
from cloud_sync.archive.checksum import of_stream, part_checksum, to_text
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.layout import key_candidates
from cloud_sync.archive.memory import MemoryArchive
from cloud_sync.archive.s3 import S3Archive
from cloud_sync.archive.s3_dialects import AWS, GENERIC, PLAIN, Dialect
from cloud_sync.errors import ChecksumMismatch, KeyTaken
from cloud_sync.model.media import MediaItem

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SOME = os.urandom(12 << 20)
"""Bytes to archive; tests take the beginning that they need."""

DESCRIPTION = ObjectDescription("m1", 1, "video/mp4", {"filename": "GX01.MP4"}, {"Source": "GoPro"})
KEY = "gopro-videos/2025/06/GX010001.MP4"


@dataclass(frozen=True)
class Subject:
    """An adapter under test, its part size, and what lies in its place beside whole objects."""

    archive: Archive
    part_size: int
    leftovers: Callable[[], list[str]]


@pytest.fixture
def memory() -> Subject:
    archive = MemoryArchive()
    return Subject(archive, 1000, lambda: ["upload"] * archive.open_uploads)


@pytest.fixture
def folder(tmp_path: Path) -> Subject:
    root = tmp_path / "archive"
    archive = FolderArchive(root)
    archive.check()

    def leftovers() -> list[str]:
        return [str(path) for path in (root / ".cloud-sync").rglob("*") if path.is_file()]

    return Subject(archive, 1000, leftovers)


def _in_bucket(client: S3Client, bucket: str, dialect: Dialect) -> Subject:
    prefix = f"contract/{uuid.uuid4().hex}"

    def leftovers() -> list[str]:
        answer = client.list_multipart_uploads(Bucket=bucket, Prefix=prefix)
        return [upload["Key"] for upload in answer.get("Uploads", ())]

    return Subject(S3Archive(client, bucket, prefix, dialect=dialect), 5 << 20, leftovers)


@pytest.fixture
def bucket(s3_client: S3Client, s3_bucket: str) -> Subject:
    return _in_bucket(s3_client, s3_bucket, GENERIC)


@pytest.fixture
def aws_bucket(s3_client: S3Client, s3_bucket: str) -> Subject:
    """The requests that AWS gets, answered by the test server."""
    return _in_bucket(s3_client, s3_bucket, replace(AWS, lists_in_order=False))


@pytest.fixture
def plain_bucket(s3_client: S3Client, s3_bucket: str) -> Subject:
    return _in_bucket(s3_client, s3_bucket, PLAIN)


@pytest.fixture(
    params=[
        "memory",
        "folder",
        pytest.param("bucket", marks=pytest.mark.xdist_group("seaweedfs")),
        pytest.param("aws_bucket", marks=pytest.mark.xdist_group("seaweedfs")),
        pytest.param("plain_bucket", marks=pytest.mark.xdist_group("seaweedfs")),
    ]
)
def subject(request: pytest.FixtureRequest) -> Subject:
    found = request.getfixturevalue(request.param)
    assert isinstance(found, Subject)
    return found


def checksum_of(content: bytes) -> str:
    return to_text(part_checksum(content))


def split(content: bytes, part_size: int) -> list[tuple[int, bytes]]:
    starts = range(0, len(content), part_size) if content else [0]
    return [(n, content[start : start + part_size]) for n, start in enumerate(starts, 1)]


def put(upload: Upload, number: int, data: bytes) -> None:
    upload.put_part(number, memoryview(data), part_checksum(data))


def store(
    subject: Subject, key: str, content: bytes, description: ObjectDescription = DESCRIPTION
) -> StoredObject:
    upload = subject.archive.begin(key, description, part_size=subject.part_size)
    for number, data in split(content, subject.part_size):
        put(upload, number, data)
    return upload.commit(len(content), checksum_of(content))


def read(subject: Subject, key: str) -> bytes:
    with subject.archive.open(key) as stream:
        return stream.read()


def listed(subject: Subject, prefix: str = "") -> list[str]:
    return [stored.key for stored in subject.archive.list(prefix)]


def sizes(part_size: int) -> dict[str, int]:
    return {
        "nothing": 0,
        "one byte": 1,
        "less than a part": 700,
        "exactly one part": part_size,
        "a part and a byte": part_size + 1,
        "exactly two parts": 2 * part_size,
    }


@pytest.mark.parametrize("name", sizes(1))
def test_an_object_of_any_size_comes_back_byte_for_byte(subject: Subject, name: str) -> None:
    content = SOME[: sizes(subject.part_size)[name]]
    stored = store(subject, KEY, content)
    assert (stored.key, stored.size) == (KEY, len(content))
    assert stored.checksum in (None, checksum_of(content))
    assert read(subject, KEY) == content
    assert subject.leftovers() == []


def test_no_part_at_all_makes_an_empty_object(subject: Subject) -> None:
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    assert upload.commit(0, checksum_of(b"")).size == 0
    assert read(subject, KEY) == b""


def test_what_head_reports_is_what_was_stored(subject: Subject) -> None:
    content = SOME[: subject.part_size + 9]
    store(subject, KEY, content, replace(DESCRIPTION, media_id="Zq-9_x", file_number=3))
    found = subject.archive.head(KEY)
    assert found is not None
    assert (found.key, found.size) == (KEY, len(content))
    assert found.checksum in (None, checksum_of(content))
    assert (found.media_id, found.file_number) in ((None, None), ("Zq-9_x", 3))


def test_reading_back_gives_size_and_checksum(subject: Subject) -> None:
    content = SOME[: subject.part_size + 9]
    store(subject, KEY, content)
    with subject.archive.open(KEY) as stream:
        assert of_stream(stream) == (len(content), checksum_of(content))


def test_nothing_is_visible_before_commit_returns(subject: Subject) -> None:
    content = SOME[: 2 * subject.part_size]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    for number, data in split(content, subject.part_size):
        put(upload, number, data)
        assert subject.archive.head(KEY) is None
        assert listed(subject) == []
        with pytest.raises(FileNotFoundError):
            subject.archive.open(KEY)
    upload.commit(len(content), checksum_of(content))
    assert listed(subject) == [KEY]


@pytest.mark.parametrize("parts", [1, 2])
def test_a_taken_key_is_refused_and_what_is_there_stays(subject: Subject, parts: int) -> None:
    store(subject, KEY, b"first come")
    content = SOME[: parts * subject.part_size]
    with pytest.raises(KeyTaken):
        store(subject, KEY, content, replace(DESCRIPTION, media_id="another"))
    assert read(subject, KEY) == b"first come"
    assert subject.leftovers() == []


def test_the_same_bytes_again_are_refused_too(subject: Subject) -> None:
    store(subject, KEY, b"the very same")
    with pytest.raises(KeyTaken):
        store(subject, KEY, b"the very same")


def test_of_two_uploads_of_a_key_the_first_commit_wins(subject: Subject) -> None:
    first = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    second = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    put(first, 1, b"first")
    put(second, 1, b"second")
    second.commit(6, checksum_of(b"second"))
    with pytest.raises(KeyTaken):
        first.commit(5, checksum_of(b"first"))
    assert read(subject, KEY) == b"second"
    assert subject.leftovers() == []


@pytest.mark.parametrize("parts", [1, 2])
@pytest.mark.parametrize("change", [-1, 1])
def test_a_wrong_size_is_refused_and_nothing_becomes_visible(
    subject: Subject, parts: int, change: int
) -> None:
    content = SOME[: parts * subject.part_size]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    for number, data in split(content, subject.part_size):
        put(upload, number, data)
    with pytest.raises(ChecksumMismatch) as caught:
        upload.commit(len(content) + change, checksum_of(content))
    assert str(len(content)) in caught.value.message, "sizes come with both numbers"
    assert str(len(content) + change) in caught.value.message
    assert subject.archive.head(KEY) is None
    assert listed(subject) == []
    assert subject.leftovers() == []


@pytest.mark.parametrize("parts", [1, 2])
def test_a_wrong_checksum_is_refused_and_nothing_becomes_visible(
    subject: Subject, parts: int
) -> None:
    content = SOME[: parts * subject.part_size]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    for number, data in split(content, subject.part_size):
        put(upload, number, data)
    with pytest.raises(ChecksumMismatch):
        upload.commit(len(content), checksum_of(content[::-1]))
    assert subject.archive.head(KEY) is None
    assert listed(subject) == []
    assert subject.leftovers() == []


@pytest.mark.parametrize("number", [1, 2])
def test_one_flipped_bit_in_a_part_is_refused(subject: Subject, number: int) -> None:
    data = bytearray(SOME[: subject.part_size])
    announced = part_checksum(data)
    data[7] ^= 1
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    with pytest.raises(ChecksumMismatch):
        upload.put_part(number, memoryview(data), announced)
    upload.abort()
    assert subject.leftovers() == []


def test_a_missing_part_is_never_made_up(subject: Subject) -> None:
    content = SOME[: 2 * subject.part_size]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    put(upload, 2, content[subject.part_size :])
    with pytest.raises(ChecksumMismatch):
        upload.commit(len(content), checksum_of(content))
    assert subject.archive.head(KEY) is None
    assert subject.leftovers() == []


def test_parts_may_come_in_any_order(subject: Subject) -> None:
    content = SOME[: 2 * subject.part_size + 5]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    for number, data in reversed(split(content, subject.part_size)):
        put(upload, number, data)
    upload.commit(len(content), checksum_of(content))
    assert read(subject, KEY) == content


def test_parts_may_come_from_several_threads(subject: Subject) -> None:
    content = SOME[: 2 * subject.part_size + 77]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(put, upload, *part) for part in split(content, subject.part_size)]
    for each in done:
        each.result()
    upload.commit(len(content), checksum_of(content))
    assert read(subject, KEY) == content


def test_many_objects_may_be_written_at_once(subject: Subject) -> None:
    contents = {f"many/{number}": SOME[number : 2 * number + 1] for number in range(12)}
    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(store, subject, *each) for each in contents.items()]
    for each in done:
        each.result()
    assert {key: read(subject, key) for key in listed(subject)} == contents


@pytest.mark.parametrize("number", [1, 2])
def test_a_part_may_be_put_again_and_the_last_one_counts(subject: Subject, number: int) -> None:
    content = SOME[: 2 * subject.part_size]
    parts = dict(split(content, subject.part_size))
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    put(upload, number, parts[number][::-1])
    put(upload, 3 - number, parts[3 - number])
    put(upload, number, parts[number])
    upload.commit(len(content), checksum_of(content))
    assert read(subject, KEY) == content


def test_a_last_part_put_again_may_be_shorter(subject: Subject) -> None:
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    put(upload, 1, b"longer than meant")
    put(upload, 1, b"as meant")
    upload.commit(8, checksum_of(b"as meant"))
    assert read(subject, KEY) == b"as meant"


def test_a_buffer_may_be_reused_after_put_part_returns(subject: Subject) -> None:
    content = SOME[: 2 * subject.part_size]
    buffer = bytearray(subject.part_size)
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    for number, data in split(content, subject.part_size):
        buffer[:] = data
        upload.put_part(number, memoryview(buffer), part_checksum(data))
        buffer[:] = bytes(len(buffer))
    upload.commit(len(content), checksum_of(content))
    assert read(subject, KEY) == content


@pytest.mark.parametrize("parts", [0, 1, 2])
def test_abort_leaves_nothing_and_may_be_called_twice(subject: Subject, parts: int) -> None:
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    for number, data in split(SOME[: parts * subject.part_size], subject.part_size)[:parts]:
        put(upload, number, data)
    upload.abort()
    upload.abort()
    assert subject.leftovers() == []
    assert subject.archive.head(KEY) is None


@pytest.mark.parametrize("parts", [1, 2])
def test_abort_after_commit_takes_nothing_away(subject: Subject, parts: int) -> None:
    content = SOME[: parts * subject.part_size]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    for number, data in split(content, subject.part_size):
        put(upload, number, data)
    upload.commit(len(content), checksum_of(content))
    upload.abort()
    assert read(subject, KEY) == content


def test_a_key_is_free_again_after_an_abort(subject: Subject) -> None:
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    put(upload, 1, b"given up")
    upload.abort()
    store(subject, KEY, b"second try")
    assert read(subject, KEY) == b"second try"


def test_an_upload_that_is_over_takes_no_more_parts(subject: Subject) -> None:
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    upload.abort()
    with pytest.raises(ValueError, match="is over"):
        put(upload, 1, b"late")
    assert subject.leftovers() == []


def test_parts_count_from_one(subject: Subject) -> None:
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    with pytest.raises(ValueError, match="count from 1"):
        put(upload, 0, b"x")
    upload.abort()


def test_what_is_not_there_is_told_as_such(subject: Subject) -> None:
    assert subject.archive.head("no/such/key") is None
    assert listed(subject) == []
    with pytest.raises(FileNotFoundError):
        subject.archive.open("no/such/key")


def test_a_key_below_an_object_or_above_objects_is_no_object(subject: Subject) -> None:
    store(subject, "a/b/c", b"x")
    assert subject.archive.head("a/b") is None
    assert subject.archive.head("a/b/c/d") is None
    assert listed(subject, "a/b/c/") == []


def test_list_is_in_key_order_and_holds_sizes(subject: Subject) -> None:
    keys = ["a", "a-b", "a.b", "a/b", "a/b/c/d", "a/b-c", "a0", "b/é", "b/z", "b/😀", "ab/c"]
    keys = [key for key in keys if key not in ("a", "a/b")]
    for length, key in enumerate(keys):
        store(subject, key, SOME[:length])
    found = list(subject.archive.list())
    assert [stored.key for stored in found] == sorted(keys)
    assert {stored.key: stored.size for stored in found} == {k: n for n, k in enumerate(keys)}


def test_list_holds_to_a_prefix_even_in_the_middle_of_a_name(subject: Subject) -> None:
    keys = ["v/2024/01/a", "v/2024/02/b", "v/2025/01/c", "v-other", "w/2024/x"]
    for key in keys:
        store(subject, key, b"x")
    assert listed(subject, "v/2024/") == keys[:2]
    assert listed(subject, "v/2024/02/b") == keys[1:2]
    assert listed(subject, "v/20") == keys[:3]
    assert listed(subject, "v") == [keys[3], *keys[:3]]
    assert listed(subject, "x") == []


def _item(media_id: str, filename: str) -> MediaItem:
    return MediaItem(
        id=media_id,
        type="Video",
        filename=filename,
        extension="mp4",
        state="ready",
        ready=True,
        size=1,
        file_count=1,
        captured_at=datetime(2025, 6, 1, tzinfo=UTC),
        uploaded_at=None,
        updated_at=None,
        duration_seconds=None,
    )


HOSTILE_NAMES = [
    "..",
    ".",
    "../../etc/passwd",
    "/etc/passwd",
    "C:\\x\\..\\y.mp4",
    "x" * 250 + ".mp4",
    "é" * 200 + ".mp4",
    "😀🏄‍♂️.mp4",
    " leading and trailing .mp4 ",
    ".hidden",
    "100%.mp4",
    "%2e%2e%2fetc.mp4",
    "what?.mp4",
    "a#b.mp4",
    "a&b=c.mp4",
    "a+b c.mp4",
    "quote'\"quote.mp4",
    "new\nline\r\x00\x7f.mp4",
    "a;b,c~d!e@f$g(h)[i]{j}.mp4",
    "-rf.mp4",
    "",
]


def test_hostile_names_are_stored_inside_and_come_back(subject: Subject, tmp_path: Path) -> None:
    before = set(tmp_path.rglob("*"))
    candidates = [
        key_candidates(_item(f"m{number}", name), 1, name, "mp4")
        for number, name in enumerate(HOSTILE_NAMES)
    ]
    # plain names of different files may be the same, which is what the others are for
    keys = list(dict.fromkeys(key for keys in candidates for key in keys))
    for key in keys:
        store(subject, key, key.encode())
    assert listed(subject) == sorted(keys)
    assert {key: read(subject, key) for key in keys} == {key: key.encode() for key in keys}
    created = set(tmp_path.rglob("*")) - before
    assert all(tmp_path / "archive" in path.parents for path in created)


def test_names_that_differ_in_normalisation_only_never_overwrite(subject: Subject) -> None:
    """Two objects, or on a file system that takes both names for one, a refusal."""
    composed, decomposed = "twins/\u00e9.mp4", "twins/e\u0301.mp4"
    store(subject, composed, b"composed")
    if subject.archive.head(decomposed) is None:
        store(subject, decomposed, b"decomposed")
        assert read(subject, decomposed) == b"decomposed"
        assert listed(subject) == [decomposed, composed]
    else:
        with pytest.raises(KeyTaken):
            store(subject, decomposed, b"decomposed")
        assert listed(subject) == [composed]
    assert read(subject, composed) == b"composed"


@pytest.mark.parametrize(
    "key",
    ["", "/", "/a", "a/", "a//b", "..", "../a", "a/../b", "a/..", ".", "./a", "a/./b", "a\0b"],
)
def test_what_is_no_key_is_a_bug_and_told_as_one(subject: Subject, key: str) -> None:
    with pytest.raises(ValueError, match="not a key"):
        subject.archive.begin(key, DESCRIPTION, part_size=subject.part_size)
    with pytest.raises(ValueError, match="not a key"):
        subject.archive.head(key)
    with pytest.raises(ValueError, match="not a key"):
        subject.archive.open(key)


def test_check_leaves_nothing_behind_and_is_repeatable(subject: Subject) -> None:
    subject.archive.check()
    subject.archive.check()
    assert listed(subject) == []
    assert subject.leftovers() == []


def test_any_text_may_stand_in_the_description(subject: Subject) -> None:
    metadata = {
        "filename": "Süd–Tour 😀 100% «x».MP4",
        "note": "  two\nlines\r\n ",
        "empty": "",
        "long": "é" * 5000,
    }
    description = replace(DESCRIPTION, media_id="idé %41", metadata=metadata, tags={})
    store(subject, KEY, b"x", description)
    found = subject.archive.head(KEY)
    assert found is not None
    assert found.media_id in (None, "idé %41")


def test_the_location_is_what_a_person_writes(subject: Subject) -> None:
    assert subject.archive.location
    assert not subject.archive.location.endswith("/")


def test_an_archive_may_be_closed_twice(subject: Subject) -> None:
    store(subject, KEY, b"x")
    subject.archive.close()
    subject.archive.close()
