"""An S3 archive against a real S3 server: what is on the wire, and what each failure means."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from cloud_sync.archive import s3, s3_metadata
from cloud_sync.archive.base import ObjectDescription, StoredObject
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.s3 import S3Archive
from cloud_sync.archive.s3_dialects import GENERIC
from cloud_sync.errors import (
    ArchiveRefused,
    ArchiveUnusable,
    ChecksumMismatch,
    CloudSyncError,
    KeyTaken,
    ServiceUnavailable,
    UsageError,
)
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("seaweedfs")

PART = 5 << 20
SOME = os.urandom(2 * PART + 3)
DESCRIPTION = ObjectDescription(
    media_id="Zq-9_x",
    file_number=2,
    content_type="video/mp4",
    metadata={"filename": "Süd 😀 100%.MP4", "captured-at": "2025-06-01T10:00:00+02:00"},
    tags={"Source": "GoPro", "AutoSync": "True", "UploadDate": "2025-06-01"},
)


@pytest.fixture
def prefix() -> str:
    return f"s3/{uuid.uuid4().hex}"


@pytest.fixture
def client(s3_server: S3Server) -> Iterator[S3Client]:
    """A client of the test's own, whose calls it may watch and disturb."""
    found = s3_server.client()
    yield found
    found.close()


@pytest.fixture
def archive(client: S3Client, s3_bucket: str, prefix: str) -> S3Archive:
    return S3Archive(client, s3_bucket, prefix, dialect=GENERIC)


def store(archive: S3Archive, key: str, content: bytes) -> StoredObject:
    upload = archive.begin(key, DESCRIPTION, part_size=PART)
    for number, start in enumerate(range(0, len(content), PART), 1):
        data = content[start : start + PART]
        upload.put_part(number, memoryview(data), part_checksum(data))
    return upload.commit(len(content), to_text(part_checksum(content)))


def watched(client: S3Client) -> list[str]:
    """The operations that the client sends from now on."""
    sent: list[str] = []
    client.meta.events.register(
        "before-send.s3", lambda event_name, **_: sent.append(event_name.rsplit(".", 1)[-1])
    )
    return sent


def after_call(client: S3Client, operation: str, act: Callable[[dict[str, Any]], None]) -> None:
    """Run `act` on the answer once the server has done the work."""
    client.meta.events.register(f"after-call.s3.{operation}", lambda parsed, **_: act(parsed))


def rows(client: S3Client, bucket: str, prefix: str) -> list[str]:
    answer = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [row["Key"] for row in answer.get("Contents", ())]


@pytest.mark.parametrize("size", [0, 1, PART, PART + 1], ids=["empty", "1", "1 part", "2 parts"])
@pytest.mark.parametrize("storage_class", [None, "DEEP_ARCHIVE"])
def test_what_was_said_of_an_object_lies_beside_it(
    client: S3Client, s3_bucket: str, prefix: str, size: int, storage_class: str | None
) -> None:
    """Tags, metadata, content type, checksum and storage class, whichever way it was written."""
    archive = S3Archive(client, s3_bucket, prefix, storage_class=storage_class, dialect=GENERIC)
    stored = store(archive, "a.mp4", SOME[:size])
    checksum = to_text(part_checksum(SOME[:size]))
    assert stored == StoredObject("a.mp4", size, checksum, "Zq-9_x", 2)
    assert archive.head("a.mp4") == stored
    full_key = f"{prefix}/a.mp4"
    found = client.head_object(Bucket=s3_bucket, Key=full_key, ChecksumMode="ENABLED")
    assert found["ContentType"] == "video/mp4"
    assert found["ChecksumCRC64NVME"] == checksum
    assert found.get("StorageClass", "STANDARD") == (storage_class or "STANDARD")
    assert all(value.isascii() for value in found["Metadata"].values())
    assert s3_metadata.decode(found["Metadata"]) == {
        "media-id": "Zq-9_x",
        "file-number": "2",
        **DESCRIPTION.metadata,
    }
    tags = client.get_object_tagging(Bucket=s3_bucket, Key=full_key)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == DESCRIPTION.tags


def test_an_object_of_one_part_is_one_write(archive: S3Archive, client: S3Client) -> None:
    sent = watched(client)
    store(archive, "a", SOME[:PART])
    assert [name for name in sent if name != "HeadObject"] == ["PutObject"]


