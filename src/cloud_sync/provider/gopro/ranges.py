"""Whether an answer of the delivery network carries the bytes that were asked for. Purely."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cloud_sync.errors import (
    CloudSyncError,
    GoneAtSource,
    ServiceUnavailable,
    SourceNotUnderstood,
    StreamBroken,
    UrlExpired,
)
from cloud_sync.provider.gopro.answers import pace_problem

_CONTENT_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19})")
_UNSATISFIED = re.compile(r"bytes \*/(\d{1,19})")
_PLAIN = frozenset({"", "identity", "aws-chunked", "binary"})
"""Content codings under which the body is the original itself.

Objects in S3 keep what their uploader wrote there; nothing but a compression changes the bytes.
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asked for: the original from `offset`, of version `etag` if that is known."""

    offset: int
    etag: str | None

    def headers(self) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity"}
        if self.offset:
            headers["Range"] = f"bytes={self.offset}-"
            # only strong marks may stand there; weak ones are compared in the answer
            if self.etag is not None and not self.etag.startswith("W/"):
                headers["If-Range"] = f'"{self.etag}"'
        return headers


@dataclass(frozen=True, slots=True)
class Opened:
    """What the answer declares: the whole original's size, None in chunked answers, and mark."""

    size: int | None
    etag: str | None


def opened(status: int, headers: Mapping[str, str], asked: Asked, doing: str) -> Opened:
    """What was opened, for status 200 and 206; raises StreamBroken when it is not what was asked.

    An answer from the start to a request from the middle is refused, never skipped through: it
    mostly means that the original has been replaced by another version.
    """
    _check_form(headers, doing)
    etag = mark(headers.get("ETag"))
    if asked.etag is not None and etag != asked.etag:
        raise StreamBroken(
            f"{doing}: the original is not the version that was begun (its mark has changed)",
            got=asked.offset,
            expected=None,
        )
    length = _length(headers.get("Content-Length"))
    if status == 206:
        return Opened(_ranged_size(headers, asked, length, doing), etag)
    if asked.offset:
        raise StreamBroken(
            f"{doing}: asked for the bytes from {asked.offset}, but they came from the start",
            got=asked.offset,
            expected=length,
        )
    if length == 0:
        raise StreamBroken(f"{doing}: the original came with 0 bytes", got=0, expected=None)
    if length is None and "chunked" not in headers.get("Transfer-Encoding", "").lower():
        raise ServiceUnavailable(
            f"{doing}: the answer does not say how long it is, so a cut would look like its end"
        )
    return Opened(length, etag)


def refusal(
    status: int, headers: Mapping[str, str], asked: Asked, doing: str, now: datetime
) -> CloudSyncError:
    """The error behind any status but 200 and 206. None of them means that the login is dead."""
    if pace := pace_problem(status, headers, doing, now):
        return pace
    if status in (401, 403, 410):
        return UrlExpired(f"{doing}: its signed address has run out (status {status})")
    if status == 404:
        return GoneAtSource(f"{doing}: the delivery network no longer has it (status 404)")
    if status == 412:
        return StreamBroken(
            f"{doing}: the original is not the version that was begun (status 412)",
            got=asked.offset,
            expected=None,
        )
    if status == 416:
        match = _UNSATISFIED.fullmatch(headers.get("Content-Range", "").strip())
        size = int(match[1]) if match else None
        told = "fewer bytes" if size is None else f"{size} bytes"
        return StreamBroken(
            f"{doing}: asked for the bytes from {asked.offset}, but the original has {told}",
            got=asked.offset,
            expected=size,
        )
    if status >= 500:
        return ServiceUnavailable(f"{doing}: the delivery network has a fault (status {status})")
    return SourceNotUnderstood(f"{doing}: the delivery network answered with status {status}")


def mark(etag: str | None) -> str | None:
    """An ETag header without quotes; a weak one keeps its `W/`."""
    if etag is None:
        return None
    text = etag.strip()
    weak = "W/" if text.startswith("W/") else ""
    return weak + text.removeprefix("W/").strip('"') or None


def _check_form(headers: Mapping[str, str], doing: str) -> None:
    coding = headers.get("Content-Encoding", "").strip().lower()
    if coding not in _PLAIN:
        raise SourceNotUnderstood(f"{doing}: the bytes came compressed, although nobody asked")
    if "html" in headers.get("Content-Type", "").lower():
        raise ServiceUnavailable(f"{doing}: a web page came instead of the original")


def _ranged_size(headers: Mapping[str, str], asked: Asked, length: int | None, doing: str) -> int:
    text = headers.get("Content-Range", "").strip()
    match = _CONTENT_RANGE.fullmatch(text)
    if match is None:
        raise StreamBroken(
            f"{doing}: a part came that does not say which part it is",
            got=asked.offset,
            expected=None,
        )
    first, last, size = (int(number) for number in match.groups())
    if first != asked.offset or last != size - 1 or length not in (None, last - first + 1):
        declared = "an unknown number of" if length is None else str(length)
        raise StreamBroken(
            f"{doing}: asked for the bytes from {asked.offset} to the end, but {declared} bytes "
            f"came, from {first} to {last} of {size}",
            got=asked.offset,
            expected=size,
        )
    return size


def _length(text: str | None) -> int | None:
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
