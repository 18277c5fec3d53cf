"""kill -9 in the middle of a large original: the next run goes on, and nothing is left behind."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

SIZE = int(os.environ.get("CLOUD_SYNC_KILL_TEST_BYTES", "100_000_000"))
KILLS = int(os.environ.get("CLOUD_SYNC_KILL_TEST_KILLS", "3"))
"""How often and how large: the suite's figures are small; larger ones are a matter of minutes."""

SLACK_FOR_PARTS_IN_FLIGHT = 1.3 if SIZE >= 300_000_000 else 1.8
"""Up to eight parts of 8 MiB are in flight at a kill, whatever the size of the original."""


def kill_in_the_middle(command: CommandLine, cloud: Simulator, archive: str, after: int) -> int:
    """Run until so many bytes were sent, kill, and run again; bytes sent in total."""
    before = cloud.snapshot().bytes_sent
    process = command.start("sync", "--to", archive, "--json")
    while cloud.snapshot().bytes_sent - before < after:
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.002)
    process.kill()
    process.communicate(timeout=30)
    ended = command("sync", "--to", archive, "--json")
    assert ended.code == 0, ended.err
    assert ended.summary["archived"] == 1
    return cloud.snapshot().bytes_sent - before


def points() -> list[int]:
    chance = random.Random(20261121)
    return [chance.randrange(SIZE // 10, SIZE * 9 // 10) for _ in range(KILLS)]


@pytest.fixture
def library() -> Library:
    return Library([pattern_medium("KilledClip0001", SIZE)])


def assert_stored(library: Library, read: Callable[[str], bytes], listed: str) -> None:
    (medium,) = library.media()
    (original,) = medium.originals
    content = read(listed)
    assert len(content) == SIZE
    for start in range(0, SIZE, 4_000_000):
        assert content[start : start + 4_000_000] == original.read(
            start, min(4_000_000, SIZE - start)
        ), f"the stored object differs from the original near byte {start}"


@pytest.mark.parametrize("after", points())
def test_a_folder_goes_on_after_a_kill(tmp_path: Path, library: Library, after: int) -> None:
    archive = tmp_path / "archive"
    with Simulator(library, SimulatorOptions(bytes_per_second=40_000_000)) as cloud:
        command = CommandLine(
            tmp_path / "user",
            {"CLOUD_SYNC_GOPRO_API_URL": cloud.api_url, "CLOUD_SYNC_GOPRO_TOKEN": cloud.token},
        )
        sent = kill_in_the_middle(command, cloud, str(archive), after)
        (row,) = command("list", "--json").lines
    assert sent < SLACK_FOR_PARTS_IN_FLIGHT * SIZE, f"{sent} bytes were fetched for {SIZE}"
    assert_stored(library, lambda key: (archive / key).read_bytes(), row["key"])
    leftovers = list((archive / ".cloud-sync/partial").iterdir())
    assert not leftovers, "a partial file was left behind"


@pytest.mark.xdist_group("seaweedfs")
@pytest.mark.parametrize("after", points())
def test_a_bucket_goes_on_after_a_kill(
    tmp_path: Path,
    library: Library,
    after: int,
    s3_server: S3Server,
    s3_client: S3Client,
    s3_bucket: str,
) -> None:
    prefix = f"killed-{after}"
    with Simulator(library, SimulatorOptions(bytes_per_second=40_000_000)) as cloud:
        command = CommandLine(
            tmp_path / "user",
            {
                **s3_server.environment,
                "CLOUD_SYNC_GOPRO_API_URL": cloud.api_url,
                "CLOUD_SYNC_GOPRO_TOKEN": cloud.token,
            },
        )
        sent = kill_in_the_middle(command, cloud, f"s3://{s3_bucket}/{prefix}", after)
        (row,) = command("list", "--json").lines

    def read(key: str) -> bytes:
        return s3_client.get_object(Bucket=s3_bucket, Key=f"{prefix}/{key}")["Body"].read()

    assert sent < SLACK_FOR_PARTS_IN_FLIGHT * SIZE, f"{sent} bytes were fetched for {SIZE}"
    assert_stored(library, read, row["key"])
    uploads = s3_client.list_multipart_uploads(Bucket=s3_bucket, Prefix=prefix).get("Uploads", [])
    assert not uploads, "an incomplete upload was left behind"
