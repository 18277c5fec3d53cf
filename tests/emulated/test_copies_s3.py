"""Copies between buckets of a real S3 server, and what passes on the wire meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.s3_dialects import PLAIN
from cloud_sync.clock import SystemClock
from cloud_sync.errors import Interrupted
from cloud_sync.replicate import s3_store
from cloud_sync.replicate.folder_source import FolderSource
from cloud_sync.replicate.mark import NAME
from cloud_sync.replicate.outcome import CopyStatus
from cloud_sync.replicate.request import PrefixMapping
from cloud_sync.replicate.s3_store import S3Store
from cloud_sync.replicate.store import Upload
from cloud_sync.replicate.tracker_sqlite import SqliteCopyTracker
from cloud_sync.replicate.uploads_sqlite import SqliteUploadJournal
from cloud_sync.replicate.writing import WriteLimits
from cloud_sync.transfer.stopping import Stop, StopReason
from copies import IN_PARTS, MIB, QUICK, WHOLE, content, copied, made_bucket, unfinished
from s3_relay import Lost, Relay, Relayed, relaying
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("seaweedfs")

BIG = bytes(range(256)) * (11 * MIB // 256) + b"the last, short part"


@pytest.fixture(scope="module")
def source(s3_client: S3Client) -> str:
    return made_bucket(s3_client)


@pytest.fixture(scope="module")
def target(s3_client: S3Client) -> str:
    return made_bucket(s3_client)


@pytest.fixture(scope="module")
def kept_source(s3_client: S3Client) -> str:
    """A source that keeps versions."""
    return made_bucket(s3_client, versions=True)


@pytest.fixture(scope="module")
def kept_target(s3_client: S3Client) -> str:
    return made_bucket(s3_client, versions=True)


@pytest.fixture
def relay(s3_server: S3Server) -> Iterator[Relay]:
    with relaying(s3_server) as running:
        yield running


@pytest.fixture
def store(relay: Relay) -> Iterator[S3Store]:
    with closing(s3_store.connect(client_options=relay.client_options)) as connected:
        yield connected


@pytest.mark.parametrize(
    "key",
    [
        "plain.mp4",
        "with blanks and+plus%20percent",
        "ünïcödé/日本/🎥.mp4",
        "quotes'\"&<>?#=",
        "/".join(["k" * 127] * 7 + ["k" * 128]),
    ],
    ids=["plain", "blanks", "unicode", "quotes", "1024 bytes"],
)
def test_every_key_arrives_under_the_same_name_with_all_that_was_said_of_it(
    store: S3Store, s3_client: S3Client, source: str, target: str, key: str
) -> None:
    s3_client.put_object(
        Bucket=source,
        Key=key,
        Body=b"bytes",
        ChecksumAlgorithm="CRC64NVME",
        ContentType="video/mp4",
        CacheControl="no-cache",
        ContentDisposition="attachment",
        Metadata={"camera": "hero"},
        Tagging="trip=alps&year=2026",
    )
    outcome = copied(store, source, key, target)
    assert outcome.status is CopyStatus.COPIED, outcome.message
    assert outcome.checksum == "CRC64NVME=" + to_text(part_checksum(b"bytes"))
    assert (outcome.key, outcome.size, outcome.bytes_through_us) == (key, 5, 0)
    assert content(s3_client, target, key) == b"bytes"
    head = s3_client.head_object(Bucket=target, Key=key)
    assert head["ContentType"] == "video/mp4"
    assert head["CacheControl"] == "no-cache"
    assert head["ContentDisposition"] == "attachment"
    assert head["Metadata"]["camera"] == "hero"
    tags = s3_client.get_object_tagging(Bucket=target, Key=key)["TagSet"]
    assert {tag["Key"]: tag["Value"] for tag in tags} == {"trip": "alps", "year": "2026"}


@pytest.mark.parametrize("size", [0, 1, 6 * MIB, len(BIG)], ids=str)
def test_no_size_passes_through_us_between_buckets_of_one_service(
    store: S3Store, relay: Relay, s3_client: S3Client, source: str, target: str, size: int
) -> None:
    key = f"size-{size}"
    s3_client.put_object(
        Bucket=source,
        Key=key,
        Body=BIG[:size],
        Metadata={"a": "b"},
        Tagging="t=1",
        ContentType="video/mp4",
        ChecksumAlgorithm="CRC64NVME",
    )
    bodies: list[int] = []
    relay.after["GetObject"] = lambda answer: bodies.append(len(answer.body))
    outcome = copied(store, source, key, target, policy=IN_PARTS)
    assert outcome.status is CopyStatus.COPIED, outcome.message
    assert outcome.message == "proven by the same checksum"
    assert outcome.bytes_through_us == 0
    # an upload in parts asks for the tags, which are a GET on the object as well
    assert sum(bodies) < 1000, "the object's bytes were read through us"
    assert relay.received < 20_000, "the object's bytes were sent through us"
    assert content(s3_client, target, key) == BIG[:size]
    head = s3_client.head_object(Bucket=target, Key=key)
    assert head["Metadata"]["a"] == "b"
    assert head["ContentType"] == "video/mp4"
    assert s3_client.get_object_tagging(Bucket=target, Key=key)["TagSet"] == [
        {"Key": "t", "Value": "1"}
    ]
    again = copied(store, source, key, target, policy=IN_PARTS)
    assert (again.status, again.code) == (CopyStatus.SKIPPED, "already_there")


def test_another_version_of_the_source_replaces_what_lies_there(
    store: S3Store, s3_client: S3Client, source: str, target: str
) -> None:
    for body in (b"first", b"other", b"longer than before"):
        s3_client.put_object(Bucket=source, Key="replaced", Body=body)
        assert copied(store, source, "replaced", target).status is CopyStatus.COPIED
        assert content(s3_client, target, "replaced") == body


def test_an_older_version_is_skipped_once_a_newer_one_was_copied(
    store: S3Store, s3_client: S3Client, kept_source: str, target: str
) -> None:
    old, new = (
        s3_client.put_object(Bucket=kept_source, Key="v", Body=body)["VersionId"]
        for body in (b"old", b"new")
    )
    assert copied(store, kept_source, "v", target, version_id=new).status is CopyStatus.COPIED
    late = copied(store, kept_source, "v", target, version_id=old)
    assert (late.status, late.code) == (CopyStatus.SKIPPED, "newer_there")
    assert content(s3_client, target, "v") == b"new"


def test_a_version_that_is_named_is_copied_though_it_is_not_the_latest(
    store: S3Store, s3_client: S3Client, kept_source: str, kept_target: str
) -> None:
    first, second = (
        s3_client.put_object(Bucket=kept_source, Key="named", Body=body)["VersionId"]
        for body in (b"one", b"two")
    )
    for version, body in ((first, b"one"), (second, b"two")):
        outcome = copied(store, kept_source, "named", kept_target, version_id=version)
        assert outcome.status is CopyStatus.COPIED
        assert outcome.version_id
        assert content(s3_client, kept_target, "named") == body


def test_the_key_can_be_mapped_and_the_storage_class_chosen(
    store: S3Store, s3_client: S3Client, source: str, target: str
) -> None:
    s3_client.put_object(Bucket=source, Key="in/a", Body=b"x")
    outcome = copied(
        store,
        source,
        "in/a",
        target,
        storage_class="STANDARD_IA",
        prefix=PrefixMapping("in/", "out/"),
    )
    assert outcome.key == "out/a"
    assert s3_client.head_object(Bucket=target, Key="out/a")["StorageClass"] == "STANDARD_IA"


@pytest.mark.parametrize(
    ("bucket", "key", "to", "version", "code"),
    [
        (None, "no-such-key", None, None, "no_such_key"),
        (None, "there", None, "no-such-version", "no_such_key"),
        ("no-such-source", "there", None, None, "no_such_bucket"),
        (None, "there", "no-such-target", None, "no_such_bucket"),
    ],
)
def test_what_is_missing_is_told_by_its_name(
    store: S3Store,
    s3_client: S3Client,
    source: str,
    target: str,
    bucket: str | None,
    key: str,
    to: str | None,
    version: str | None,
    code: str,
) -> None:
    s3_client.put_object(Bucket=source, Key="there", Body=b"x")
    outcome = copied(store, bucket or source, key, to or target, version_id=version)
    assert (outcome.status, outcome.code) == (CopyStatus.FAILED, code)
    assert (bucket or to or key) in outcome.message


def test_a_version_that_is_not_there_is_never_taken_for_another_that_is(
    store: S3Store, s3_client: S3Client, source: str, target: str
) -> None:
    """The server answers every version with what it has, where the bucket keeps none."""
    for bucket in (source, target):
        s3_client.put_object(Bucket=bucket, Key="only", Body=b"x", ChecksumAlgorithm="CRC64NVME")
    outcome = copied(store, source, "only", target, version_id="no-such-version")
    assert (outcome.status, outcome.code) == (CopyStatus.FAILED, "no_such_key")
    unnamed = copied(store, source, "only", target, version_id="null")
    assert unnamed.status is CopyStatus.SKIPPED, "S3's own name for what is there without versions"


def test_wrong_credentials_are_told_as_such(
    s3_server: S3Server, s3_client: S3Client, source: str, target: str
) -> None:
    s3_client.put_object(Bucket=source, Key="there", Body=b"x")
    wrong = s3_server.client_options | {"aws_secret_access_key": "made-up-and-wrong"}
    with closing(s3_store.connect(client_options=wrong)) as store:
        outcome = copied(store, source, "there", target)
    assert outcome.code == "access_denied"
    assert "made-up" not in outcome.message


def test_a_service_that_is_down_is_told_as_such(s3_server: S3Server, source: str) -> None:
    nowhere = s3_server.client_options | {"endpoint_url": "http://127.0.0.1:1"}
    with closing(s3_store.connect(client_options=nowhere, attempts=1)) as store:
        assert copied(store, source, "k", "some-target").code == "store_unavailable"


def test_a_lost_answer_is_no_lost_copy(
    store: S3Store, relay: Relay, s3_client: S3Client, source: str, target: str
) -> None:
    """The write took place: it is found, proven and told as ours."""
    s3_client.put_object(Bucket=source, Key="lost", Body=b"x" * 100)
    losses = [1, 2, 3, 4, 5]

    def lose(_: Relayed) -> None:
        if losses:
            losses.pop()
            raise Lost

    relay.after["PutObject"] = lose
    assert copied(store, source, "lost", target).status is CopyStatus.COPIED
    assert content(s3_client, target, "lost") == b"x" * 100


def test_a_lost_answer_to_a_completion_is_no_lost_copy(
    store: S3Store, relay: Relay, s3_client: S3Client, source: str, target: str
) -> None:
    s3_client.put_object(Bucket=source, Key="lost-big", Body=BIG)
    losses = [1, 2, 3, 4, 5]

    def lose(_: Relayed) -> None:
        if losses:
            losses.pop()
            raise Lost

    relay.after["CompleteMultipartUpload"] = lose
    outcome = copied(store, source, "lost-big", target, policy=IN_PARTS)
    assert outcome.status is CopyStatus.COPIED, outcome.message
    assert content(s3_client, target, "lost-big") == BIG
    assert unfinished(s3_client, target) == []


def once(act: Callable[[], object]) -> Callable[[], None]:
    left = [act]

    def acting() -> None:
        if left:
            left.pop()()

    return acting


@pytest.mark.parametrize("operation", ["UploadPart", "CompleteMultipartUpload"])
def test_a_source_that_changes_in_mid_copy_is_copied_anew_and_never_mixed(
    store: S3Store,
    relay: Relay,
    s3_client: S3Client,
    source: str,
    target: str,
    operation: str,
) -> None:
    key, other = f"changing-{operation}", BIG[::-1]
    s3_client.put_object(Bucket=source, Key=key, Body=BIG)
    relay.before[operation] = once(lambda: s3_client.put_object(Bucket=source, Key=key, Body=other))
    outcome = copied(store, source, key, target, policy=IN_PARTS)
    assert outcome.status is CopyStatus.COPIED, outcome.message
    assert content(s3_client, target, key) in (
        [other] if operation == "UploadPart" else [BIG, other]
    )
    assert unfinished(s3_client, target) == []


def test_a_source_that_changes_after_its_last_part_is_copied_anew(
    store: S3Store, relay: Relay, s3_client: S3Client, source: str, target: str
) -> None:
    """No condition on a part can notice that any more: the source is looked at again."""
    s3_client.put_object(Bucket=source, Key="late-change", Body=BIG)
    other = BIG[::-1]
    left = [3, 2, 1]

    def change(_: Relayed) -> None:
        if left and left.pop() == 3:
            s3_client.put_object(Bucket=source, Key="late-change", Body=other)

    relay.after["UploadPart"] = change
    policy = replace(IN_PARTS, limits=replace(IN_PARTS.limits, workers=1))
    assert copied(store, source, "late-change", target, policy=policy).status is CopyStatus.COPIED
    assert content(s3_client, target, "late-change") == other


def test_a_source_that_never_stops_changing_is_told(
    store: S3Store, relay: Relay, s3_client: S3Client, source: str, target: str
) -> None:
    s3_client.put_object(Bucket=source, Key="restless", Body=BIG)
    count = iter(range(100_000))

    def changes() -> None:
        s3_client.put_object(Bucket=source, Key="restless", Body=BIG + b"%d" % next(count))

    relay.before["UploadPart"] = changes
    outcome = copied(store, source, "restless", target, policy=replace(IN_PARTS, rounds=2))
    assert (outcome.status, outcome.code) == (CopyStatus.FAILED, "changed_meanwhile")
    assert unfinished(s3_client, target) == []


@pytest.mark.parametrize("size", [5, len(BIG)], ids=["whole", "in parts"])
def test_a_destination_that_gets_something_newer_in_mid_copy_keeps_it(
    store: S3Store,
    relay: Relay,
    s3_server: S3Server,
    s3_client: S3Client,
    kept_source: str,
    target: str,
    size: int,
) -> None:
    """Two workers race: the one with the older version loses, though it writes last."""
    key = f"race-{size}"
    old, new = BIG[:size], BIG[:size][::-1]
    versions = [
        s3_client.put_object(Bucket=kept_source, Key=key, Body=body)["VersionId"]
        for body in (old, new)
    ]
    with closing(s3_store.connect(client_options=s3_server.client_options)) as rival:

        def overtake() -> None:
            outcome = copied(
                rival, kept_source, key, target, policy=IN_PARTS, version_id=versions[1]
            )
            assert outcome.status is CopyStatus.COPIED, outcome.message

        operation = "PutObject" if size == 5 else "CompleteMultipartUpload"
        relay.before[operation] = once(overtake)
        late = copied(store, kept_source, key, target, policy=IN_PARTS, version_id=versions[0])
    assert (late.status, late.code) == (CopyStatus.SKIPPED, "newer_there")
    assert content(s3_client, target, key) == new
    assert unfinished(s3_client, target) == []


def test_a_copy_that_reads_back_wrong_is_removed_and_told(
    store: S3Store, relay: Relay, s3_client: S3Client, source: str, kept_target: str
) -> None:
    """Only our own version goes: what lay there before is the current one again."""
    s3_client.put_object(Bucket=kept_target, Key="wrong", Body=b"before")
    s3_client.put_object(Bucket=source, Key="wrong", Body=b"right", ChecksumAlgorithm="CRC64NVME")
    seen: list[None] = []

    def corrupts(answer: Relayed) -> None:
        seen.append(None)
        if len(seen) == 3:  # the source, the destination before, the destination after
            answer.headers["X-Amz-Checksum-Crc64nvme"] = to_text(part_checksum(b"else"))

    relay.after["HeadObject"] = corrupts
    outcome = copied(store, source, "wrong", kept_target)
    assert (outcome.status, outcome.code) == (CopyStatus.FAILED, "checksum_differs")
    assert content(s3_client, kept_target, "wrong") == b"before"


def test_an_interrupted_copy_leaves_no_upload_behind(
    store: S3Store, relay: Relay, s3_client: S3Client, source: str, target: str
) -> None:
    s3_client.put_object(Bucket=source, Key="stopped", Body=BIG)
    stop = Stop(SystemClock())
    relay.before["UploadPart"] = lambda: stop.request(StopReason.INTERRUPTED)
    policy = replace(IN_PARTS, limits=replace(IN_PARTS.limits, workers=1))
    with pytest.raises(Interrupted):
        copied(store, source, "stopped", target, policy=policy, stop=stop)
    assert unfinished(s3_client, target) == []


def test_what_a_killed_process_left_is_discarded_and_nobody_elses(
    store: S3Store, s3_client: S3Client, source: str, target: str, tmp_path: Path
) -> None:
    s3_client.put_object(Bucket=source, Key="killed", Body=BIG)
    left, foreign = (
        s3_client.create_multipart_upload(Bucket=target, Key="killed")["UploadId"] for _ in "ab"
    )
    with closing(SqliteCopyTracker(tmp_path / "copies.sqlite")) as tracker:
        journal = SqliteUploadJournal(tracker.database)
        journal.begun(store.service, Upload(target, "killed", left))
        with tracker.database.writing() as db:
            # a process that cannot be: the largest id that Linux gives is 2**22
            db.execute("UPDATE uploads SET process = ?", (2**22 + 1,))
        outcome = copied(store, source, "killed", target, policy=IN_PARTS, journal=journal)
        assert outcome.status is CopyStatus.COPIED
        assert journal.abandoned(store.service, target, "killed") == []
    found = s3_client.list_multipart_uploads(Bucket=target).get("Uploads", [])
    assert [upload["UploadId"] for upload in found] == [foreign]
    s3_client.abort_multipart_upload(Bucket=target, Key="killed", UploadId=foreign)


@pytest.mark.parametrize("size", [0, 9, 11 * MIB], ids=str)
def test_a_folders_file_goes_through_us_and_is_proven(
    store: S3Store, s3_client: S3Client, target: str, tmp_path: Path, size: int
) -> None:
    (tmp_path / "clip.mp4").write_bytes(BIG[:size])
    policy = replace(IN_PARTS, limits=replace(IN_PARTS.limits, own_part=5 * MIB))
    for status, through in ((CopyStatus.COPIED, size), (CopyStatus.SKIPPED, 0)):
        outcome = copied(
            store, str(tmp_path), "clip.mp4", target, policy=policy, origin=FolderSource()
        )
        assert outcome.status is status, outcome.message
        assert outcome.bytes_through_us == through
    assert content(s3_client, target, "clip.mp4") == BIG[:size]
    assert s3_client.head_object(Bucket=target, Key="clip.mp4")["ContentType"] == "video/mp4"


@pytest.mark.parametrize("size", [7, 11 * MIB], ids=str)
def test_between_two_services_the_bytes_pass_through_us(
    store: S3Store, s3_server: S3Server, s3_client: S3Client, source: str, target: str, size: int
) -> None:
    """The relay's address is another service than the server's own, to us."""
    key = f"two-services-{size}"
    s3_client.put_object(
        Bucket=source,
        Key=key,
        Body=BIG[:size],
        Metadata={"a": "b"},
        Tagging="t=1",
        ChecksumAlgorithm="CRC64NVME",
    )
    policy = replace(WHOLE, limits=WriteLimits(own_part=5 * MIB))
    with closing(s3_store.connect(client_options=s3_server.client_options)) as origin:
        outcome = copied(store, source, key, target, policy=policy, origin=origin)
    assert outcome.status is CopyStatus.COPIED, outcome.message
    assert outcome.bytes_through_us == size
    assert content(s3_client, target, key) == BIG[:size]
    head = s3_client.head_object(Bucket=target, Key=key)
    assert head["Metadata"]["a"] == "b"
    assert head["TagCount"] == 1


def test_without_checksums_size_and_etag_are_the_proof_and_named(
    s3_server: S3Server, s3_client: S3Client, source: str, target: str
) -> None:
    s3_client.put_object(Bucket=source, Key="plain", Body=b"x" * 9)
    s3_client.put_object(Bucket=source, Key="plain-big", Body=BIG)
    connected = s3_server.client()
    with closing(S3Store(connected, PLAIN)) as store:
        small = copied(store, source, "plain", target)
        big = copied(store, source, "plain-big", target, policy=IN_PARTS)
        again = copied(store, source, "plain-big", target, policy=IN_PARTS)
    assert small.message == "proven by the same size and ETag"
    assert big.message.startswith("proven by the same size")
    assert big.checksum is None
    assert again.status is CopyStatus.SKIPPED, "the mark says which version it is a copy of"
    assert content(s3_client, target, "plain-big") == BIG


def test_metadata_without_room_for_our_mark_is_kept_as_it_is(
    store: S3Store, s3_client: S3Client, source: str, target: str
) -> None:
    s3_client.put_object(Bucket=source, Key="full", Body=b"x", Metadata={"a": "b" * 2040})
    outcome = copied(store, source, "full", target)
    assert outcome.status is CopyStatus.COPIED
    assert "no room" in outcome.message
    metadata = s3_client.head_object(Bucket=target, Key="full")["Metadata"]
    assert metadata == {"a": "b" * 2040}
    assert NAME not in metadata
    assert copied(store, source, "full", target).status is CopyStatus.SKIPPED


def test_retries_are_those_of_the_policy(
    relay: Relay, s3_client: S3Client, source: str, target: str
) -> None:
    s3_client.put_object(Bucket=source, Key="busy", Body=b"x")

    def busy(answer: Relayed) -> None:
        answer.status = 503

    relay.after["HeadObject"] = busy
    with closing(s3_store.connect(client_options=relay.client_options, attempts=1)) as store:
        outcome = copied(store, source, "busy", target)
    assert outcome.code == "throttled"
    assert relay.sent.count("HeadObject") == QUICK.tries
