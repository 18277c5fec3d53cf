"""Which service speaks which dialect, and what each dialect leaves open."""

from __future__ import annotations

import sys

import pytest

from cloud_sync.archive import s3
from cloud_sync.archive.s3_dialects import AWS, B2, DIALECTS, GENERIC, R2, Dialect, dialect_of
from cloud_sync.errors import MissingExtra


@pytest.mark.parametrize(
    ("host", "dialect"),
    [
        ("s3.amazonaws.com", AWS),
        ("bucket.s3.eu-central-1.amazonaws.com", AWS),
        ("s3.dualstack.eu-west-1.amazonaws.com", AWS),
        ("s3.cn-north-1.amazonaws.com.cn", AWS),
        ("S3.EU-WEST-1.AMAZONAWS.COM", AWS),
        ("0123abcd.r2.cloudflarestorage.com", R2),
        ("0123abcd.eu.r2.cloudflarestorage.com", R2),
        ("s3.eu-central-003.backblazeb2.com", B2),
        ("127.0.0.1", GENERIC),
        ("minio.local", GENERIC),
        ("amazonaws.com.evil.example", GENERIC),
        ("notamazonaws.com", GENERIC),
        ("", GENERIC),
    ],
)
def test_the_host_tells_the_dialect(host: str, dialect: Dialect) -> None:
    assert dialect_of(host) is dialect


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_what_a_dialect_lacks_is_said_or_made_up_for(dialect: Dialect) -> None:
    open_points = " ".join(dialect.unproven)
    assert dialect.conditional_writes or dialect.looks_first, "nothing is ever overwritten"
    assert dialect.crc64nvme or "only reading the bytes can check" in open_points
    assert not dialect.looks_first or "overwritten" in open_points
    assert dialect.tags or "tags" in open_points


def test_on_aws_nothing_is_left_unproven() -> None:
    assert AWS.unproven == ()
    assert AWS.crc64nvme
    assert AWS.conditional_writes


def test_without_the_sdk_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "botocore.session", None)
    with pytest.raises(MissingExtra) as caught:
        s3.connect("bucket")
    assert caught.value.hint == "pip install 'cloud-sync[aws]'"
