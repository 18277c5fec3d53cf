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
    SourceChanged,
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
    """What a request asks for: `length` bytes from `start` on, or all the rest where it is None.

    `etag` is the version's mark if that is known. ValueError for what is no range.
    """

    start: int = 0
    length: int | None = None
    etag: str | None = None

    def __post_init__(self) -> None:
        if self.start < 0 or (self.length is not None and self.length < 1):
            raise ValueError(f"no range: {self.length} bytes from {self.start}")

    @property
    def end(self) -> int | None:
        """Where the bytes asked for end, if the original is that long; None for its own end."""
        return None if self.length is None else self.start + self.length

    def headers(self) -> dict[str, str]:
        """`If-Match` rather than `If-Range`, which S3 does not document for reading.

        It is also the clearer of the two: another version is answered 412 and without a body,
        whereas If-Range has all of it sent, just as if Range had been ignored. A server that
        ignores both is found out by the mark in its answer.
        """
        headers = {"Accept-Encoding": "identity"}
        if self.start or self.end is not None:
            last = "" if self.end is None else self.end - 1
            headers["Range"] = f"bytes={self.start}-{last}"
        # only strong marks can match there; weak ones are compared in the answer
        if self.etag is not None and not self.etag.startswith("W/"):
            headers["If-Match"] = f'"{self.etag}"'
        return headers

    def __str__(self) -> str:
        to = "to the end" if self.end is None else f"to {self.end - 1}"
        return f"the bytes from {self.start} {to}"


@dataclass(frozen=True, slots=True)
class Opened:
    """What an answer declares.

    `size` is the whole original's, None in chunked answers that do not say. `end` is the place
    in the original where the bytes end, None where only the body's own end tells it.
    `runs_on` when the body goes on, or may, behind `end`: no more of it is to be read.
    """

    size: int | None
    etag: str | None
    end: int | None
    runs_on: bool = False


def opened(status: int, headers: Mapping[str, str], asked: Asked, doing: str) -> Opened:
    """What was opened, for status 200 and 206.

    Raises SourceChanged for another version, and for one that bears no mark where one was asked
    for; StreamBroken for other bytes than were asked for.
    """
    _check_form(headers, doing)
    etag = mark(headers.get("ETag"))
    if asked.etag is not None and etag not in (None, asked.etag):
        raise _another_version(doing, "its mark has changed")
    length = _length(headers.get("Content-Length"))
    if status == 200 and asked.start:
        raise StreamBroken(
            f"{doing}: asked for {asked}, but they came from the start",
            got=asked.start,
            expected=length,
        )
    if asked.etag is not None and etag is None:
        raise _another_version(doing, "it has lost its mark")
    if status == 206:
        return _part(headers, etag, asked, length, doing)
    return _whole(headers, etag, asked, length, doing)


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
    if status == 412 and asked.etag is not None:
        return _another_version(doing, "status 412")
    if status == 416:
        return _outside(headers, asked, doing)
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


def _another_version(doing: str, sign: str) -> SourceChanged:
    return SourceChanged(f"{doing}: the original is not the version that was begun ({sign})")


def _outside(headers: Mapping[str, str], asked: Asked, doing: str) -> CloudSyncError:
    etag = mark(headers.get("ETag"))
    if asked.etag is not None and etag not in (None, asked.etag):
        return _another_version(doing, "its mark has changed")
    match = _UNSATISFIED.fullmatch(headers.get("Content-Range", "").strip())
    size = int(match[1]) if match else None
    told = "fewer bytes" if size is None else f"{size} bytes"
    return StreamBroken(
        f"{doing}: asked for {asked}, but the original has {told}", got=asked.start, expected=size
    )


def _check_form(headers: Mapping[str, str], doing: str) -> None:
    coding = headers.get("Content-Encoding", "").strip().lower()
    if coding not in _PLAIN:
        raise SourceNotUnderstood(f"{doing}: the bytes came compressed, although nobody asked")
    if headers.get("Transfer-Encoding", "chunked").lower() != "chunked":
        raise SourceNotUnderstood(f"{doing}: the bytes came in a wrapping that nobody asked for")
    if "html" in headers.get("Content-Type", "").lower():
        raise ServiceUnavailable(f"{doing}: a web page came instead of the original")


def _part(
    headers: Mapping[str, str], etag: str | None, asked: Asked, length: int | None, doing: str
) -> Opened:
    match = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip())
    if match is None:
        raise StreamBroken(
            f"{doing}: a part came that does not say which part it is",
            got=asked.start,
            expected=None,
        )
    first, last, size = (int(number) for number in match.groups())
    end = size if asked.end is None else min(asked.end, size)
    fits = first <= last and (first, last + 1) == (asked.start, end)
    if not fits or length not in (None, end - first):
        declared = "an unknown number of" if length is None else str(length)
        raise StreamBroken(
            f"{doing}: asked for {asked}, but {declared} bytes came, "
            f"from {first} to {last} of {size}",
            got=asked.start,
            expected=size,
        )
    return Opened(size, etag, end)


def _whole(
    headers: Mapping[str, str], etag: str | None, asked: Asked, length: int | None, doing: str
) -> Opened:
    if "Transfer-Encoding" in headers:
        # its framing is what counts, whatever else is declared
        return Opened(None, etag, asked.end, runs_on=asked.end is not None)
    if length is None:
        raise ServiceUnavailable(
            f"{doing}: the answer does not say how long it is, so a cut would look like its end"
        )
    if length == 0:
        raise StreamBroken(f"{doing}: the original came with 0 bytes", got=0, expected=None)
    if asked.end is not None and asked.end < length:
        return Opened(length, etag, asked.end, runs_on=True)
    return Opened(length, etag, length)


def _length(text: str | None) -> int | None:
    digits = (text or "").strip()
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
