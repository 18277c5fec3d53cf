"""An S3 service that answers wrongly: real sockets, scripted answers, our own errors."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from cloud_sync.archive import s3
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum
from cloud_sync.archive.s3 import S3Archive
from cloud_sync.archive.s3_dialects import AWS
from cloud_sync.errors import (
    ArchiveRefused,
    ArchiveUnusable,
    ChecksumMismatch,
    CloudSyncError,
    KeyTaken,
    ServiceUnavailable,
    Throttled,
)

LEAK = "https://user:pass@bucket.example/?X-Amz-Signature=abc AKIAABCDEFGHIJKLMNOP"
DESCRIPTION = ObjectDescription("m", 1, "video/mp4", {}, {"Source": "GoPro"})


@dataclass
class Answer:
    """One scripted answer; `length` is the Content-Length that it claims."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


def error(status: int, code: str, **headers: str) -> Answer:
    body = f"<Error><Code>{code}</Code><Message>{LEAK}</Message></Error>".encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status, body, {"Content-Type": "application/xml", **named})


@contextmanager
def service(
    answer: Callable[[str, str], Answer], seen: list[dict[str, str]] | None = None
) -> Iterator[str]:
    """A server whose every answer is `answer(method, path)`; its URL.

    The headers of each request, with lower-case names, are added to `seen`.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if seen is not None:
                seen.append({name.lower(): value for name, value in self.headers.items()})
            said = answer(self.command, self.path)
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            length = said.length if said.length is not None else len(said.body)
            self.send_header("Content-Length", str(length))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: the test says what it expects."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@contextmanager
def archive_at(url: str, dialect: str = "aws") -> Iterator[S3Archive]:
    archive = s3.connect(
        "bucket",
        dialect=dialect,
        attempts=1,
        client_options={
            "endpoint_url": url,
            "region_name": "us-east-1",
            "aws_access_key_id": "AKIAABCDEFGHIJKLMNOP",
            "aws_secret_access_key": "made-up-secret",
        },
    )
    yield archive
    archive.close()


def store_one(archive: S3Archive) -> None:
    archive.put("a", DESCRIPTION, memoryview(b"x"), part_checksum(b"x"))


def store_part(archive: S3Archive) -> None:
    upload = archive.begin("a", DESCRIPTION, part_size=5 << 20)
    upload.put_part(1, memoryview(b"x"), part_checksum(b"x"))


BEGUN = Answer(
    200,
    b"<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
)


@pytest.mark.parametrize("store", [store_one, store_part], ids=["at once", "part"])
@pytest.mark.parametrize(
    ("said", "kind", "words"),
    [
        (error(503, "SlowDown", Retry_After="7"), Throttled, "fewer calls"),
        (error(429, "TooManyRequests"), Throttled, "fewer calls"),
        (error(500, "InternalError"), ServiceUnavailable, "InternalError (500)"),
        (error(502, "Bad Gateway"), ServiceUnavailable, "502"),
        (error(400, "RequestTimeout"), ServiceUnavailable, "RequestTimeout"),
        (error(400, "BadDigest"), ChecksumMismatch, "other bytes"),
        (error(412, "PreconditionFailed"), KeyTaken, "something else"),
        (error(403, "AccessDenied"), ArchiveRefused, "access is denied"),
        (error(400, "ExpiredToken"), ArchiveRefused, "expired"),
        (error(403, "RequestTimeTooSkewed"), ArchiveRefused, "clock"),
        (error(404, "NoSuchBucket"), ArchiveUnusable, "no bucket bucket"),
        (error(501, "NotImplemented"), ArchiveUnusable, "does not offer"),
        (error(400, "InvalidArgument"), ArchiveUnusable, "does not offer"),
        (error(400, "InvalidStorageClass"), ArchiveUnusable, "storage class"),
        (error(418, LEAK), ArchiveUnusable, "418"),
        (
            error(301, "PermanentRedirect", x_amz_bucket_region="eu-north-1"),
            ArchiveUnusable,
            "region eu-north-1",
        ),
    ],
    ids=lambda value: None,
)
def test_an_answer_to_a_write_means_what_s3_documents(
    said: Answer, kind: type[CloudSyncError], words: str, store: Callable[[S3Archive], None]
) -> None:
    def answer(method: str, path: str) -> Answer:
        others = {"HEAD": Answer(200, headers={"ETag": '"e"'}), "POST": BEGUN}
        return others.get(method, said)

    with service(answer) as url, archive_at(url) as archive, pytest.raises(kind) as caught:
        store(archive)
    text = caught.value.message + caught.value.hint + caught.value.kept
    assert words in text
    for secret in ("AKIA", "Signature", "pass@", "made-up"):
        assert secret not in text
    if isinstance(caught.value, Throttled) and "Retry-After" in said.headers:
        assert caught.value.retry_after == 7


def test_what_a_service_does_not_offer_names_the_setting_to_change() -> None:
    with (
        service(lambda method, path: error(501, "NotImplemented")) as url,
        archive_at(url) as archive,
        pytest.raises(ArchiveUnusable) as caught,
    ):
        store_one(archive)
    assert "s3_dialect" in caught.value.hint


def test_a_write_that_raced_with_a_removal_may_be_tried_again() -> None:
    """409 without anything at the key: S3 asks for another try, so the key is not taken."""

    def answer(method: str, path: str) -> Answer:
        return Answer(404) if method == "HEAD" else error(409, "ConditionalRequestConflict")

    with service(answer) as url, archive_at(url) as archive, pytest.raises(ServiceUnavailable):
        store_one(archive)


def test_an_object_of_an_archive_class_is_told_to_need_a_restore() -> None:
    with (
        service(lambda method, path: error(403, "InvalidObjectState")) as url,
        archive_at(url) as archive,
        pytest.raises(ArchiveUnusable, match="restored") as caught,
    ):
        archive.open("a")
    assert "restore-object" in caught.value.hint


def test_a_body_that_ends_early_is_never_a_clean_end() -> None:
    said = Answer(200, b"x" * 10, length=1000)
    with (
        service(lambda method, path: said) as url,
        archive_at(url) as archive,
        archive.open("a") as stream,
        pytest.raises(ServiceUnavailable),
    ):
        stream.read()


def test_a_listing_that_breaks_off_is_never_a_short_listing() -> None:
    first = (
        b"<ListBucketResult><IsTruncated>true</IsTruncated>"
        b"<NextContinuationToken>t</NextContinuationToken>"
        b"<Contents><Key>a</Key><Size>1</Size></Contents></ListBucketResult>"
    )

    def answer(method: str, path: str) -> Answer:
        return error(500, "InternalError") if "continuation-token" in path else Answer(200, first)

    with service(answer) as url, archive_at(url) as archive:
        found = archive.list()
        assert next(found).key == "a"
        with pytest.raises(ServiceUnavailable):
            next(found)


def test_in_a_poor_dialect_a_write_has_its_md5_and_no_header_that_is_refused() -> None:
    """Backblaze B2 refuses checksum, tag and condition headers, and verifies Content-MD5."""
    seen: list[dict[str, str]] = []

    def answer(method: str, path: str) -> Answer:
        return Answer(404) if method == "HEAD" else error(400, "BadDigest")

    with (
        service(answer, seen) as url,
        archive_at(url, "b2") as archive,
        pytest.raises(ChecksumMismatch),
    ):
        store_one(archive)
    look, write = seen
    assert write["content-md5"] == "ndTkYSaMgDT1yFZOFVxnpg=="
    for headers in (look, write):
        refused = ("x-amz-checksum", "x-amz-sdk-checksum", "x-amz-tagging", "if-none-match")
        assert [name for name in headers if name.startswith(refused)] == []


@contextmanager
def one_connection(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server for a single connection, which `serve` answers as it likes; its URL."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def run() -> None:
            connection, _ = listener.accept()
            connection.settimeout(30)
            with connection:
                serve(connection)

        thread = Thread(target=run)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join(60)


def test_a_refusal_before_the_body_was_read_is_a_refusal() -> None:
    """A busy service answers and closes in the middle of a part; 8 MiB fit no socket buffer."""

    def serve(connection: socket.socket) -> None:
        received = connection.recv(65536)
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536)
        body = b"<Error><Code>SlowDown</Code></Error>"
        connection.sendall(
            b"HTTP/1.1 503 Slow Down\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        connection.sendall(body)

    with (
        one_connection(serve) as url,
        archive_at(url) as archive,
        pytest.raises((Throttled, ServiceUnavailable)),
    ):
        archive.put("a", DESCRIPTION, memoryview(bytes(8 << 20)), part_checksum(bytes(8 << 20)))


def test_a_service_that_falls_silent_is_not_waited_for_without_end() -> None:
    from botocore.config import Config
    from botocore.session import get_session

    def serve(connection: socket.socket) -> None:
        while connection.recv(65536):
            pass

    with one_connection(serve) as url:
        client: Any = get_session().create_client(
            "s3",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id="AKIAABCDEFGHIJKLMNOP",
            aws_secret_access_key="made-up-secret",
            config=Config(read_timeout=0.5),
        )
        archive = S3Archive(client, "bucket", dialect=AWS)
        with pytest.raises(ServiceUnavailable, match="no answer"):
            store_one(archive)
        archive.close()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["no answer", "no HTTP", "cut short", "bad chunk"],
)
def test_an_answer_that_is_none_may_be_tried_again(said: bytes) -> None:
    def serve(connection: socket.socket) -> None:
        received = connection.recv(65536)
        while not received.endswith(b"\r\n\r\nx"):
            received += connection.recv(65536)
        connection.sendall(said)

    with (
        one_connection(serve) as url,
        archive_at(url) as archive,
        pytest.raises(ServiceUnavailable),
    ):
        store_one(archive)


def test_a_size_that_the_service_does_not_tell_is_never_guessed() -> None:
    def serve(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(b'HTTP/1.1 200 OK\r\nETag: "e"\r\nConnection: close\r\n\r\n')

    with (
        one_connection(serve) as url,
        archive_at(url) as archive,
        pytest.raises(ServiceUnavailable, match="no size"),
    ):
        archive.head("a")


def test_a_session_token_is_signed_and_bodies_are_not_hashed_for_the_signature() -> None:
    seen: list[dict[str, str]] = []
    with service(lambda method, path: error(400, "BadDigest"), seen) as url:
        archive = s3.connect(
            "bucket",
            dialect="aws",
            client_options={
                "endpoint_url": url,
                "region_name": "eu-central-1",
                "aws_access_key_id": "AKIAABCDEFGHIJKLMNOP",
                "aws_secret_access_key": "made-up-secret",
                "aws_session_token": "made-up-token",
            },
        )
        with pytest.raises(ChecksumMismatch) as caught:
            store_one(archive)
        archive.close()
    (write,) = seen
    assert "made-up" not in caught.value.message
    assert write["x-amz-security-token"] == "made-up-token"
    assert write["x-amz-content-sha256"] == "UNSIGNED-PAYLOAD"
    assert "/eu-central-1/s3/aws4_request" in write["authorization"]
    signed = write["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    assert {"x-amz-checksum-crc64nvme", "if-none-match", "x-amz-security-token"} <= set(signed)


def test_credentials_that_are_renewed_are_used_at_once() -> None:
    """As with a role: each request is signed with what the session holds at that moment."""
    from botocore.credentials import RefreshableCredentials
    from botocore.session import get_session

    given = iter(["AKIAFIRST", "AKIASECOND"])

    def renew() -> dict[str, str]:
        return {
            "access_key": next(given),
            "secret_key": "made-up",
            "token": "made-up",
            "expiry_time": "2100-01-01T00:00:00Z",
        }

    seen: list[dict[str, str]] = []
    with service(lambda method, path: error(400, "BadDigest"), seen) as url:
        session: Any = get_session()
        credentials: Any = RefreshableCredentials.create_from_metadata(renew(), renew, "test")
        session._credentials = credentials
        client = session.create_client("s3", endpoint_url=url, region_name="us-east-1")
        archive = S3Archive(client, "bucket", dialect=AWS)
        with pytest.raises(ChecksumMismatch):
            store_one(archive)
        credentials._expiry_time = datetime.now(UTC)
        with pytest.raises(ChecksumMismatch):
            store_one(archive)
        archive.close()
    assert "AKIAFIRST" in seen[0]["authorization"]
    assert "AKIASECOND" in seen[1]["authorization"]


@pytest.mark.parametrize(
    ("dialect", "endpoint", "host", "path"),
    [
        ("aws", "https://s3.eu-west-1.amazonaws.com", "bucket.s3.eu-west-1.amazonaws.com", ""),
        ("r2", "https://x.r2.cloudflarestorage.com", "x.r2.cloudflarestorage.com", "/bucket"),
        ("generic", "https://minio.example:9000", "minio.example:9000", "/bucket"),
    ],
)
def test_requests_go_where_the_sdk_would_send_them(
    dialect: str, endpoint: str, host: str, path: str
) -> None:
    """Host and path of a bucket in each style; nothing is sent to find out."""
    archive = s3.connect(
        "bucket",
        dialect=dialect,
        client_options={
            "region_name": "eu-west-1",
            "endpoint_url": None if dialect == "aws" else endpoint,
            "aws_access_key_id": "AKIAABCDEFGHIJKLMNOP",
            "aws_secret_access_key": "made-up-secret",
        },
    )
    assert archive._wire._resolved().url == f"https://{host}{path}"
    archive.close()


def test_a_proxy_is_used_as_the_sdk_would_use_it(monkeypatch: pytest.MonkeyPatch) -> None:
    paths: list[str] = []
    seen: list[dict[str, str]] = []

    def answer(method: str, path: str) -> Answer:
        paths.append(path)
        return error(400, "BadDigest")

    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
    with service(answer, seen) as url:
        monkeypatch.setenv("http_proxy", url.replace("http://", "http://me:s%40cret@"))
        with archive_at("http://s3.example.invalid") as archive, pytest.raises(ChecksumMismatch):
            store_one(archive)
    assert paths == ["http://s3.example.invalid/bucket/a"]
    assert seen[0]["proxy-authorization"] == "Basic bWU6c0BjcmV0"
