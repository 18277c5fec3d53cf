"""What each role of the file-copy workflow may do, in the manner of `permissions`."""

from __future__ import annotations

from cloud_sync.deployment.permissions import Statement, statement


def remember_copies(table_arn: str) -> Statement:
    """Conditional writes, and a look at what was known before."""
    return statement("Copies", ["dynamodb:GetItem", "dynamodb:PutItem"], [table_arn])


def read_source(bucket_arn: str) -> list[Statement]:
    """Read an object, its version and its tags; without ListBucket a missing one looks forbidden.

    A version that is gone looks forbidden without ListBucketVersions.
    """
    return [
        statement(
            "Source",
            [
                "s3:GetObject",
                "s3:GetObjectTagging",
                "s3:GetObjectVersion",
                "s3:GetObjectVersionTagging",
            ],
            [f"{bucket_arn}/*"],
        ),
        statement("SourceBucket", ["s3:ListBucket", "s3:ListBucketVersions"], [bucket_arn]),
    ]


def look_at_source(bucket_arn: str, *, versions: bool = False) -> list[Statement]:
    """What lies there: whether a new object is a copy of ours stands in its metadata."""
    looking = ["s3:GetObject", *(["s3:GetObjectVersion"] if versions else [])]
    return [
        statement("Source", looking, [f"{bucket_arn}/*"]),
        statement("SourceBucket", ["s3:ListBucket"], [bucket_arn]),
    ]


def write_destinations(bucket_arns: list[str]) -> list[Statement]:
    """Write copies and look at what lies there. A version may be removed by its own id alone: the
    one that was just written and is not what was read.
    """
    return [
        statement(
            "Destinations",
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObjectVersion",
                "s3:GetObject",
                "s3:PutObject",
                "s3:PutObjectTagging",
            ],
            [f"{arn}/*" for arn in bucket_arns],
        ),
        statement("DestinationBuckets", ["s3:ListBucket"], bucket_arns),
    ]


def write_builds(bucket_arn: str) -> Statement:
    """New artefacts."""
    return statement("Builds", ["s3:PutObject"], [f"{bucket_arn}/*"])


def read_encrypted(key_arn: str) -> Statement:
    """Read what the key encrypts."""
    return statement("ReadEncrypted", ["kms:Decrypt"], [key_arn])


def look_at_executions(executions_arn: str) -> Statement:
    """Whether the execution of a name runs; `executions_arn` is `arn:…:execution:NAME`."""
    return statement("Executions", ["states:DescribeExecution"], [f"{executions_arn}:*"])


def announce(bus_arn: str) -> Statement:
    """The event that copies are done."""
    return statement("Announce", ["events:PutEvents"], [bus_arn])
