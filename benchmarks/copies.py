"""One object to four buckets of the same server, against s5cmd and rclone in turn.

Beside them stands what the server takes by itself: four bare requests of a process that runs
already, which no program that is started for a copy can be faster than.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.byte_path.machine import machine
from benchmarks.copy_peers import Who, command, environment, s5cmd
from benchmarks.measured import Measured, measure
from seaweedfs import S3Server, running

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

MIB = 2**20
SIZES = {
    "1 × 1 MiB": MIB,
    "1 × 64 MiB": 64 * MIB,
    "1 × 512 MiB": 512 * MIB,
    "1 × 1 GiB": 1024 * MIB,
}
BOUNDED = "1 × 512 MiB"
"""What a start costs is the same at every size: the others are told, without a bound."""

BUCKETS = 4
SOURCE, KEY = "origin", "object"
PART = 64 * MIB
SHARED_MEMORY = Path("/dev/shm")
PEERS = (Who.S5CMD, Who.RCLONE)


@dataclass(frozen=True, slots=True)
class Place:
    """A server with the object in the bucket `SOURCE`."""

    server: S3Server
    client: S3Client
    folder: Path
    size: int


def run(rounds: int) -> bool:
    """Print every round and the medians; True when the bounded object is no slower than the peers'.

    Each round's own ratio counts: throughput against the better of s5cmd and rclone.
    """
    print(f"copies, one object to {BUCKETS} buckets, {rounds} rounds: {machine()}")
    contestants = [who for who in Who if who is not Who.S5CMD or s5cmd()]
    if Who.S5CMD not in contestants:
        print("  s5cmd is not installed: without it nothing is compared to the full")
    medians = {title: _played(title, size, contestants, rounds) for title, size in SIZES.items()}
    return Who.S5CMD in contestants and medians[BOUNDED] >= 1.0


def _played(title: str, size: int, contestants: list[Who], rounds: int) -> float:
    samples: dict[Who, list[Measured]] = {who: [] for who in contestants}
    ratios, alone = [], []
    with _place(size) as place:
        for number in range(rounds):
            # whoever is first in one round is last in the next
            turn = number % len(contestants)
            for who in contestants[turn:] + contestants[:turn]:
                samples[who].append(_one(who, place, f"{number}-{who.name.lower()}"))
            alone.append(_server_alone(place, f"{number}-alone"))
            taken = {who: samples[who][-1].wall for who in contestants}
            best = min(taken[peer] for peer in PEERS if peer in taken)
            ratios.append(best / taken[Who.CLOUD_SYNC])
            told = ", ".join(f"{who} {wall:.2f} s" for who, wall in taken.items())
            print(
                f"  {title}, round {number + 1}: {told}; ratio {ratios[-1]:.2f}; "
                f"the server alone {alone[-1]:.2f} s, ratio {best / alone[-1]:.2f}",
                flush=True,
            )
    for who in contestants:
        _tell(title, size, who, samples[who])
    print(f"  {title}: the server alone {median(alone):6.2f} s")
    print(f"  {title}: {median(ratios):.2f} × the better of s5cmd and rclone, median of the rounds")
    return median(ratios)


def _tell(title: str, size: int, who: Who, samples: list[Measured]) -> None:
    wall = median(each.wall for each in samples)
    cpu = median(each.cpu for each in samples)
    print(
        f"  {title}: {who:<15} {wall:6.2f} s, {BUCKETS * size / 1e6 / wall:5.0f} MB/s, "
        f"CPU {cpu:.2f} s"
    )


def _one(who: Who, place: Place, name: str) -> Measured:
    """One run into buckets of its own; raises RuntimeError unless all four hold the object."""
    home = place.folder / name
    home.mkdir()
    with _filled(place, name) as buckets:
        done = measure(
            command(who, SOURCE, KEY, buckets, home), environment(home, place.server.environment)
        )
        if done.code:
            raise RuntimeError(f"{who} ended with {done.code}: {done.out}")
    return done


def _server_alone(place: Place, name: str) -> float:
    """Seconds until the server has answered a bare CopyObject into each of four buckets."""

    def copy(client: S3Client, bucket: str) -> None:
        client.copy_object(Bucket=bucket, Key=KEY, CopySource={"Bucket": SOURCE, "Key": KEY})

    clients = [place.server.client() for _ in range(BUCKETS)]
    with _filled(place, name) as buckets, ThreadPoolExecutor(BUCKETS) as pool:
        for client, bucket in zip(clients, buckets, strict=True):
            # whoever asks has its connection and has loaded what it needs
            client.head_bucket(Bucket=bucket)
        started = time.perf_counter()
        list(pool.map(copy, clients, buckets))
        taken = time.perf_counter() - started
    for client in clients:
        client.close()
    return taken


@contextmanager
def _filled(place: Place, name: str) -> Iterator[list[str]]:
    """Buckets that are gone afterwards; RuntimeError unless each holds the object by then."""
    buckets = [f"to-{name.replace('_', '-')}-{number}" for number in range(BUCKETS)]
    for bucket in buckets:
        place.client.create_bucket(Bucket=bucket)
    yield buckets
    for bucket in buckets:
        found = place.client.head_object(Bucket=bucket, Key=KEY)["ContentLength"]
        if found != place.size:
            raise RuntimeError(f"{bucket} holds {found} bytes instead of {place.size}")
        place.client.delete_object(Bucket=bucket, Key=KEY)
        # only that frees the space
        place.client.delete_bucket(Bucket=bucket)


@contextmanager
def _place(size: int) -> Iterator[Place]:
    """In memory where it has room: a disk swings more than what is compared."""
    need = (BUCKETS + 2) * size
    roomy = SHARED_MEMORY.is_dir() and shutil.disk_usage(SHARED_MEMORY).free > need
    with (
        tempfile.TemporaryDirectory(dir=SHARED_MEMORY if roomy else None) as name,
        running(Path(name), volumes=2000) as server,
        closing(server.client()) as client,
    ):
        _make(client, size)
        yield Place(server, client, Path(name), size)


def _make(client: S3Client, size: int) -> None:
    client.create_bucket(Bucket=SOURCE)
    if size <= PART:
        body = incompressible(0, size)
        client.put_object(Bucket=SOURCE, Key=KEY, Body=body, ChecksumAlgorithm="CRC64NVME")
        return
    upload = client.create_multipart_upload(
        Bucket=SOURCE, Key=KEY, ChecksumAlgorithm="CRC64NVME", ChecksumType="FULL_OBJECT"
    )["UploadId"]
    for number in range(1, size // PART + 1):
        client.upload_part(
            Bucket=SOURCE,
            Key=KEY,
            UploadId=upload,
            PartNumber=number,
            Body=incompressible(number, PART),
            ChecksumAlgorithm="CRC64NVME",
        )
    complete(client, SOURCE, KEY, upload)


def incompressible(seed: int, size: int) -> bytes:
    """Bytes that are always the same; of others SeaweedFS would store and copy a fraction."""
    return Random(seed).randbytes(size)


def complete(client: S3Client, bucket: str, key: str, upload: str) -> None:
    """Make an object of all parts that the upload has."""
    stored = client.list_parts(Bucket=bucket, Key=key, UploadId=upload)["Parts"]
    parts: list[CompletedPartTypeDef] = [
        {"PartNumber": part["PartNumber"], "ETag": part["ETag"]} for part in stored
    ]
    client.complete_multipart_upload(
        Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
    )
