"""An S3 archive against a real S3 server: what is on the wire, and what each failure means."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
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
from cloud_sync.archive.s3_upload import S3Upload
from cloud_sync.errors import (
    ArchiveRefused,
    ArchiveUnusable,
    ChecksumMismatch,
    CloudSyncError,
    KeyTaken,
    ServiceUnavailable,
    Throttled,
    UsageError,
)
from s3_relay import Lost, Relay, Relayed, relaying
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
def relay(s3_server: S3Server) -> Iterator[Relay]:
    """The server behind a relay of the test's own, which it may watch and disturb."""
    with relaying(s3_server) as found:
        yield found


@pytest.fixture
def archive(relay: Relay, s3_bucket: str, prefix: str) -> Iterator[S3Archive]:
    found = s3.connect(s3_bucket, prefix, attempts=1, client_options=relay.client_options)
    yield found
    found.close()


def begun(archive: S3Archive, key: str, content: bytes) -> S3Upload:
    upload = archive.begin(key, DESCRIPTION, part_size=PART)
    for number, start in enumerate(range(0, len(content), PART), 1):
        data = content[start : start + PART]
        upload.put_part(number, memoryview(data), part_checksum(data))
    return upload


def store_in_parts(archive: S3Archive, key: str, content: bytes) -> StoredObject:
    return begun(archive, key, content).commit(len(content), to_text(part_checksum(content)))


def store_at_once(archive: S3Archive, key: str, content: bytes) -> StoredObject:
    return archive.put(key, DESCRIPTION, memoryview(content), part_checksum(content))


WAYS = [store_in_parts, store_at_once]
ways = pytest.mark.parametrize("store", WAYS, ids=["in parts", "at once"])
Store = Callable[[S3Archive, str, bytes], StoredObject]


def rows(client: S3Client, bucket: str, prefix: str) -> list[str]:
    answer = client.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [row["Key"] for row in answer.get("Contents", ())]


@ways
@pytest.mark.parametrize("size", [0, 1, PART + 1], ids=["empty", "1", "1 part and 1"])
@pytest.mark.parametrize("storage_class", [None, "DEEP_ARCHIVE"])
def test_what_was_said_of_an_object_lies_beside_it(
    s3_client: S3Client,
    s3_bucket: str,
    prefix: str,
    size: int,
    storage_class: str | None,
    store: Store,
) -> None:
    """Tags, metadata, content type, checksum and storage class, whichever way it was written."""
    archive = S3Archive(s3_client, s3_bucket, prefix, storage_class=storage_class, dialect=GENERIC)
    stored = store(archive, "a.mp4", SOME[:size])
    checksum = to_text(part_checksum(SOME[:size]))
    cold = storage_class == "DEEP_ARCHIVE"
    assert stored == StoredObject("a.mp4", size, checksum, "Zq-9_x", 2, cold)
    assert archive.head("a.mp4") == stored
    full_key = f"{prefix}/a.mp4"
    found = s3_client.head_object(Bucket=s3_bucket, Key=full_key, ChecksumMode="ENABLED")
    assert found["ContentType"] == "video/mp4"
    assert found["ChecksumCRC64NVME"] == checksum
    assert found.get("StorageClass", "STANDARD") == (storage_class or "STANDARD")
    assert all(value.isascii() for value in found["Metadata"].values())
    assert s3_metadata.decode(found["Metadata"]) == {
        "media-id": "Zq-9_x",
        "file-number": "2",
        **DESCRIPTION.metadata,
    }
    tags = s3_client.get_object_tagging(Bucket=s3_bucket, Key=full_key)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == DESCRIPTION.tags


def test_on_aws_a_whole_object_is_one_write_and_one_look(
    relay: Relay, s3_bucket: str, prefix: str
) -> None:
    archive = s3.connect(s3_bucket, prefix, dialect="aws", client_options=relay.client_options)
    for number in range(3):
        store_at_once(archive, f"{number}", SOME[:PART])
    archive.close()
    assert relay.sent == ["PutObject", "HeadObject"] * 3
    assert relay.connections == 1, "connections are kept alive"


def test_an_object_in_parts_is_one_multipart_upload(archive: S3Archive, relay: Relay) -> None:
    store_in_parts(archive, "a", SOME[: 2 * PART])
    assert relay.writes() == [
        "CreateMultipartUpload",
        "UploadPart",
        "UploadPart",
        "CompleteMultipartUpload",
    ]


