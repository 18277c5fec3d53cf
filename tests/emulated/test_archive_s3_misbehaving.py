"""An S3 service that answers wrongly: real sockets, scripted answers, our own errors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from cloud_sync.archive import s3
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.s3 import S3Archive
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
    upload = archive.begin("a", DESCRIPTION, part_size=5 << 20)
    upload.put_part(1, memoryview(b"x"), part_checksum(b"x"))
    upload.commit(1, to_text(part_checksum(b"x")))


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
    said: Answer, kind: type[CloudSyncError], words: str
) -> None:
    def answer(method: str, path: str) -> Answer:
        return said if method != "HEAD" else Answer(200, headers={"ETag": '"e"'})

    with service(answer) as url, archive_at(url) as archive, pytest.raises(kind) as caught:
        store_one(archive)
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
