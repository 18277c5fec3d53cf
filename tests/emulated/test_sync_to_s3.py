"""The main job into a real S3 server, by the real command."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloud_sync.simulator.library import generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine
from library_checks import assert_counts_add_up, assert_everything_archived, wanted
from s3_relay import Refused, Relay, Relayed, relaying
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("seaweedfs")


@pytest.fixture
def bare(tmp_path: Path, s3_server: S3Server) -> CommandLine:
    return CommandLine(tmp_path / "user", s3_server.environment)


def test_a_mixed_library_of_1000_media_is_archived_whole_with_tags_and_metadata(
    bare: CommandLine, s3_client: S3Client, s3_bucket: str
) -> None:
    library = generate(1000, 4, file_bytes=(50, 3_000))
    with Simulator(library, SimulatorOptions()) as cloud:
        cloud_sync = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token
        )
        first = cloud_sync("sync", "--to", f"s3://{s3_bucket}/thousand", "--json")
        assert first.code == 0, first.err
        before = cloud.snapshot()
        second = cloud_sync("sync", "--json")
        after = cloud.snapshot()
        listed = cloud_sync("list", "--json")
    assert_counts_add_up(first.summary)
    assert first.summary["archived"] == len(wanted(library))
    assert (second.code, second.summary["bytes"]) == (0, 0)
    assert after.cdn_requests == before.cdn_requests
    prefix = "thousand/"

    def read(key: str) -> bytes:
        return s3_client.get_object(Bucket=s3_bucket, Key=prefix + key)["Body"].read()

    stored = assert_everything_archived(library, listed.lines, read)
    keys = [
        row["Key"]
        for page in s3_client.get_paginator("list_objects_v2").paginate(
            Bucket=s3_bucket, Prefix=prefix
        )
        for row in page.get("Contents", ())
    ]
    assert len(keys) == stored, "the bucket holds something that nobody asked for"
    uploads = s3_client.list_multipart_uploads(Bucket=s3_bucket, Prefix=prefix).get("Uploads", [])
    assert not uploads, "an incomplete upload was left behind"
    media = {medium.id: medium for medium in library.media()}
    for row in [row for row in listed.lines if row["status"] == "COMPLETED"][::97]:
        key = prefix + row["key"]
        tags = s3_client.get_object_tagging(Bucket=s3_bucket, Key=key)["TagSet"]
        uploaded = media[row["media_id"]].row()["created_at"][:10]
        assert {tag["Key"]: tag["Value"] for tag in tags} == {
            "Source": "GoPro",
            "AutoSync": "True",
            "UploadDate": uploaded,
        }
        head = s3_client.head_object(Bucket=s3_bucket, Key=key, ChecksumMode="ENABLED")
        assert head["Metadata"]["media-id"] == row["media_id"]
        assert head["ChecksumCRC64NVME"] == row["checksum_crc64nvme"]


def test_large_files_go_up_in_parts_and_arrive_whole(
    bare: CommandLine, s3_client: S3Client, s3_bucket: str
) -> None:
    library = generate(4, 8, file_bytes=(17_000_000, 30_000_000))
    with Simulator(library, SimulatorOptions()) as cloud:
        cloud_sync = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token
        )
        run = cloud_sync("sync", "--to", f"s3://{s3_bucket}/large", "--json")
        assert run.code == 0, run.err
        listed = cloud_sync("list", "--json")

    def read(key: str) -> bytes:
        return s3_client.get_object(Bucket=s3_bucket, Key=f"large/{key}")["Body"].read()

    assert assert_everything_archived(library, listed.lines, read) >= 4


@pytest.mark.parametrize(
    ("settings", "bucket", "code", "word"),
    [
        ({}, "no-such-bucket", 2, "no-such-bucket"),
        ({"AWS_SECRET_ACCESS_KEY": "not-the-right-one"}, "archive-tests", 4, "aws configure"),
        ({"AWS_ACCESS_KEY_ID": "nobody"}, "archive-tests", 4, "aws configure"),
        ({"AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}, "archive-tests", 1, "127.0.0.1:9"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_named_with_what_to_type(
    bare: CommandLine, s3_bucket: str, settings: dict[str, str], bucket: str, code: int, word: str
) -> None:
    assert s3_bucket == "archive-tests"
    with Simulator(generate(3, 1, file_bytes=(10, 100)), SimulatorOptions()) as cloud:
        cloud_sync = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url,
            CLOUD_SYNC_GOPRO_TOKEN=cloud.token,
            CLOUD_SYNC_RETRY_WAIT="0.01s",
            **settings,
        )
        run = cloud_sync("sync", "--to", f"s3://{bucket}/x")
        assert run.code == code, run.err
        assert word in run.err
        assert "Traceback" not in run.err
        assert "not-the-right-one" not in run.err
        assert not (bare.home / "cloud-sync").exists(), "a tracker was made for a mistyped DEST"


def test_doctor_tells_what_the_service_leaves_unproven(bare: CommandLine, s3_bucket: str) -> None:
    """And nothing where it leaves nothing open."""
    with Simulator(generate(3, 1, file_bytes=(10, 100)), SimulatorOptions()) as cloud:
        cloud_sync = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token
        )
        plain = cloud_sync.using(CLOUD_SYNC_S3_DIALECT="plain")(
            "doctor", "--to", f"s3://{s3_bucket}"
        )
        proven = cloud_sync.using(CLOUD_SYNC_S3_DIALECT="aws")(
            "doctor", "--to", f"s3://{s3_bucket}"
        )
    assert plain.code == proven.code == 0, plain.err + proven.err
    assert "can be written; " in plain.out
    assert "only reading the bytes can check the content later" in plain.out
    assert f"s3://{s3_bucket} can be written\n" in proven.out


def between(bare: CommandLine, cloud: Simulator, relay: Relay) -> CommandLine:
    """The command line with a login of that camera cloud, asking the relay for S3."""
    return bare.using(
        CLOUD_SYNC_GOPRO_API_URL=cloud.api_url,
        CLOUD_SYNC_GOPRO_TOKEN=cloud.token,
        AWS_ENDPOINT_URL_S3=relay.url,
    )


def test_a_refused_checksum_of_the_whole_is_told_as_that_and_leaves_nothing_behind(
    bare: CommandLine, s3_server: S3Server, s3_client: S3Client, s3_bucket: str
) -> None:
    """Some services take every part and refuse the checksum of the whole at the end.

    The others go on; what failed is archived by the next run, once the service agrees.
    """

    def refuses() -> None:
        raise Refused(400, "BadDigest")

    library = generate(4, 8, file_bytes=(17_000_000, 17_500_000))
    with Simulator(library, SimulatorOptions()) as cloud, relaying(s3_server) as relay:
        relay.before["CompleteMultipartUpload"] = refuses
        cloud_sync = between(bare, cloud, relay)
        refused = cloud_sync("sync", "--to", f"s3://{s3_bucket}/refused", "--json")
        asked = relay.sent.count("CompleteMultipartUpload")
        rows = [row["error"] for row in cloud_sync("list", "--status", "FAILED", "--json").lines]
        left = s3_client.list_multipart_uploads(Bucket=s3_bucket, Prefix="refused/")
        del relay.before["CompleteMultipartUpload"]
        healed = cloud_sync("sync", "--retry-failed", "--json")
        listed = cloud_sync("list", "--json")
    assert refused.code == 3, refused.err
    assert refused.summary["failed"] == asked >= 1, "a refused end was asked for again"
    for error in rows:
        assert error["code"] == "checksum_mismatch"
        assert "refused the checksum of the whole (BadDigest)" in error["message"]
    assert left.get("Uploads", []) == [], "an incomplete upload was left behind"
    assert healed.code == 0, healed.err

    def read(key: str) -> bytes:
        return s3_client.get_object(Bucket=s3_bucket, Key=f"refused/{key}")["Body"].read()

    assert_everything_archived(library, listed.lines, read)


@pytest.mark.parametrize(
    ("dialect", "size"), [("generic", 17_000_000), ("aws", 2_000), ("plain", 2_000)]
)
def test_what_could_not_be_looked_at_after_it_was_stored_is_known_as_ours_by_the_next_run(
    bare: CommandLine, s3_server: S3Server, s3_bucket: str, dialect: str, size: int
) -> None:
    """Permission to write and none to look: an object lies there, and does not count as done.

    Once looking is allowed it is recognised: nothing of it is sent again or called foreign.
    """

    def denies(answer: Relayed) -> None:
        if answer.status == 200:
            raise Refused(403, "AccessDenied")

    library = generate(2, 8, file_bytes=(size, size + 9))
    with Simulator(library, SimulatorOptions()) as cloud, relaying(s3_server) as relay:
        relay.after["HeadObject"] = denies
        cloud_sync = between(bare, cloud, relay).using(CLOUD_SYNC_S3_DIALECT=dialect)
        sync = ("sync", "--to", f"s3://{s3_bucket}/unseen-{dialect}", "--concurrency", "1")
        denied, again = cloud_sync(*sync), cloud_sync(*sync)
        written = relay.received
        del relay.after["HeadObject"]
        allowed = cloud_sync(*sync, "--json")
    for run in (denied, again):
        assert run.code == 4, run.err
        assert "access is denied" in run.err
        assert "s3:GetObjectVersion" in run.err
    assert allowed.code == 0, allowed.err
    assert allowed.summary["archived"] == 2
    assert allowed.summary["files_archived"] == 1, "what lay there already was moved again"
    assert size <= relay.received - written < 2 * size, "what lay there already was sent again"
