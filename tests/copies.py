"""Pieces of the tests of copies between buckets."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from cloud_sync.replicate.copying import CopyPolicy, copy_to
from cloud_sync.replicate.outcome import CopyOutcome
from cloud_sync.replicate.request import CopyRequest
from cloud_sync.replicate.store import ObjectSource, ObjectStore
from cloud_sync.replicate.uploads import UploadJournal
from cloud_sync.replicate.writing import WriteLimits
from cloud_sync.transfer.retry import RetryPolicy
from cloud_sync.transfer.stopping import Stop

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MIB = 2**20
QUICK = RetryPolicy(tries=3, first_wait=0.01, longest_wait=0.02)
WHOLE = CopyPolicy(QUICK)
IN_PARTS = CopyPolicy(QUICK, WriteLimits(largest_copy=6 * MIB, copied_part=5 * MIB, workers=3))


def made_bucket(client: S3Client, *, versions: bool = False) -> str:
    """A bucket of its own."""
    name = f"copies-{uuid.uuid4().hex[:16]}"
    region: Any = client.meta.region_name
    where: Any = (
        {}
        if region == "us-east-1"
        else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    )
    client.create_bucket(Bucket=name, **where)
    if versions:
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return name


def content(client: S3Client, bucket: str, key: str) -> bytes:
    """The bytes that lie there."""
    return client.get_object(Bucket=bucket, Key=key)["Body"].read()


def unfinished(client: S3Client, bucket: str) -> list[str]:
    """Keys of the uploads that are not over."""
    found = client.list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return [upload["Key"] for upload in found]


def copied(
    store: ObjectStore,
    source: str,
    key: str,
    bucket: str,
    *,
    policy: CopyPolicy = WHOLE,
    origin: ObjectSource | None = None,
    stop: Stop | None = None,
    journal: UploadJournal | None = None,
    **more: Any,
) -> CopyOutcome:
    """One copy of one object."""
    return copy_to(
        CopyRequest(source, key, (bucket,), **more),
        bucket,
        source=origin or store,
        destination=store,
        policy=policy,
        stop=stop,
        journal=journal,
    )
