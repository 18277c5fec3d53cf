"""DEST is a folder or a bucket, and nothing is taken for what it is not."""

from __future__ import annotations

import pytest

from cloud_sync.errors import UsageError
from cloud_sync.model.location import BucketDestination, FolderDestination, parse_destination


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/mnt/archive", "/mnt/archive"),
        (" archive ", "archive"),
        ("~/GoPro", "~/GoPro"),
        ("./s3", "./s3"),
        ("file:///mnt/archive", "/mnt/archive"),
    ],
)
def test_folders(text: str, path: str) -> None:
    assert parse_destination(text) == FolderDestination(path)


@pytest.mark.parametrize(
    ("text", "bucket", "prefix", "shown"),
    [
        ("s3://my-bucket", "my-bucket", "", "s3://my-bucket"),
        ("s3://my-bucket/", "my-bucket", "", "s3://my-bucket"),
        ("S3://my.bucket/a//b/", "my.bucket", "a/b", "s3://my.bucket/a/b"),
    ],
)
def test_buckets(text: str, bucket: str, prefix: str, shown: str) -> None:
    found = parse_destination(text)
    assert found == BucketDestination(bucket, prefix)
    assert str(found) == shown


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("s3:my-bucket", "looks like a bucket but is not"),
        ("s3://", "names no valid bucket"),
        ("s3://My-Bucket", "names no valid bucket"),
        ("s3://a..b/x", "names no valid bucket"),
        ("s3://my-bucket/../x", "'.' or '..'"),
        ("ftp://host/x", "ftp://… is of a kind that cloud-sync cannot write to"),
        ("file://", "no absolute path"),
        ("file://host/x", "no absolute path"),
    ],
)
def test_refusals_say_what_is_wrong_and_what_would_be_right(text: str, why: str) -> None:
    with pytest.raises(UsageError, match=r"destination|prefix") as caught:
        parse_destination(text)
    assert why in caught.value.message
    assert "s3://my-bucket/prefix" in caught.value.hint


def test_a_refused_address_shows_no_password() -> None:
    with pytest.raises(UsageError) as caught:
        parse_destination("sftp://me:hunter2@host/x")
    assert "hunter2" not in caught.value.message
