"""An upload to a bucket that was begun under one dialect or storage class ends right under another.

A person changes the storage plan, or the dialect, while a large original is on its way.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from builders import item
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.s3 import S3Archive
from cloud_sync.archive.s3_dialects import AWS, GENERIC, PLAIN, Dialect
from cloud_sync.clock import SystemClock
from cloud_sync.errors import ArchiveUnusable, Interrupted
from cloud_sync.provider.memory import MemoryProvider, Original
from cloud_sync.transfer.engine import EngineLimits
from cloud_sync.transfer.part_size import MIB, SMALLEST_PART
from cloud_sync.transfer.stopping import Stop
from seaweedfs import S3Server
from transfers import MemoryJournal, Seen, engine_over, request, stopping_after

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("seaweedfs")

CLIP = item("a")
SIZE = 3 * SMALLEST_PART + 12_345
CONTENT = (bytes(range(241)) * (SIZE // 241 + 1))[:SIZE]


@dataclass(frozen=True)
class Settings:
    """What a person can set between two runs."""

    dialect: Dialect
    storage_class: str | None
    streams: int


@pytest.fixture
def prefix() -> str:
    return f"resumed/{uuid.uuid4().hex}"


@pytest.fixture
def clients(s3_server: S3Server) -> Iterator[list[S3Client]]:
    """Each process has a client of its own."""
    made = [s3_server.client(), s3_server.client()]
    yield made
    for client in made:
        client.close()


def run(
    archive: S3Archive, journal: MemoryJournal, streams: int, stop_after: int = SIZE + 1
) -> int:
    """One process; stopped once so many bytes were read. How many were."""
    seen, stop = Seen(), Stop(SystemClock())
    provider = MemoryProvider({CLIP: [Original(CONTENT)]})
    wanted = request("k", provider.resolve(CLIP)[0])
    limits = EngineLimits(streams, streams * SMALLEST_PART)
    with engine_over(provider, archive, proven=set(), limits=limits) as engine:
        engine.transfer(wanted, journal, stop, stopping_after(seen, stop, stop_after))
    return sum(seen.read)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (Settings(GENERIC, None, 1), Settings(GENERIC, "DEEP_ARCHIVE", 3)),
        (Settings(GENERIC, "DEEP_ARCHIVE", 3), Settings(GENERIC, None, 1)),
        (Settings(GENERIC, None, 1), Settings(PLAIN, None, 1)),
        (Settings(AWS, "STANDARD", 2), Settings(GENERIC, None, 1)),
    ],
    ids=[
        "another storage class",
        "back to the standard class",
        "a dialect without checksums",
        "from aws to generic",
    ],
)
def test_an_upload_begun_under_other_settings_ends_whole_and_once(
    clients: list[S3Client],
    s3_client: S3Client,
    s3_bucket: str,
    prefix: str,
    first: Settings,
    second: Settings,
) -> None:
    archives = [
        S3Archive(client, s3_bucket, prefix, storage_class=each.storage_class, dialect=each.dialect)
        for client, each in zip(clients, (first, second), strict=True)
    ]
    journal = MemoryJournal()
    with pytest.raises(Interrupted):
        run(archives[0], journal, first.streams, stop_after=2 * SMALLEST_PART + MIB)
    saved = journal.checkpoint()
    assert saved is not None
    stored = sum(part.length for part in saved.parts)
    assert stored
    assert archives[1].head("k") is None, "half an object is visible"
    read = run(archives[1], journal, second.streams)
    assert read == SIZE - stored, "what was stored was fetched again"
    key = f"{prefix}/k"
    assert s3_client.get_object(Bucket=s3_bucket, Key=key)["Body"].read() == CONTENT
    assert journal.proof is not None
    assert journal.proof.checksum == to_text(part_checksum(memoryview(CONTENT)))
    head = s3_client.head_object(Bucket=s3_bucket, Key=key)
    begun_as = head.get("StorageClass", "STANDARD")
    assert begun_as == (first.storage_class or "STANDARD"), "S3 fixes the class at the beginning"
    listed = s3_client.list_objects_v2(Bucket=s3_bucket, Prefix=prefix).get("Contents", [])
    assert [row["Key"] for row in listed] == [key]
    left = s3_client.list_multipart_uploads(Bucket=s3_bucket, Prefix=prefix)
    assert not left.get("Uploads", []), "an upload was left behind"


def test_an_upload_begun_without_checksums_is_never_published_unproven_and_is_begun_anew(
    clients: list[S3Client], s3_client: S3Client, s3_bucket: str, prefix: str
) -> None:
    plain, generic = (
        S3Archive(client, s3_bucket, prefix, storage_class=None, dialect=dialect)
        for client, dialect in zip(clients, (PLAIN, GENERIC), strict=True)
    )
    journal = MemoryJournal()
    with pytest.raises(Interrupted):
        run(plain, journal, 1, stop_after=2 * SMALLEST_PART + MIB)
    with pytest.raises(ArchiveUnusable, match="keeps no CRC64NVME of the whole object"):
        run(generic, journal, 1)
    assert generic.head("k") is None, "an object that nothing proves is visible"
    assert run(generic, journal, 1) == SIZE
    assert s3_client.get_object(Bucket=s3_bucket, Key=f"{prefix}/k")["Body"].read() == CONTENT
    stored = generic.head("k")
    assert stored is not None
    assert stored.checksum == to_text(part_checksum(memoryview(CONTENT)))
    left = s3_client.list_multipart_uploads(Bucket=s3_bucket, Prefix=prefix)
    assert not left.get("Uploads", []), "an upload was left behind"