def test_an_object_of_several_parts_is_one_multipart_upload(
    archive: S3Archive, client: S3Client
) -> None:
    sent = watched(client)
    store(archive, "a", SOME[: 2 * PART])
    assert [name for name in sent if name != "HeadObject"] == [
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPart",
        "CompleteMultipartUpload",
    ]


def test_nothing_is_sent_for_an_object_given_up_in_its_first_part(
    archive: S3Archive, client: S3Client
) -> None:
    sent = watched(client)
    upload = archive.begin("a", DESCRIPTION, part_size=PART)
    upload.put_part(1, memoryview(b"x"), part_checksum(b"x"))
    upload.abort()
    assert sent == []


def test_other_objects_of_the_bucket_are_none_of_the_archive(
    archive: S3Archive, client: S3Client, s3_bucket: str, prefix: str
) -> None:
    for key in (f"{prefix}-twin/a", f"{prefix}x", f"{prefix}/folder-mark/"):
        client.put_object(Bucket=s3_bucket, Key=key, Body=b"")
    store(archive, "b", b"x")
    assert [stored.key for stored in archive.list()] == ["b"]
    assert f"{prefix}/b" in rows(client, s3_bucket, prefix)


def test_a_listing_of_several_pages_is_whole(archive: S3Archive, client: S3Client) -> None:
    keys = [f"k/{number:02}" for number in range(10)]
    for key in keys:
        store(archive, key, b"x")

    def short_pages(params: dict[str, Any], **_: object) -> None:
        params["MaxKeys"] = 3

    client.meta.events.register("before-parameter-build.s3.ListObjectsV2", short_pages)
    sent = watched(client)
    assert [stored.key for stored in archive.list()] == keys
    assert len(sent) >= 4


@pytest.mark.parametrize("size", [9, PART + 9], ids=["PutObject", "CompleteMultipartUpload"])
def test_a_lost_answer_to_the_last_write_is_no_lost_object(
    archive: S3Archive, client: S3Client, size: int
) -> None:
    """The object is there and ours: committing again says so instead of calling the key taken."""
    from botocore.exceptions import ReadTimeoutError

    lost: list[bool] = []

    def loses(_: dict[str, Any]) -> None:
        if not lost:
            lost.append(True)
            raise ReadTimeoutError(
                endpoint_url="https://user:pass@example.invalid/?X-Amz-Signature=1"
            )

    after_call(client, "PutObject", loses)
    after_call(client, "CompleteMultipartUpload", loses)
    content = SOME[:size]
    upload = archive.begin("a", DESCRIPTION, part_size=PART)
    for number, start in enumerate(range(0, size, PART), 1):
        data = content[start : start + PART]
        upload.put_part(number, memoryview(data), part_checksum(data))
    with pytest.raises(ServiceUnavailable) as caught:
        upload.commit(size, to_text(part_checksum(content)))
    assert "example.invalid" not in str(caught.value), "no foreign text is passed on"
    assert upload.commit(size, to_text(part_checksum(content))).size == size
    upload.abort()
    with archive.open("a") as stream:
        assert stream.read() == content


def test_an_upload_in_doubt_never_takes_another_mediums_object_for_its_own(
    archive: S3Archive, client: S3Client
) -> None:
    from botocore.exceptions import ReadTimeoutError

    def never_sent(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="http://127.0.0.1")

    upload = archive.begin("a", DESCRIPTION, part_size=PART)
    upload.put_part(1, memoryview(b"same"), part_checksum(b"same"))
    client.meta.events.register_first("before-send.s3.PutObject", never_sent, unique_id="never")
    with pytest.raises(ServiceUnavailable):
        upload.commit(4, to_text(part_checksum(b"same")))
    client.meta.events.unregister("before-send.s3.PutObject", unique_id="never")
    other = archive.begin("a", replace(DESCRIPTION, media_id="other"), part_size=PART)
    other.put_part(1, memoryview(b"same"), part_checksum(b"same"))
    other.commit(4, to_text(part_checksum(b"same")))
    with pytest.raises(KeyTaken):
        upload.commit(4, to_text(part_checksum(b"same")))
    found = archive.head("a")
    assert found is not None
    assert found.media_id == "other"


