"""The GoPro client against a raw server that plays the delivery network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.errors import CloudSyncError
from cloud_sync.model.media import MediaFile
from cloud_sync.provider.base import SourceStream
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret
from raw_server import http

TOKEN = "eyJTOKEN.a.b.c.d"
SIGNATURE = "SIGNED"
READ_TIMEOUT = 0.3

BODY = bytes(range(256)) * 40
"""The original, 10,240 bytes."""

MARK = '"abc-2"'
ETAG = "abc-2"


@contextmanager
def provider(
    url: str, credentials: MemoryCredentials | None = None, *, read_timeout: float = READ_TIMEOUT
) -> Iterator[GoProProvider]:
    login = credentials or MemoryCredentials(Secret(TOKEN), Secret("user-1"))
    made = GoProProvider(url, login, connect_timeout=2, read_timeout=read_timeout)
    with made:
        yield made


def file_at(url: str) -> MediaFile:
    return MediaFile(1, "GX1.MP4", "mp4", Secret(f"{url}/x/1.mp4?Signature={SIGNATURE}"))


def assert_no_secret(error: CloudSyncError) -> None:
    told = f"{error.message} {error.kept} {error.hint}"
    assert TOKEN not in told
    assert SIGNATURE not in told


def part(
    start: int,
    length: int | None = None,
    *,
    headers: dict[str, str] | None = None,
    body: bytes | None = None,
) -> bytes:
    """The answer to a range of the original."""
    end = len(BODY) if length is None else min(start + length, len(BODY))
    told = {"ETag": MARK, "Content-Range": f"bytes {start}-{end - 1}/{len(BODY)}"}
    return http(206, BODY[start:end] if body is None else body, told | (headers or {}))


def kept(start: int, length: int | None = None, *, body: bytes | None = None) -> bytes:
    """`part` from a server that does not say that it will close the connection."""
    return part(start, length, headers={"Connection": "keep-alive"}, body=body)


def drained(stream: SourceStream, piece: int = 1000) -> bytes:
    buffer = memoryview(bytearray(piece))
    parts = []
    with closing(stream):
        while count := stream.readinto(buffer):
            parts.append(bytes(buffer[:count]))
    return b"".join(parts)


def fetched(
    made: GoProProvider,
    url: str,
    start: int = 0,
    length: int | None = None,
    etag: str | None = None,
) -> bytes:
    return drained(made.open(file_at(url), start, length, etag))
