"""What a service asks and answers: requests and answers apart from the sockets they travel on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.message import Message
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

from cloud_sync.simulator.medium import SimFile


class Endpoint(StrEnum):
    """What a request is for."""

    USER = "user"
    SEARCH = "search"
    MEDIUM = "medium"
    DOWNLOAD = "download"
    OBJECT = "object"
    WRITE = "write"
    """Any method that could change the library: nothing that makes backups may call one."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it came. `query` holds the last value of each name, percent-decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Message

    @classmethod
    def read(cls, method: str, target: str, headers: Message) -> Request:
        parts = urlsplit(target)
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        return cls(method, parts.path, query, headers)

    @property
    def reads(self) -> bool:
        return self.method in {"GET", "HEAD"}

    def header(self, name: str) -> str | None:
        return self.headers.get(name)

    def with_header(self, name: str, value: str | None) -> Request:
        """The same request with another value of the header, or without it for None."""
        headers = Message()
        for key, kept in self.headers.items():
            if key.lower() != name.lower():
                headers[key] = kept
        if value is not None:
            headers[name] = value
        return replace(self, headers=headers)

    def with_query(self, name: str, value: str) -> Request:
        """The same request with another value in its query."""
        return replace(self, query={**self.query, name: value})


class BodyEnds(Exception):
    """A body breaks off here: what was sent stays sent, and the connection is closed."""


class Body(Protocol):
    """A body that is made while it is sent."""

    @property
    def length(self) -> int:
        """How many bytes it has, where it is sent whole."""
        ...

    def pieces(self, size: int) -> Iterator[bytes]:
        """The body in pieces of up to `size` bytes. Raises OriginalUnreadable, BodyEnds."""
        ...


class Framing(StrEnum):
    """How the other side learns where a body ends."""

    LENGTH = "length"
    """From `Content-Length`."""
    CHUNKED = "chunked"
    """From the last chunk."""
    CLOSE = "close"
    """From the end of the connection."""


@dataclass(frozen=True, slots=True)
class FileSlice:
    """A stretch of an original, as a body."""

    file: SimFile
    offset: int
    length: int

    def pieces(self, size: int) -> Iterator[bytes]:
        """The stretch in pieces of up to `size` bytes. Raises OriginalUnreadable."""
        end = self.offset + self.length
        for position in range(self.offset, end, size):
            yield self.file.read(position, min(size, end - position))


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer before it is sent.

    `Content-Length` is added from the body unless `headers` bear one, true or not, or `framing`
    does without. The answer to HEAD is the answer to GET; its body stays behind. `refusal` names
    why the simulator said no, for its counters. `closes`: no other answer comes by its connection.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | Body = b""
    refusal: str = ""
    framing: Framing = Framing.LENGTH
    closes: bool = False

    @property
    def length(self) -> int:
        return len(self.body) if isinstance(self.body, bytes) else self.body.length


class Service(Protocol):
    """One port's worth of answers."""

    def endpoint(self, request: Request) -> tuple[Endpoint, str]:
        """What the request is for, and the id of the medium it names, else an empty text."""
        ...

    def answer(self, request: Request) -> Answer:
        """The answer of a service in good health."""
        ...


def json_answer(status: int, content: Any, *, refusal: str = "") -> Answer:
    headers = (("Content-Type", "application/json; charset=utf-8"),)
    return Answer(status, headers, json.dumps(content).encode(), refusal)


def xml_error(
    status: int,
    code: str,
    message: str,
    *,
    refusal: str = "",
    headers: tuple[tuple[str, str], ...] = (),
) -> Answer:
    """An error as S3 words it."""
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
        "<RequestId>SIMULATED0000000</RequestId><HostId>simulated</HostId></Error>"
    )
    return Answer(
        status, (("Content-Type", "application/xml"), *headers), text.encode(), refusal or code
    )
