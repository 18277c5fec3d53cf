"""An object of 6 GB, which S3 copies in parts only: copied, compared, and interrupted.

With the limits that users have: 5 GB as a whole, above it parts of 512 MiB.
"""

from __future__ import annotations

import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.copies import KEY, MIB, SOURCE, complete, incompressible
from benchmarks.measured import COMMAND, clean_environment, measure
from cloud_sync.replicate.writing import WriteLimits
from seaweedfs import S3Server, running

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

BLOCK = 64 * MIB
BLOCKS = 96
PART = WriteLimits().copied_part
SIZE = BLOCKS * BLOCK
"""6.4 GB."""

DISK_BYTES = 4 * SIZE
WAIT_SECONDS = 600.0


def run() -> bool:
    """Print what happened; True when the copy is whole and the interrupted one leaves nothing."""
    if shutil.disk_usage(tempfile.gettempdir()).free < DISK_BYTES:
        print(f"large copy: {tempfile.gettempdir()} has not the {DISK_BYTES / 1e9:.0f} GB it needs")
        return False
    with (
        tempfile.TemporaryDirectory() as name,
        running(Path(name), volumes=2000) as server,
        closing(server.client()) as client,
    ):
        for bucket in (SOURCE, "whole", "interrupted"):
            client.create_bucket(Bucket=bucket)
        _make(client)
        copied = _copied(server, client, Path(name))
        client.delete_object(Bucket="whole", Key=KEY)
        client.delete_bucket(Bucket="whole")
        return _interrupted(server, client, Path(name)) and copied


def _make(client: S3Client) -> None:
    """Blocks that all differ, so that none can stand for another: a small upload each."""
    upload = client.create_multipart_upload(
        Bucket=SOURCE, Key=KEY, ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT"
    )["UploadId"]
    for number in range(1, BLOCKS + 1):
        client.upload_part(
            Bucket=SOURCE,
            Key=KEY,
            UploadId=upload,
            PartNumber=number,
            Body=incompressible(number, BLOCK),
            ChecksumAlgorithm="CRC64NVME",
        )
    complete(client, SOURCE, KEY, upload)


def _copied(server: S3Server, client: S3Client, folder: Path) -> bool:
    home = folder / "home"
    home.mkdir()
    done = measure([COMMAND, "copy", "--json", *_places("whole")], _environment(server, folder))
    source = client.head_object(Bucket=SOURCE, Key=KEY, ChecksumMode="ENABLED")
    found = client.head_object(Bucket="whole", Key=KEY, ChecksumMode="ENABLED")
    checksums = source.get("ChecksumCRC64NVME"), found.get("ChecksumCRC64NVME")
    same = _same_ranges(client)
    print(
        f"large copy: {found['ContentLength']} bytes in {done.wall:.0f} s "
        f"({SIZE / 1e6 / done.wall:.0f} MB/s), CPU {done.cpu:.1f} s, peak {done.peak_mib:.0f} MiB, "
        f"ETag {found['ETag']}, CRC64NVME {checksums[0]} and {checksums[1]}, "
        f"bytes at every seam {'equal' if same else 'DIFFERENT'}, exit code {done.code}"
    )
    print(f"  {done.out.splitlines()[-1][:600]}", flush=True)
    right = found["ContentLength"] == SIZE and checksums[0] is not None
    return done.code == 0 and right and same and checksums[0] == checksums[1]


def _same_ranges(client: S3Client) -> bool:
    """Both sides of every seam between parts, as the source has them, and different at each."""
    seen = set()
    for seam in range(PART, SIZE, PART):
        span = f"bytes={seam - 100}-{seam + 99}"
        origin, copy = (
            client.get_object(Bucket=bucket, Key=KEY, Range=span)["Body"].read()
            for bucket in (SOURCE, "whole")
        )
        if origin != copy or origin in seen:
            return False
        seen.add(origin)
    return True


def _interrupted(server: S3Server, client: S3Client, folder: Path) -> bool:
    process = subprocess.Popen(
        [COMMAND, "copy", *_places("interrupted")],
        env=_environment(server, folder),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        under_way = _parts_are_there(client, process)
        process.send_signal(signal.SIGINT)
        asked = time.monotonic()
        said, _ = process.communicate(timeout=WAIT_SECONDS)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
    left = client.list_multipart_uploads(Bucket="interrupted").get("Uploads", [])
    objects = client.list_objects_v2(Bucket="interrupted").get("KeyCount", 0)
    print(
        f"large copy, interrupted {'with parts in place' if under_way else 'TOO LATE'}: ended "
        f"after {time.monotonic() - asked:.0f} s with {process.returncode}, {len(left)} uploads "
        f"and {objects} objects left\n  " + said.strip().replace("\n", "\n  ")
    )
    return under_way and process.returncode == 130 and not left and not objects


def _parts_are_there(client: S3Client, process: subprocess.Popen[str]) -> bool:
    """Wait until the server has a part of the copy; False when the command ended before."""
    end = time.monotonic() + WAIT_SECONDS
    while process.poll() is None and time.monotonic() < end:
        for upload in client.list_multipart_uploads(Bucket="interrupted").get("Uploads", []):
            stored = client.list_parts(Bucket="interrupted", Key=KEY, UploadId=upload["UploadId"])
            if stored.get("Parts"):
                return True
        time.sleep(0.2)
    return False


def _places(bucket: str) -> list[str]:
    return [f"s3://{SOURCE}/{KEY}", f"s3://{bucket}"]


def _environment(server: S3Server, folder: Path) -> dict[str, str]:
    return clean_environment(folder / "home", **server.environment)
