"""What every store that objects are copied between promises."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import ministack
from cloud_sync.errors import StreamBroken
from cloud_sync.replicate import s3_store
from cloud_sync.replicate.failures import ChangedMeanwhile, NoSuchBucket
from cloud_sync.replicate.folder_source import FolderSource
from cloud_sync.replicate.mark import NAME
from cloud_sync.replicate.memory_store import MemoryStore
from cloud_sync.replicate.store import (
    Description,
    Expected,
    ObjectSource,
    ObjectStore,
    ObjectVersion,
    StoredVersion,
)
from copies import MIB, made_bucket
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SPECIAL = ["a b+c%20d", "ünï/日本", "/leading//slashes"]


@dataclass
class Subject:
    """A store, two buckets, and the owner's way to write objects behind its back.

    `keeps_conditions` is False for an emulator that ignores them on a copy, `keeps_slashes` for a
    server that shortens them, `keeps_tags` for an emulator that forgets those of uploads in parts.
    """

    store: ObjectStore
    source: str
    target: str
    versioned: str
    write: Callable[[str, str, bytes], None]
    keeps_conditions: bool = True
    keeps_slashes: bool = True
    keeps_tags: bool = True


def of_server(store: ObjectStore, client: S3Client) -> Subject:
    def write(bucket: str, key: str, data: bytes) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=data, ChecksumAlgorithm="CRC64NVME")

    return Subject(
        store,
        made_bucket(client),
        made_bucket(client),
        made_bucket(client, versions=True),
        write,
    )


@pytest.fixture(scope="module")
def memory_subject() -> Subject:
    store = MemoryStore()
    for name in ("source", "target"):
        store.make_bucket(name)
    store.make_bucket("versioned", versions=True)

    def write(bucket: str, key: str, data: bytes) -> None:
        store.write(bucket, key, data)

    return Subject(store, "source", "target", "versioned", write)


@pytest.fixture(scope="module")
def seaweedfs_subject(s3_server: S3Server, s3_client: S3Client) -> Iterator[Subject]:
    with closing(s3_store.connect(client_options=s3_server.client_options)) as store:
        yield replace(of_server(store, s3_client), keeps_slashes=False)


@pytest.fixture(scope="module")
def ministack_subject() -> Iterator[Subject]:
    emulator = ministack.shared()
    client: S3Client = emulator.client("s3")
    options = emulator.options
    with closing(client), closing(s3_store.connect(client_options=options)) as store:
        yield replace(of_server(store, client), keeps_conditions=False, keeps_tags=False)


@pytest.fixture(
    params=[
        "memory",
        pytest.param("seaweedfs", marks=pytest.mark.xdist_group("seaweedfs")),
        pytest.param("ministack", marks=pytest.mark.xdist_group("ministack")),
    ]
)
def subject(request: pytest.FixtureRequest) -> Subject:
    found: Subject = request.getfixturevalue(f"{request.param}_subject")
    return found


@pytest.fixture
def key() -> str:
    return uuid.uuid4().hex


def seen(store: ObjectSource, bucket: str, key: str) -> StoredVersion:
    found = store.head(ObjectVersion(bucket, key))
    assert found is not None
    return found


def read(store: ObjectSource, bucket: str, key: str) -> bytes:
    stored = seen(store, bucket, key)
    return store.read(stored, 0, stored.size)


def described(source: StoredVersion) -> Description:
    return Description(source, {"owner": "me"})


def test_what_is_not_there_is_none_and_a_missing_bucket_is_named(subject: Subject) -> None:
    assert subject.store.head(ObjectVersion(subject.source, "nothing")) is None
    with pytest.raises(NoSuchBucket):
        subject.store.head(ObjectVersion("no-such-bucket-here", "nothing"))
    with pytest.raises(NoSuchBucket):
        list(subject.store.versions("no-such-bucket-here", ""))


def test_size_etag_and_checksum_are_told_and_any_range_can_be_read(
    subject: Subject, key: str
) -> None:
    subject.write(subject.source, key, b"0123456789")
    stored = seen(subject.store, subject.source, key)
    assert (stored.size, stored.cold) == (10, False)
    assert stored.checksum is not None
    assert (stored.checksum.algorithm, stored.checksum.whole) == ("CRC64NVME", True)
    assert subject.store.read(stored, 3, 4) == b"3456"
    subject.write(subject.source, key, b"other")
    with pytest.raises(ChangedMeanwhile):
        subject.store.read(stored, 0, 5)


@pytest.mark.parametrize("name", SPECIAL)
def test_any_key_can_be_copied_by_the_service(subject: Subject, name: str) -> None:
    if "//" in name and not subject.keeps_slashes:
        name = name.replace("//", "/").lstrip("/")
    subject.write(subject.source, name, b"bytes")
    source = seen(subject.store, subject.source, name)
    to = ObjectVersion(subject.target, name)
    subject.store.copy(to, described(source), Expected(None))
    assert read(subject.store, subject.target, name) == b"bytes"
    assert seen(subject.store, subject.target, name).metadata == {"owner": "me"}
    assert name in {row.at.key for row in subject.store.versions(subject.target, name)}


def test_a_source_that_has_changed_is_not_copied(subject: Subject, key: str) -> None:
    subject.write(subject.source, key, b"before")
    source = seen(subject.store, subject.source, key)
    subject.write(subject.source, key, b"after!")
    to = ObjectVersion(subject.target, key)
    with pytest.raises(ChangedMeanwhile):
        subject.store.copy(to, described(source), Expected(None))
    upload = subject.store.begin(to, described(source), {}, ours=False)
    with pytest.raises(ChangedMeanwhile):
        subject.store.copy_part(upload, 1, source, 0, 6)
    subject.store.abort(upload)
    assert subject.store.head(to) is None


def test_conditions_on_the_destination_are_kept(subject: Subject, key: str) -> None:
    """ministack ignores them on a copy: the look before the write is all that there is then."""
    subject.write(subject.source, key, b"source")
    source = seen(subject.store, subject.source, key)
    to = ObjectVersion(subject.target, key)
    subject.write(subject.target, key, b"there")
    stale = Expected('"0123456789abcdef0123456789abcdef"')
    for expected in (Expected(None), stale):
        if subject.keeps_conditions:
            with pytest.raises(ChangedMeanwhile):
                subject.store.copy(to, described(source), expected)
            assert read(subject.store, subject.target, key) == b"there"
        with pytest.raises(ChangedMeanwhile):
            subject.store.put(to, b"put", described(source), {}, expected)
        assert read(subject.store, subject.target, key) == b"there"
    there = seen(subject.store, subject.target, key)
    subject.store.copy(to, described(source), Expected(there.etag))
    assert read(subject.store, subject.target, key) == b"source"


@pytest.mark.parametrize("ours", [False, True], ids=["copied parts", "sent parts"])
def test_parts_become_an_object_only_at_the_end(subject: Subject, key: str, ours: bool) -> None:
    body = b"p" * (5 * MIB) + b"the rest"
    subject.write(subject.source, key, body)
    source = seen(subject.store, subject.source, key)
    to = ObjectVersion(subject.target, key)
    upload = subject.store.begin(to, described(source), {"t": "1"}, ours=ours)
    parts = []
    for number, start in ((2, 5 * MIB), (1, 0)):
        length = min(5 * MIB, len(body) - start)
        parts.append(
            subject.store.put_part(upload, number, body[start : start + length])
            if ours
            else subject.store.copy_part(upload, number, source, start, length)
        )
    assert subject.store.head(to) is None, "an unfinished object is visible"
    parts.sort(key=lambda part: part.number)
    subject.store.complete(upload, parts, len(body), source.checksum, Expected(None))
    assert read(subject.store, subject.target, key) == body
    assert seen(subject.store, subject.target, key).metadata == {"owner": "me"}
    assert subject.store.tags(to) == ({"t": "1"} if subject.keeps_tags else {})
    subject.store.abort(upload)
    assert subject.store.head(to) is not None, "aborting what is over has removed it"


def test_an_upload_that_was_aborted_is_over(subject: Subject, key: str) -> None:
    subject.write(subject.source, key, b"x")
    source = seen(subject.store, subject.source, key)
    to = ObjectVersion(subject.target, key)
    upload = subject.store.begin(to, described(source), {}, ours=True)
    part = subject.store.put_part(upload, 1, b"x")
    subject.store.abort(upload)
    subject.store.abort(upload)
    with pytest.raises(ChangedMeanwhile):
        subject.store.complete(upload, [part], 1, source.checksum, Expected(None))
    assert subject.store.head(to) is None


def test_versions_are_listed_newest_first_and_each_can_be_read_and_removed(
    subject: Subject, key: str
) -> None:
    for body in (b"one", b"two", b"three"):
        subject.write(subject.versioned, key, body)
    rows = list(subject.store.versions(subject.versioned, key))
    assert [row.size for row in rows] == [5, 3, 3]
    assert [row.latest for row in rows] == [True, False, False]
    oldest = subject.store.head(rows[-1].at)
    assert oldest is not None
    assert subject.store.read(oldest, 0, 3) == b"one"
    subject.store.remove(rows[0].at)
    assert read(subject.store, subject.versioned, key) == b"two"
    assert subject.store.head(rows[0].at) is None


def test_a_bucket_without_versions_lists_each_object_once(subject: Subject, key: str) -> None:
    for body in (b"one", b"two"):
        subject.write(subject.source, key, body)
    (row,) = subject.store.versions(subject.source, key)
    assert (row.at.version_id, row.size, row.latest) == (None, 3, True)
    subject.store.remove(row.at)
    assert subject.store.head(row.at) is None


def test_the_owners_metadata_is_kept_where_ours_has_no_room(subject: Subject, key: str) -> None:
    subject.write(subject.source, key, b"x")
    source = seen(subject.store, subject.source, key)
    to = ObjectVersion(subject.target, key)
    subject.store.copy(to, Description(source, None), Expected(None))
    assert NAME not in seen(subject.store, subject.target, key).metadata


class TestFolder:
    """A folder is a source only; its files are objects without versions."""

    @pytest.fixture
    def folder(self, tmp_path: Path) -> str:
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub/ü 1.mp4").write_bytes(b"0123456789")
        return str(tmp_path)

    def test_a_file_is_an_object_with_a_checksum_and_a_type(self, folder: str) -> None:
        source = FolderSource()
        stored = seen(source, folder, "sub/ü 1.mp4")
        assert stored.size == 10
        assert stored.checksum is not None
        assert stored.headers["ContentType"] == "video/mp4"
        assert source.read(stored, 3, 4) == b"3456"
        with pytest.raises(StreamBroken):
            source.read(stored, 8, 4)
        assert [row.at.key for row in source.versions(folder, "sub/")] == ["sub/ü 1.mp4"]

    def test_a_file_that_is_written_to_has_changed(self, folder: str) -> None:
        source = FolderSource()
        stored = seen(source, folder, "sub/ü 1.mp4")
        (Path(folder) / "sub/ü 1.mp4").write_bytes(b"another one")
        with pytest.raises(ChangedMeanwhile):
            source.read(stored, 0, 4)
        again = seen(source, folder, "sub/ü 1.mp4")
        assert again.checksum != stored.checksum

    @pytest.mark.parametrize("key", ["sub", "nothing", "sub/ü 1.mp4/below"])
    def test_what_is_no_file_is_no_object(self, folder: str, key: str) -> None:
        assert FolderSource().head(ObjectVersion(folder, key)) is None

    def test_a_folder_that_is_not_there_is_named(self, folder: str) -> None:
        with pytest.raises(NoSuchBucket, match="nowhere"):
            FolderSource().head(ObjectVersion(folder + "/nowhere", "a"))