@pytest.mark.parametrize("size", [9, PART + 9], ids=["PutObject", "CompleteMultipartUpload"])
def test_an_object_that_reads_back_wrong_is_removed(
    archive: S3Archive, client: S3Client, s3_bucket: str, prefix: str, size: int
) -> None:
    def corrupts(parsed: dict[str, Any]) -> None:
        if "ContentLength" in parsed:
            parsed["ChecksumCRC64NVME"] = to_text(part_checksum(b"other bytes"))

    after_call(client, "HeadObject", corrupts)
    with pytest.raises(ChecksumMismatch):
        store(archive, "a", SOME[:size])
    assert rows(client, s3_bucket, prefix) == []


def test_an_object_that_another_program_put_in_between_is_left_alone(
    archive: S3Archive, client: S3Client, s3_client: S3Client, s3_bucket: str, prefix: str
) -> None:
    """Whoever overwrites without asking wins on S3, but we neither claim nor delete his object."""

    def overwrites(_: dict[str, Any]) -> None:
        s3_client.put_object(Bucket=s3_bucket, Key=f"{prefix}/a", Body=b"foreign")

    after_call(client, "PutObject", overwrites)
    with pytest.raises(KeyTaken):
        store(archive, "a", b"ours")
    answer = s3_client.get_object(Bucket=s3_bucket, Key=f"{prefix}/a")
    assert answer["Body"].read() == b"foreign"


def test_a_service_that_keeps_no_checksum_is_told_with_the_setting_to_change(
    archive: S3Archive, client: S3Client, s3_bucket: str, prefix: str
) -> None:
    def forgets(parsed: dict[str, Any]) -> None:
        parsed.pop("ChecksumCRC64NVME", None)

    after_call(client, "HeadObject", forgets)
    after_call(client, "PutObject", forgets)
    with pytest.raises(ArchiveUnusable, match="keeps no CRC64NVME") as caught:
        store(archive, "a", b"x")
    assert "s3_dialect" in caught.value.hint
    assert rows(client, s3_bucket, prefix) == []


def test_a_condition_that_the_service_ignores_is_still_kept(
    client: S3Client, s3_bucket: str, prefix: str
) -> None:
    """The look before the write: a service may take `If-None-Match` and do nothing about it."""

    def ignores(params: dict[str, Any], **_: object) -> None:
        params.pop("IfNoneMatch", None)

    client.meta.events.register("before-parameter-build.s3.PutObject", ignores)
    archive = S3Archive(client, s3_bucket, prefix, dialect=GENERIC)
    store(archive, "a", b"first")
    with pytest.raises(KeyTaken):
        store(archive, "a", b"second")
    with archive.open("a") as stream:
        assert stream.read() == b"first"


def test_in_a_bucket_with_versions_only_our_own_version_is_removed(
    archive: S3Archive, client: S3Client, s3_client: S3Client, prefix: str
) -> None:
    bucket = f"versions-{uuid.uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=bucket)
    s3_client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    archive = S3Archive(client, bucket, prefix, dialect=GENERIC)

    def overwrites_and_corrupts(parsed: dict[str, Any]) -> None:
        if "ContentLength" in parsed:
            s3_client.put_object(Bucket=bucket, Key=f"{prefix}/a", Body=b"foreign")
            parsed["ChecksumCRC64NVME"] = to_text(part_checksum(b"other bytes"))

    after_call(client, "HeadObject", overwrites_and_corrupts)
    with pytest.raises(ChecksumMismatch):
        store(archive, "a", b"ours")
    versions = s3_client.list_object_versions(Bucket=bucket, Prefix=prefix)
    assert [version["Size"] for version in versions.get("Versions", ())] == [len(b"foreign")]
    assert versions.get("DeleteMarkers", []) == []


@pytest.mark.parametrize("part_size", [0, PART - 1, (5 << 30) + 1])
def test_a_part_size_that_s3_refuses_is_a_bug(archive: S3Archive, part_size: int) -> None:
    with pytest.raises(ValueError, match="5 MiB"):
        archive.begin("a", DESCRIPTION, part_size=part_size)


def test_more_parts_than_s3_takes_are_a_bug(archive: S3Archive) -> None:
    upload = archive.begin("a", DESCRIPTION, part_size=PART)
    with pytest.raises(ValueError, match="10000"):
        upload.put_part(10_001, memoryview(b""), part_checksum(b""))


CALLS: dict[str, Callable[[S3Archive], object]] = {
    "check": S3Archive.check,
    "head": lambda archive: archive.head("a"),
    "list": lambda archive: list(archive.list()),
    "open": lambda archive: archive.open("a"),
    "one part": lambda archive: store(archive, "a", b"x"),
    "two parts": lambda archive: store(archive, "a", SOME[: PART + 1]),
}