def test_an_upload_exists_as_soon_as_it_is_begun(archive: S3Archive, relay: Relay) -> None:
    upload = archive.begin("a", DESCRIPTION, part_size=PART)
    assert relay.sent == ["CreateMultipartUpload"]
    found = archive.resume("a", DESCRIPTION, part_size=PART, token=upload.token)
    assert found is not None
    found.abort()


def test_the_parts_of_an_upload_are_asked_for_page_by_page(
    archive: S3Archive, relay: Relay, s3_client: S3Client, s3_bucket: str, prefix: str
) -> None:
    """S3 lists 1,000 parts a page; the server is asked for one a page here."""
    upload = begun(archive, "a", SOME)

    def short_pages(params: dict[str, Any], **_: object) -> None:
        params["MaxParts"] = 1

    archive._client.meta.events.register("before-parameter-build.s3.ListParts", short_pages)
    found = upload.found()
    assert {number: part.length for number, part in found.items()} == {1: PART, 2: PART, 3: 3}
    assert relay.sent.count("ListParts") >= 3
    upload.abort()


def test_a_part_that_the_service_lists_twice_is_not_reported(archive: S3Archive) -> None:
    """SeaweedFS lists both versions of a part that was put again; neither can be trusted."""
    upload = begun(archive, "a", SOME[: PART + 1])
    upload.put_part(2, memoryview(b"again"), part_checksum(b"again"))
    assert set(upload.found()) == {1}
    upload.abort()


WRITES_AND_WAITS = """
import json, sys
from cloud_sync.archive import s3
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum

bucket, prefix, part = sys.argv[1], sys.argv[2], int(sys.argv[3])
archive = s3.connect(bucket, prefix)
upload = archive.begin("a", ObjectDescription("m", 1, "video/mp4", {}, {}), part_size=part)
receipts = {}
for number in (1, 3):
    data = memoryview(bytes([number]) * part)
    receipts[number] = upload.put_part(number, data, part_checksum(data))
print(json.dumps([upload.token, receipts]), flush=True)
sys.stdin.read()
"""


