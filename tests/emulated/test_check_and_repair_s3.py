"""Checking and repairing an archive in a real S3 server, by the real command."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from builders import QUICK, ManualClock
from cloud_sync.archive.audit import Depth, examine
from cloud_sync.archive.s3 import S3Archive, connect
from cloud_sync.archive.verify import Expected, Verdict
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.reconciling import reconcile
from cloud_sync.pipeline.vault import Vault
from cloud_sync.simulator.library import generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.memory import MemoryTracker
from cloud_sync.tracker.repair_plan import Action
from cloud_sync.transfer.stopping import Stop
from command_line import CommandLine
from s3_relay import Relayed, relaying
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("seaweedfs")


@dataclass
class Kept:
    """A bucket's prefix that a sync has filled."""

    run: CommandLine
    prefix: str
    keys: list[str]
    cloud: Simulator


@pytest.fixture
def kept(
    tmp_path: Path, s3_server: S3Server, s3_client: S3Client, s3_bucket: str
) -> Iterator[Kept]:
    prefix = f"repair-{uuid.uuid4().hex}"
    with Simulator(generate(12, 7, file_bytes=(200, 20_000)), SimulatorOptions()) as cloud:
        run = CommandLine(
            tmp_path / "user",
            {
                **s3_server.environment,
                "CLOUD_SYNC_GOPRO_API_URL": cloud.api_url,
                "CLOUD_SYNC_GOPRO_TOKEN": cloud.token,
            },
        )
        assert run("sync", "--to", f"s3://{s3_bucket}/{prefix}", "--quiet").code == 0
        rows = s3_client.list_objects_v2(Bucket=s3_bucket, Prefix=prefix)["Contents"]
        keys = [row["Key"].removeprefix(prefix + "/") for row in rows]
        yield Kept(run, prefix, keys, cloud)


def test_verify_finds_what_is_missing_and_what_was_replaced(
    kept: Kept, s3_client: S3Client, s3_bucket: str
) -> None:
    assert kept.run("verify", "--json").lines[-1]["ok"] == len(kept.keys)
    assert kept.run("verify", "--deep", "--json").lines[-1]["read"] == len(kept.keys)
    gone, other = kept.keys[:2]
    s3_client.delete_object(Bucket=s3_bucket, Key=f"{kept.prefix}/{gone}")
    size = s3_client.head_object(Bucket=s3_bucket, Key=f"{kept.prefix}/{other}")["ContentLength"]
    s3_client.put_object(Bucket=s3_bucket, Key=f"{kept.prefix}/{other}", Body=bytes(size))
    s3_client.put_object(Bucket=s3_bucket, Key=f"{kept.prefix}/theirs", Body=b"x")
    shallow, deep = kept.run("verify", "--json"), kept.run("verify", "--deep", "--json")
    assert shallow.code == deep.code == 6
    assert deep.lines[-1]["missing"] == shallow.lines[-1]["missing"] == 1
    assert deep.lines[-1]["checksum_differs"] == 1
    told = {line["key"] for line in shallow.lines if line["event"] in ("difference", "unproven")}
    assert told == {gone, other}, "an object without the checksum that it had is not called well"
    assert shallow.lines[-1]["foreign"] == 1


def test_a_lost_tracker_is_rebuilt_from_the_objects_metadata(
    kept: Kept, s3_client: S3Client, s3_bucket: str
) -> None:
    before = kept.cloud.snapshot().cdn_requests
    shutil.rmtree(kept.run.home / "cloud-sync")
    destination = f"s3://{s3_bucket}/{kept.prefix}"
    done = kept.run("reconcile", "--to", destination, "--apply", "--json")
    assert done.code == 0, done.err
    assert done.lines[-1]["adopt"] == len(kept.keys)
    sync = kept.run("sync", "--json")
    assert (sync.code, sync.summary["bytes"]) == (0, 0)
    assert kept.cloud.snapshot().cdn_requests == before
    assert kept.run("verify").code == 0
    gone = kept.keys[0]
    s3_client.delete_object(Bucket=s3_bucket, Key=f"{kept.prefix}/{gone}")
    assert kept.run("reconcile", "--apply", "--json").lines[-1]["reopen"] == 1
    assert kept.run("sync", "--json").summary["files_archived"] == 1
    assert kept.run("verify").code == 0


def test_abandoned_uploads_of_ours_are_aborted_and_others_kept(
    s3_server: S3Server, s3_client: S3Client, s3_bucket: str
) -> None:
    prefix = f"uploads-{uuid.uuid4().hex}"
    for key in ("gopro-videos/2025/01/a.MP4", "of-another-program"):
        s3_client.create_multipart_upload(Bucket=s3_bucket, Key=f"{prefix}/{key}")
    archive = connect(s3_bucket, prefix, client_options=s3_server.client_options)
    clock = ManualClock(datetime.now(UTC))

    def discarded(*, apply: bool) -> int:
        vault = Vault(archive, MemoryTracker(), clock)
        caller = Caller(QUICK, Stop(clock), lambda _event: None)
        done = reconcile(
            vault, caller, lambda _repair: None, run_id="r", owner="o", apply=apply, workers=2
        )
        return done.actions[Action.DISCARD]

    assert discarded(apply=True) == 0, "somebody may still be at it"
    clock.instant += timedelta(days=1, minutes=1)
    assert discarded(apply=False) == 1
    assert discarded(apply=True) == 1
    archive.close()
    left = s3_client.list_multipart_uploads(Bucket=s3_bucket, Prefix=prefix)["Uploads"]
    assert [upload["Key"] for upload in left] == [f"{prefix}/of-another-program"]


def test_objects_in_cold_storage_are_named_and_never_read_or_restored(
    s3_server: S3Server, s3_bucket: str, kept: Kept
) -> None:
    """The server has no such class, so its answers are given the header that AWS sends."""

    def make_cold(answer: Relayed) -> None:
        answer.headers["x-amz-storage-class"] = "DEEP_ARCHIVE"

    with relaying(s3_server) as relay:
        archive: S3Archive = connect(s3_bucket, kept.prefix, client_options=relay.client_options)
        record = archive.describe(kept.keys[0])
        assert record is not None
        expected = Expected(kept.keys[0], record.stored.size, record.stored.checksum)
        relay.after["HeadObject"] = make_cold
        relay.sent.clear()
        assert examine(archive, expected, Depth.RECORDS).finding.verdict is Verdict.OK
        assert examine(archive, expected, Depth.BYTES).finding.verdict is Verdict.COLD
        wrong = replace(expected, size=1)
        assert examine(archive, wrong, Depth.BYTES).finding.verdict is Verdict.SIZE_DIFFERS
        assert set(relay.sent) == {"HeadObject"}
        archive.close()