def told(archive: S3Archive, call: str, kind: type[CloudSyncError]) -> CloudSyncError:
    with pytest.raises(kind) as caught:
        CALLS[call](archive)
    archive.close()
    error = caught.value
    assert archive.location in error.message
    text = error.message + error.hint + error.kept
    assert "Signature=" not in text
    assert "made-up" not in text
    assert "AKIA" not in text
    return error


@pytest.mark.parametrize("call", [call for call in CALLS if call != "list"])
def test_a_missing_bucket_is_told_with_the_command_that_makes_it(
    s3_server: S3Server, call: str
) -> None:
    archive = s3.connect("no-such-bucket", "p", client_options=s3_server.client_options)
    error = told(archive, call, ArchiveUnusable)
    assert "there is no bucket no-such-bucket" in error.message
    assert "aws s3 mb s3://no-such-bucket --endpoint-url http://127.0.0.1:" in error.hint


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "wrong",
    [
        {"aws_secret_access_key": "made-up-and-wrong"},
        {"aws_access_key_id": "AKIANOBODYNOBODYNOBO"},
    ],
    ids=["secret", "key"],
)
def test_wrong_credentials_are_told_with_what_to_type(
    s3_server: S3Server, s3_bucket: str, call: str, wrong: dict[str, str]
) -> None:
    archive = s3.connect(s3_bucket, client_options=s3_server.client_options | wrong)
    assert "aws" in told(archive, call, ArchiveRefused).hint


@pytest.mark.parametrize("call", CALLS)
def test_missing_credentials_are_told_with_what_to_type(
    s3_server: S3Server, s3_bucket: str, call: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nonexistent")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    options = {"endpoint_url": s3_server.endpoint, "region_name": "us-east-1"}
    archive = s3.connect(s3_bucket, client_options=options)
    assert "aws configure" in told(archive, call, ArchiveRefused).hint


@pytest.mark.parametrize("call", CALLS)
def test_a_dead_endpoint_may_be_tried_again(
    s3_server: S3Server, s3_bucket: str, call: str, unused_port: int
) -> None:
    options = s3_server.client_options | {"endpoint_url": f"http://127.0.0.1:{unused_port}"}
    archive = s3.connect(s3_bucket, attempts=1, client_options=options)
    assert f"127.0.0.1:{unused_port}" in told(archive, call, ServiceUnavailable).message


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that nobody listens on, and that nobody else is given in the meantime."""
    import socket

    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield int(held.getsockname()[1])


def test_connect_takes_everything_from_the_environment(
    s3_server: S3Server, s3_bucket: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    archive = s3.connect(s3_bucket, f"/{prefix}/")
    assert archive.location == f"s3://{s3_bucket}/{prefix}"
    archive.check()
    store(archive, "a", b"x")
    assert [stored.key for stored in archive.list()] == ["a"]
    archive.close()
    archive.close()


def test_an_archive_may_be_a_whole_bucket(s3_server: S3Server, s3_bucket: str) -> None:
    archive = s3.connect(s3_bucket, client_options=s3_server.client_options)
    assert archive.location == f"s3://{s3_bucket}"
    key = f"whole/{uuid.uuid4().hex}"
    store(archive, key, b"x")
    assert [stored.key for stored in archive.list(key)] == [key]
    archive.close()


def test_an_unknown_dialect_is_a_usage_error(s3_server: S3Server) -> None:
    with pytest.raises(UsageError, match="s3_dialect") as caught:
        s3.connect("any", dialect="klingon", client_options=s3_server.client_options)
    assert "generic" in caught.value.hint


def test_a_storage_class_that_the_service_lacks_is_a_usage_error() -> None:
    options = {"endpoint_url": "https://abc.r2.cloudflarestorage.com", "region_name": "auto"}
    with pytest.raises(UsageError, match="DEEP_ARCHIVE"):
        s3.connect("any", storage_class="DEEP_ARCHIVE", client_options=options)


def test_an_endpoint_that_is_no_url_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="not valid"):
        s3.connect("any", client_options={"endpoint_url": "minio:9000", "region_name": "x"})


def test_an_unknown_profile_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "nobody-has-this-profile")
    with pytest.raises(UsageError, match="AWS settings"):
        s3.connect("any")
