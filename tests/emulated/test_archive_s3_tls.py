"""An S3 archive behind TLS: parts go over connections of our own, trusted as the SDK would."""

from __future__ import annotations

import os
import ssl
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import trustme

from cloud_sync.archive import s3
from cloud_sync.archive.base import ObjectDescription, StoredObject
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.s3 import S3Archive
from cloud_sync.errors import ServiceUnavailable, UsageError
from s3_relay import Relay, relaying, tunnelling
from seaweedfs import S3Server

pytestmark = pytest.mark.xdist_group("seaweedfs")

PART = 5 << 20
SOME = os.urandom(2 * PART + 3)
DESCRIPTION = ObjectDescription("m", 1, "video/mp4", {}, {})


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """A certificate authority that AWS_CA_BUNDLE names."""
    found = trustme.CA()
    found.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "ca.pem"))
    return found


def server_side(authority: trustme.CA, name: str = "127.0.0.1") -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


@pytest.fixture
def relay(s3_server: S3Server, authority: trustme.CA) -> Iterator[Relay]:
    with relaying(s3_server, server_side(authority)) as found:
        yield found


def archive_at(relay: Relay, bucket: str) -> S3Archive:
    prefix = f"tls/{uuid.uuid4().hex}"
    return s3.connect(bucket, prefix, attempts=1, client_options=relay.client_options)


def put(archive: S3Archive) -> StoredObject:
    return archive.put("a", DESCRIPTION, memoryview(b"x"), part_checksum(b"x"))


def test_parts_and_whole_objects_go_encrypted_over_kept_connections(
    relay: Relay, s3_bucket: str
) -> None:
    archive = archive_at(relay, s3_bucket)
    upload = archive.begin("b", DESCRIPTION, part_size=PART)
    for number, start in enumerate(range(0, len(SOME), PART), 1):
        data = memoryview(SOME)[start : start + PART]
        upload.put_part(number, data, part_checksum(data))
    assert upload.commit(len(SOME), to_text(part_checksum(SOME))).size == len(SOME)
    assert put(archive).size == 1
    with archive.open("b") as stream:
        assert stream.read() == SOME
    archive.close()
    assert relay.url.startswith("https:")
    assert relay.connections == 2, "one of the SDK and one of our own"


@pytest.mark.parametrize("call", [put, lambda archive: archive.head("a")], ids=["put", "head"])
def test_nothing_is_sent_to_a_server_that_nobody_vouches_for(
    relay: Relay,
    s3_bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    call: Callable[[S3Archive], object],
) -> None:
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "other.pem"))
    archive = archive_at(relay, s3_bucket)
    with pytest.raises(ServiceUnavailable, match="no trusted connection") as caught:
        call(archive)
    archive.close()
    assert "AWS_CA_BUNDLE" in caught.value.hint
    assert relay.sent == []


def test_nothing_is_sent_to_a_server_of_another_name(
    s3_server: S3Server, authority: trustme.CA, s3_bucket: str
) -> None:
    with relaying(s3_server, server_side(authority, "s3.example")) as relay:
        archive = archive_at(relay, s3_bucket)
        with pytest.raises(ServiceUnavailable, match="no trusted connection"):
            put(archive)
        archive.close()
        assert relay.sent == []


def test_without_a_bundle_the_usual_authorities_count(
    relay: Relay, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_CA_BUNDLE")
    archive = archive_at(relay, s3_bucket)
    with pytest.raises(ServiceUnavailable, match="no trusted connection"):
        put(archive)
    archive.close()


def test_a_bundle_that_cannot_be_read_is_told(
    relay: Relay, s3_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_CA_BUNDLE", str(tmp_path / "missing.pem"))
    archive = archive_at(relay, s3_bucket)
    with pytest.raises(UsageError, match="certificates cannot be read") as caught:
        put(archive)
    archive.close()
    assert "AWS_CA_BUNDLE" in caught.value.hint


def test_tls_may_go_through_a_proxy(
    relay: Relay, s3_bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tunnelling() as proxy:
        for name in ("no_proxy", "NO_PROXY"):
            monkeypatch.setenv(name, "")
        monkeypatch.setenv("https_proxy", proxy.url.replace("http://", "http://me:s%40cret@"))
        archive = archive_at(relay, s3_bucket)
        assert put(archive).size == 1
        archive.close()
    assert relay.sent == ["HeadObject", "PutObject", "HeadObject"]
    assert [line.split()[:2] for line in proxy.asked] == [["CONNECT", relay.url.split("/")[2]]]
    assert proxy.logins == ["Basic bWU6c0BjcmV0"]
