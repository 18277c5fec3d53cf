"""Every archive keeps every sentence of the contract: one suite over all adapters."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloud_sync.archive.base import (
    Archive,
    ObjectDescription,
    StoredObject,
    UnfinishedUpload,
    Upload,
)
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
    """An adapter under test, its part size, and what lies in its place beside whole objects.

    `fresh` is another instance for the same place, as another process would make it.
    """

    archive: Archive
    part_size: int
    leftovers: Callable[[], list[str]]
    fresh: Callable[[], Archive]
    tells_who_writes: bool = True


@pytest.fixture
def memory() -> Subject:
    archive = MemoryArchive()

    def fresh() -> MemoryArchive:
        return replace(archive)

    return Subject(archive, 1000, lambda: ["upload"] * archive.open_uploads, fresh)


@pytest.fixture
def folder(tmp_path: Path) -> Subject:
    root = tmp_path / "archive"
    archive = FolderArchive(root)
    archive.check()

    def leftovers() -> list[str]:
        return [str(path) for path in (root / ".cloud-sync/partial").iterdir()]

    return Subject(archive, 1000, leftovers, lambda: FolderArchive(root))


def _in_bucket(client: S3Client, bucket: str, dialect: Dialect) -> Iterator[Subject]:
    prefix = f"contract/{uuid.uuid4().hex}"

    def leftovers() -> list[str]:
        answer = client.list_multipart_uploads(Bucket=bucket, Prefix=prefix)
        return [upload["Key"] for upload in answer.get("Uploads", ())]

    def fresh() -> S3Archive:
        return S3Archive(client, bucket, prefix, dialect=dialect)

    archive = fresh()
    yield Subject(archive, 5 << 20, leftovers, fresh, tells_who_writes=False)
    archive.close()


@pytest.fixture
def bucket(s3_client: S3Client, s3_bucket: str) -> Iterator[Subject]:
    yield from _in_bucket(s3_client, s3_bucket, GENERIC)


@pytest.fixture
def aws_bucket(s3_client: S3Client, s3_bucket: str) -> Iterator[Subject]:
    """The requests that AWS gets, answered by the test server."""
    yield from _in_bucket(s3_client, s3_bucket, replace(AWS, lists_in_order=False))


@pytest.fixture
def plain_bucket(s3_client: S3Client, s3_bucket: str) -> Iterator[Subject]:
    yield from _in_bucket(s3_client, s3_bucket, PLAIN)


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


def put(upload: Upload, number: int, data: bytes) -> str:
    return upload.put_part(number, memoryview(data), part_checksum(data))


def put_whole(
    subject: Subject, content: bytes, description: ObjectDescription = DESCRIPTION
) -> StoredObject:
    return subject.archive.put(KEY, description, memoryview(content), part_checksum(content))


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


@pytest.mark.parametrize("size", [0, 1, 8 << 20], ids=["nothing", "one byte", "8 MiB"])
def test_a_whole_object_is_stored_in_one_step(subject: Subject, size: int) -> None:
    stored = put_whole(subject, SOME[:size])
    assert (stored.key, stored.size) == (KEY, size)
    assert stored.checksum in (None, checksum_of(SOME[:size]))
    assert read(subject, KEY) == SOME[:size]
    assert listed(subject) == [KEY]
    assert subject.leftovers() == []


def test_what_head_reports_of_an_object_stored_in_one_step_is_the_same(subject: Subject) -> None:
    put_whole(subject, b"x", replace(DESCRIPTION, media_id="Zq-9_x", file_number=3))
    found = subject.archive.head(KEY)
    assert found is not None
    assert found.checksum in (None, checksum_of(b"x"))
    assert (found.media_id, found.file_number) in ((None, None), ("Zq-9_x", 3))


@pytest.mark.parametrize("content", [b"", b"first come", b"another"])
def test_a_whole_object_never_replaces_another(subject: Subject, content: bytes) -> None:
    """Not even one of the same bytes."""
    put_whole(subject, b"first come")
    with pytest.raises(KeyTaken):
        put_whole(subject, content)
    assert read(subject, KEY) == b"first come"
    assert subject.leftovers() == []


def test_a_whole_object_with_a_flipped_bit_is_refused(subject: Subject) -> None:
    data = bytearray(SOME[:1000])
    announced = part_checksum(data)
    data[7] ^= 1
    with pytest.raises(ChecksumMismatch):
        subject.archive.put(KEY, DESCRIPTION, memoryview(data), announced)
    assert subject.archive.head(KEY) is None
    assert subject.leftovers() == []


def test_a_buffer_may_be_reused_after_put_returns(subject: Subject) -> None:
    buffer = bytearray(b"as it was")
    subject.archive.put(KEY, DESCRIPTION, memoryview(buffer), part_checksum(buffer))
    buffer[:] = bytes(len(buffer))
    assert read(subject, KEY) == b"as it was"


def suspended(subject: Subject, content: bytes, numbers: tuple[int, ...]) -> tuple[str, Receipts]:
    """Put some of the parts and let go; the token, and the receipt of each part."""
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    parts = dict(split(content, subject.part_size))
    receipts = {number: put(upload, number, parts[number]) for number in numbers}
    upload.suspend()
    return upload.token, receipts


Receipts = dict[int, str]


def resumed(subject: Subject, archive: Archive, token: str) -> Upload:
    upload = archive.resume(KEY, DESCRIPTION, part_size=subject.part_size, token=token)
    assert upload is not None
    return upload


def keep_what_agrees(
    upload: Upload, parts: dict[int, bytes], receipts: Receipts
) -> dict[int, bytes]:
    """Keep the recorded parts that the archive still has; those to be put again."""
    found = upload.found()
    left = dict(parts)
    for number, receipt in receipts.items():
        data, held = parts[number], found.get(number)
        if held is None or (held.length, held.receipt) != (len(data), receipt):
            continue
        if held.checksum in (None, part_checksum(data)):
            upload.keep(number, len(data), part_checksum(data), receipt)
            del left[number]
    return left


@pytest.mark.parametrize("numbers", [(), (1,), (2,), (1, 2), (3, 1), (1, 2, 3)])
def test_another_instance_goes_on_with_the_parts_that_are_there(
    subject: Subject, numbers: tuple[int, ...]
) -> None:
    content = SOME[: 2 * subject.part_size + 9]
    token, receipts = suspended(subject, content, numbers)
    other = subject.fresh()
    upload = resumed(subject, other, token)
    assert upload.token == token
    left = keep_what_agrees(upload, dict(split(content, subject.part_size)), receipts)
    assert set(left) == {1, 2, 3} - set(numbers), "what was put is not put again"
    for number, data in left.items():
        put(upload, number, data)
    assert upload.commit(len(content), checksum_of(content)).size == len(content)
    assert read(subject, KEY) == content
    assert subject.leftovers() == []
    other.close()


def test_found_agrees_with_what_was_put(subject: Subject) -> None:
    content = SOME[: subject.part_size + 9]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    assert dict(upload.found()) == {}
    parts = dict(split(content, subject.part_size))
    receipts = {number: put(upload, number, data) for number, data in parts.items()}
    found = upload.found()
    assert set(found) == {1, 2}
    for number, data in parts.items():
        assert found[number].length == len(data)
        assert found[number].receipt == receipts[number]
        assert found[number].checksum in (None, part_checksum(data))
        assert found[number].checksum or found[number].receipt, "one of them proves the part"
    upload.abort()


def test_what_was_not_kept_is_not_part_of_the_object(subject: Subject) -> None:
    """A part of an earlier process counts only when it was compared with the record."""
    content = SOME[: 2 * subject.part_size]
    token, _ = suspended(subject, content, (1,))
    upload = resumed(subject, subject.archive, token)
    put(upload, 2, content[subject.part_size :])
    with pytest.raises(ChecksumMismatch):
        upload.commit(len(content), checksum_of(content))
    assert subject.archive.head(KEY) is None
    assert subject.leftovers() == []


@pytest.mark.parametrize("wrong", ["number", "length", "checksum and receipt", "never asked"])
def test_keeping_what_was_not_found_is_a_bug(subject: Subject, wrong: str) -> None:
    content = SOME[: subject.part_size]
    token, receipts = suspended(subject, content, (1,))
    upload = resumed(subject, subject.archive, token)
    number, length, checksum, receipt = 1, len(content), part_checksum(content), receipts[1]
    if wrong == "never asked":
        upload.abort()
        upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    else:
        upload.found()
        number += wrong == "number"
        length -= wrong == "length"
        if wrong == "checksum and receipt":
            checksum, receipt = part_checksum(b"other"), "other"
    with pytest.raises(ValueError, match="not found like this"):
        upload.keep(number, length, checksum, receipt)
    upload.abort()


def test_a_part_may_be_put_in_place_of_a_found_one(subject: Subject) -> None:
    content = SOME[: 2 * subject.part_size]
    token, receipts = suspended(subject, content[::-1], (1, 2))
    upload = resumed(subject, subject.archive, token)
    assert set(upload.found()) == set(receipts)
    for number, data in split(content, subject.part_size):
        put(upload, number, data)
    upload.commit(len(content), checksum_of(content))
    assert read(subject, KEY) == content


def test_a_suspended_upload_is_visible_to_nobody_and_takes_no_more(subject: Subject) -> None:
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    put(upload, 1, b"x")
    upload.suspend()
    upload.suspend()
    assert subject.archive.head(KEY) is None
    assert listed(subject) == []
    assert len(subject.leftovers()) == 1
    for call in (
        lambda: put(upload, 2, b"x"),
        lambda: upload.commit(1, checksum_of(b"x")),
        upload.found,
        lambda: upload.keep(1, 1, part_checksum(b"x"), ""),
    ):
        with pytest.raises(ValueError, match="is over"):
            call()
    resumed(subject, subject.archive, upload.token).abort()


def test_abort_after_suspend_leaves_the_parts_to_who_goes_on(subject: Subject) -> None:
    content = SOME[: subject.part_size]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    receipt = put(upload, 1, content)
    upload.suspend()
    other = resumed(subject, subject.archive, upload.token)
    upload.abort()
    assert keep_what_agrees(other, {1: content}, {1: receipt}) == {}
    other.commit(len(content), checksum_of(content))
    assert read(subject, KEY) == content


def test_abort_after_resume_removes_everything(subject: Subject) -> None:
    token, _ = suspended(subject, SOME[: subject.part_size], (1,))
    resumed(subject, subject.archive, token).abort()
    assert subject.leftovers() == []
    again = subject.archive.resume(KEY, DESCRIPTION, part_size=subject.part_size, token=token)
    assert again is None


@pytest.mark.parametrize("end", ["abort", "commit"])
def test_of_an_upload_that_is_over_nothing_is_left(subject: Subject, end: str) -> None:
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    put(upload, 1, b"x")
    if end == "abort":
        upload.abort()
    else:
        upload.commit(1, checksum_of(b"x"))
    again = subject.archive.resume(
        KEY, DESCRIPTION, part_size=subject.part_size, token=upload.token
    )
    assert again is None


@pytest.mark.parametrize("token", ["", "gone", "0" * 32 + ".part"])
def test_of_a_token_that_names_nothing_nothing_is_left(subject: Subject, token: str) -> None:
    found = subject.archive.resume(KEY, DESCRIPTION, part_size=subject.part_size, token=token)
    assert found is None


def test_two_uploads_of_a_key_have_two_tokens(subject: Subject) -> None:
    uploads = [
        subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size) for _ in range(2)
    ]
    assert uploads[0].token != uploads[1].token
    assert all(upload.token for upload in uploads)
    for upload in uploads:
        upload.abort()


def test_an_upload_that_is_being_written_is_not_disturbed(subject: Subject) -> None:
    content = SOME[: subject.part_size]
    upload = subject.archive.begin(KEY, DESCRIPTION, part_size=subject.part_size)
    put(upload, 1, content)
    other = subject.fresh()
    second = other.resume(KEY, DESCRIPTION, part_size=subject.part_size, token=upload.token)
    assert (second is None) == subject.tells_who_writes
    other.close()
    upload.commit(len(content), checksum_of(content))
    assert read(subject, KEY) == content


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
        subject.archive.resume(key, DESCRIPTION, part_size=subject.part_size, token="x")
    with pytest.raises(ValueError, match="not a key"):
        subject.archive.put(key, DESCRIPTION, memoryview(b""), part_checksum(b""))
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


def left_behind(subject: Subject, key: str = KEY) -> UnfinishedUpload:
    """The one upload that the archive lists as unfinished, after a part of it was stored."""
    upload = subject.archive.begin(key, DESCRIPTION, part_size=subject.part_size)
    put(upload, 1, SOME[: subject.part_size])
    upload.suspend()
    (listed,) = subject.fresh().unfinished_uploads()
    assert listed.token == upload.token
    return listed


def test_an_object_is_described_with_all_that_was_said_of_it(subject: Subject) -> None:
    """What a lost tracker is rebuilt from: the medium, the file, and facts in any letters."""
    metadata = {"filename": "Früh 🎥.MP4", "captured-at": "2025-06-01T10:00:00+02:00"}
    said = ObjectDescription("m-1", 3, "video/mp4", {**metadata, "source-size": "1000"}, {})
    store(subject, KEY, SOME[:1000], said)
    record = subject.fresh().describe(KEY)
    assert record is not None
    assert (record.stored.key, record.stored.size) == (KEY, 1000)
    assert (record.stored.media_id, record.stored.file_number) == ("m-1", 3)
    assert {name: record.metadata[name] for name in metadata} == metadata
    assert record.stored.checksum in (None, checksum_of(SOME[:1000]))
    assert record.noted.size in (None, 1000)
    assert not record.stored.cold


def test_what_is_not_there_is_not_described(subject: Subject) -> None:
    store(subject, KEY, b"x")
    assert subject.archive.describe("gopro-videos/2025/06/other.MP4") is None


def test_an_unfinished_upload_is_listed_with_its_age_and_can_be_discarded(
    subject: Subject,
) -> None:
    listed = left_behind(subject)
    assert listed.key in (None, KEY)
    assert abs((datetime.now(UTC) - listed.touched_at).total_seconds()) < 600
    assert subject.fresh().discard(listed)
    assert subject.leftovers() == []
    assert list(subject.archive.unfinished_uploads()) == []
    assert not subject.archive.discard(listed), "what is gone cannot be discarded again"


def test_whole_objects_are_no_unfinished_uploads_and_survive_a_discard(subject: Subject) -> None:
    listed = left_behind(subject)
    upload = subject.archive.resume(
        KEY, DESCRIPTION, part_size=subject.part_size, token=listed.token
    )
    assert upload is not None
    upload.found()
    put(upload, 1, b"whole")
    upload.commit(5, checksum_of(b"whole"))
    assert list(subject.fresh().unfinished_uploads()) == []
    subject.fresh().discard(listed)
    assert read(subject, KEY) == b"whole"


def test_an_upload_that_somebody_holds_is_neither_listed_nor_discarded(subject: Subject) -> None:
    """Where the archive can tell who writes."""
    if not subject.tells_who_writes:
        return
    listed = left_behind(subject)
    other = subject.fresh()
    upload = other.resume(KEY, DESCRIPTION, part_size=subject.part_size, token=listed.token)
    assert upload is not None
    assert list(subject.archive.unfinished_uploads()) == []
    assert not subject.archive.discard(listed)
    upload.abort()