def test_after_kill_9_another_process_goes_on_with_the_same_upload(
    s3_server: S3Server, archive: S3Archive, s3_client: S3Client, s3_bucket: str, prefix: str
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITES_AND_WAITS, s3_bucket, prefix, str(PART)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | s3_server.environment,
    )
    with child:
        assert child.stdout is not None
        token, receipts = json.loads(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    upload = archive.resume("a", DESCRIPTION, part_size=PART, token=token)
    assert upload is not None
    assert {str(n): part.receipt for n, part in upload.found().items()} == receipts
    for number in (1, 3):
        checksum = part_checksum(bytes([number]) * PART)
        upload.keep(number, PART, checksum, receipts[str(number)])
    upload.put_part(2, memoryview(SOME)[:PART], part_checksum(SOME[:PART]))
    content = bytes([1]) * PART + SOME[:PART] + bytes([3]) * PART
    upload.commit(len(content), to_text(part_checksum(content)))
    with archive.open("a") as stream:
        assert stream.read() == content
    assert "Uploads" not in s3_client.list_multipart_uploads(Bucket=s3_bucket, Prefix=prefix)


def test_other_objects_of_the_bucket_are_none_of_the_archive(
    archive: S3Archive, s3_client: S3Client, s3_bucket: str, prefix: str
) -> None:
    for key in (f"{prefix}-twin/a", f"{prefix}x", f"{prefix}/folder-mark/"):
        s3_client.put_object(Bucket=s3_bucket, Key=key, Body=b"")
    store_at_once(archive, "b", b"x")
    assert [stored.key for stored in archive.list()] == ["b"]
    assert f"{prefix}/b" in rows(s3_client, s3_bucket, prefix)


def test_a_listing_of_several_pages_is_whole(archive: S3Archive, relay: Relay) -> None:
    keys = [f"k/{number:02}" for number in range(10)]
    for key in keys:
        store_at_once(archive, key, b"x")

    def short_pages(params: dict[str, Any], **_: object) -> None:
        params["MaxKeys"] = 3

    archive._client.meta.events.register("before-parameter-build.s3.ListObjectsV2", short_pages)
    assert [stored.key for stored in archive.list()] == keys
    assert relay.sent.count("ListObjectsV2") >= 4


def loses(times: int) -> Callable[[object], None]:
    left = [None] * times

    def lose(_: object) -> None:
        if left:
            left.pop()
            raise Lost

    return lose


def test_a_lost_answer_to_a_completion_is_no_lost_object(archive: S3Archive, relay: Relay) -> None:
    """The object is there and ours: committing again says so instead of calling the key taken."""
    relay.after["CompleteMultipartUpload"] = loses(1)
    content = SOME[: PART + 9]
    upload = begun(archive, "a", content)
    with pytest.raises(ServiceUnavailable):
        upload.commit(len(content), to_text(part_checksum(content)))
    assert upload.commit(len(content), to_text(part_checksum(content))).size == len(content)
    upload.abort()
    with archive.open("a") as stream:
        assert stream.read() == content


@pytest.mark.parametrize(
    ("dialect", "losses"),
    [("aws", 1), ("generic", 2)],
    ids=["on a new connection", "on a kept connection, which is replaced once"],
)
def test_a_lost_answer_to_a_whole_object_is_no_lost_object(
    relay: Relay, s3_bucket: str, prefix: str, dialect: str, losses: int
) -> None:
    archive = s3.connect(s3_bucket, prefix, dialect=dialect, client_options=relay.client_options)
    relay.after["PutObject"] = loses(losses)
    with pytest.raises(ServiceUnavailable) as caught:
        store_at_once(archive, "a", b"ours")
    assert "Signature" not in caught.value.message
    assert store_at_once(archive, "a", b"ours").size == 4
    with archive.open("a") as stream:
        assert stream.read() == b"ours"
    with pytest.raises(KeyTaken):
        store_at_once(archive, "a", b"ours")
    archive.close()


def test_a_write_that_was_sent_twice_is_recognised(archive: S3Archive, relay: Relay) -> None:
    """A kept connection may close with the answer: the second sending finds the key in use."""
    relay.after["PutObject"] = loses(1)
    assert store_at_once(archive, "a", b"ours").size == 4
    assert relay.writes() == ["PutObject", "PutObject"]


def test_a_write_in_doubt_never_takes_another_mediums_object_for_its_own(
    archive: S3Archive, relay: Relay
) -> None:
    def never_arrives() -> None:
        raise Lost

    relay.before["PutObject"] = never_arrives
    with pytest.raises(ServiceUnavailable):
        store_at_once(archive, "a", b"same")
    relay.before.clear()
    other = replace(DESCRIPTION, media_id="other")
    archive_of_the_other = s3.connect(
        archive.location.split("/")[2],
        archive.location.split("/", 3)[3],
        client_options=relay.client_options,
    )
    archive_of_the_other.put("a", other, memoryview(b"same"), part_checksum(b"same"))
    archive_of_the_other.close()
    with pytest.raises(KeyTaken):
        store_at_once(archive, "a", b"same")
    found = archive.head("a")
    assert found is not None
    assert found.media_id == "other"


def test_a_connection_that_the_service_has_closed_is_replaced(
    archive: S3Archive, relay: Relay
) -> None:
    def once_lost() -> None:
        relay.before.clear()
        raise Lost

    store_at_once(archive, "a", b"x")
    before = relay.connections
    relay.before["PutObject"] = once_lost
    assert store_at_once(archive, "b", SOME[: PART - 1]).size == PART - 1
    assert relay.connections > before
    assert relay.sent.count("PutObject") == 3


def busy(times: int) -> Callable[[Relayed], None]:
    left = [None] * times

    def answer_busy(answer: Relayed) -> None:
        if left:
            left.pop()
            answer.status = 503

    return answer_busy


def test_a_look_is_tried_as_often_as_the_sdk_would(
    relay: Relay, s3_bucket: str, prefix: str
) -> None:
    archive = s3.connect(s3_bucket, prefix, attempts=2, client_options=relay.client_options)
    store_at_once(archive, "a", b"x")
    relay.after["HeadObject"] = busy(1)
    assert archive.head("a") is not None
    relay.after["HeadObject"] = busy(2)
    with pytest.raises(Throttled):
        archive.head("a")
    archive.close()


def corrupts(answer: Relayed) -> None:
    if answer.status == 200:
        answer.headers["X-Amz-Checksum-Crc64nvme"] = to_text(part_checksum(b"other bytes"))


@ways
def test_an_object_that_reads_back_wrong_is_removed(
    archive: S3Archive, relay: Relay, s3_client: S3Client, s3_bucket: str, prefix: str, store: Store
) -> None:
    relay.after["HeadObject"] = corrupts
    with pytest.raises(ChecksumMismatch):
        store(archive, "a", SOME[: PART + 9])
    assert rows(s3_client, s3_bucket, prefix) == []


def test_an_object_that_another_program_put_in_between_is_left_alone(
    archive: S3Archive, relay: Relay, s3_client: S3Client, s3_bucket: str, prefix: str
) -> None:
    """Whoever overwrites without asking wins on S3, but we neither claim nor delete his object."""

    def overwrites(_: Relayed) -> None:
        s3_client.put_object(Bucket=s3_bucket, Key=f"{prefix}/a", Body=b"foreign")

    relay.after["PutObject"] = overwrites
    with pytest.raises(KeyTaken):
        store_at_once(archive, "a", b"ours")
    answer = s3_client.get_object(Bucket=s3_bucket, Key=f"{prefix}/a")
    assert answer["Body"].read() == b"foreign"


def test_a_service_that_keeps_no_checksum_is_told_with_the_setting_to_change(
    archive: S3Archive, relay: Relay, s3_client: S3Client, s3_bucket: str, prefix: str
) -> None:
    def forgets(answer: Relayed) -> None:
        for name in [name for name in answer.headers if "checksum" in name.lower()]:
            del answer.headers[name]

    relay.after["HeadObject"] = relay.after["PutObject"] = forgets
    with pytest.raises(ArchiveUnusable, match="keeps no CRC64NVME") as caught:
        store_at_once(archive, "a", b"x")
    assert "s3_dialect" in caught.value.hint
    assert rows(s3_client, s3_bucket, prefix) == []


@ways
def test_a_condition_that_the_service_ignores_is_still_kept(
    s3_client: S3Client, s3_bucket: str, prefix: str, store: Store
) -> None:
    """The look before the write, against a service to which the condition means nothing."""
    ignorant = replace(GENERIC, conditional_writes=False)
    archive = S3Archive(s3_client, s3_bucket, prefix, dialect=ignorant)
    store(archive, "a", b"first")
    with pytest.raises(KeyTaken):
        store(archive, "a", b"second")
    with archive.open("a") as stream:
        assert stream.read() == b"first"


def test_in_a_bucket_with_versions_only_our_own_version_is_removed(
    relay: Relay, s3_client: S3Client, prefix: str
) -> None:
    bucket = f"versions-{uuid.uuid4().hex[:12]}"
    s3_client.create_bucket(Bucket=bucket)
    s3_client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    archive = s3.connect(bucket, prefix, client_options=relay.client_options)

    def overwrites_and_corrupts(answer: Relayed) -> None:
        if answer.status == 200:
            s3_client.put_object(Bucket=bucket, Key=f"{prefix}/a", Body=b"foreign")
            corrupts(answer)

    relay.after["HeadObject"] = overwrites_and_corrupts
    with pytest.raises(ChecksumMismatch):
        store_at_once(archive, "a", b"ours")
    archive.close()
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
    upload.abort()


CALLS: dict[str, Callable[[S3Archive], object]] = {
    "check": S3Archive.check,
    "head": lambda archive: archive.head("a"),
    "list": lambda archive: list(archive.list()),
    "open": lambda archive: archive.open("a"),
    "at once": lambda archive: store_at_once(archive, "a", b"x"),
    "two parts": lambda archive: store_in_parts(archive, "a", SOME[: PART + 1]),
    "resume": lambda archive: archive.resume("a", DESCRIPTION, part_size=PART, token="gone"),
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
    store_at_once(archive, "a", b"x")
    assert [stored.key for stored in archive.list()] == ["a"]
    archive.close()
    archive.close()


def test_an_archive_may_be_a_whole_bucket(s3_server: S3Server, s3_bucket: str) -> None:
    archive = s3.connect(s3_bucket, client_options=s3_server.client_options)
    assert archive.location == f"s3://{s3_bucket}"
    key = f"whole/{uuid.uuid4().hex}"
    store_at_once(archive, key, b"x")
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
