"""Keep-alive connections whose answers are read straight into the caller's buffer.

The standard library's client, because it costs least. Measured with ranges of 8 MiB over TLS on
loopback, in CPU seconds a GiB with one and with four threads: this 1.0 and 1.4, `readinto` of
urllib3 1.4 and 1.8 with half as much memory again, its `read1` and a copy 4.4 and 9, curl 0.9.
Like urllib3 by itself, it uses no proxy from the environment.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from threading import Lock

from urllib3 import HTTPHeaderDict

from cloud_sync.provider.gopro.connection import (
    BROKE,
    NO_CONNECTION,
    NO_CONNECTION_IN_TIME,
    NO_NAME,
    SILENT,
    UNTRUSTED,
)
from cloud_sync.provider.gopro.socket_reader import SocketReader


class LineBroken(Exception):
    """`reason` says what happened to a connection, in words that hold nothing of the request."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _NothingCame(LineBroken):
    """The connection ended before the first byte of an answer."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a connection leads. `scheme` is `http` or `https`; `host` has no brackets."""

    scheme: str
    host: str
    port: int


class KeepAlive:
    """Connections by origin. Threads may call at once; each answer has a connection of its own.

    At most `idle` connections are kept for later. Time-outs are in seconds: `connect_timeout`
    until a connection stands, `read_timeout` without a single byte. Certificates are checked
    against the system's, or those that SSL_CERT_FILE and SSL_CERT_DIR name.
    """

    def __init__(self, *, idle: int, connect_timeout: float, read_timeout: float) -> None:
        self._most_idle = idle
        self._connect_timeout = connect_timeout
        self._read_timeout = read_timeout
        self._lock = Lock()
        self._idle: list[_Line] = []
        self._trust: ssl.SSLContext | None = None
        self._closed = False

    def get(self, origin: Origin, target: str, headers: Mapping[str, str]) -> Incoming:
        """The answer to a GET of `target`, a path with its query. Raises LineBroken.

        Nothing is tried twice, but for an idle connection that the server has closed meanwhile,
        as it may at any time: a fresh one takes its place if not a byte of an answer had come.
        """
        idle = self._take(origin)
        if idle is not None:
            try:
                return Incoming(self, idle, idle.ask(target, headers))
            except _NothingCame:
                pass
        line = self._connect(origin)
        return Incoming(self, line, line.ask(target, headers))

    def close(self) -> None:
        """Close idle connections now, and those in use when they are done. May be called twice."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for line in idle:
            line.hang_up()

    def keep(self, line: _Line) -> None:
        """Take back a connection that stands between two answers; the oldest makes room."""
        with self._lock:
            self._idle.append(line)
            most = 0 if self._closed else self._most_idle
            left_over = self._idle.pop(0) if len(self._idle) > most else None
        if left_over is not None:
            left_over.hang_up()

    def _take(self, origin: Origin) -> _Line | None:
        while (line := self._latest(origin)) is not None:
            if line.is_quiet():
                return line
            line.hang_up()
        return None

    def _latest(self, origin: Origin) -> _Line | None:
        with self._lock:
            for index in reversed(range(len(self._idle))):
                if self._idle[index].origin == origin:
                    return self._idle.pop(index)
        return None

    def _connect(self, origin: Origin) -> _Line:
        connection = self._unconnected(origin)
        try:
            connection.connect()
            return _Line(origin, connection, self._read_timeout)
        except BaseException as error:
            connection.close()
            if isinstance(error, (OSError, UnicodeError)):
                raise LineBroken(_why_unconnected(error)) from error
            raise

    def _unconnected(self, origin: Origin) -> HTTPConnection:
        timeout = self._connect_timeout
        if origin.scheme == "http":
            return HTTPConnection(origin.host, origin.port, timeout=timeout)
        return HTTPSConnection(origin.host, origin.port, timeout=timeout, context=self._context())

    def _context(self) -> ssl.SSLContext:
        """Made once, and not before it is needed: reading all certificates takes a while."""
        with self._lock:
            if self._trust is None:
                self._trust = ssl.create_default_context()
                self._trust.set_alpn_protocols(["http/1.1"])
            return self._trust


class _Line:
    """One connection."""

    def __init__(self, origin: Origin, connection: HTTPConnection, timeout: float) -> None:
        self.origin = origin
        self._connection = connection
        self._reader = SocketReader(connection.sock, timeout)
        connection.sock = self._reader.as_socket()

    def ask(self, target: str, headers: Mapping[str, str]) -> HTTPResponse:
        """The answer to a GET as soon as its head is there. Hangs up on any error."""
        try:
            self._begin(target, headers)
            return self._connection.getresponse()
        except BaseException as error:
            self.hang_up()
            if isinstance(error, (OSError, HTTPException)):
                raise LineBroken(_why_broken(error)) from error
            raise

    def _begin(self, target: str, headers: Mapping[str, str]) -> None:
        try:
            self._connection.request("GET", target, headers=dict(headers))
            began = self._reader.speaks()
        except TimeoutError:
            raise
        except OSError as error:
            raise _NothingCame(BROKE) from error
        if not began:
            raise _NothingCame(BROKE)

    def has_unread(self) -> bool:
        return self._reader.has_unread()

    def is_quiet(self) -> bool:
        return self._reader.is_quiet()

    def hang_up(self) -> None:
        self._connection.close()
        self._reader.hang_up()


class Incoming:
    """An answer whose body is yet to be read, by one thread, and that must be released."""

    def __init__(self, home: KeepAlive, line: _Line, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers: Mapping[str, str] = HTTPHeaderDict(response.getheaders())
        self._home = home
        self._line: _Line | None = line
        self._response = response
        self._whole = False

    def readinto(self, buffer: memoryview) -> int:
        """Fill `buffer` as far as the body goes: less only at its end. Raises LineBroken.

        A body that is cut short ends like one that is whole: the caller must count.
        """
        try:
            return self._response.readinto(buffer)
        except (OSError, HTTPException) as error:
            raise LineBroken(_why_broken(error)) from error

    def has_more(self) -> bool:
        """Whether more bytes come than were read and, where a length was declared, than that.

        Waits for the end of a body without a declared length. Raises LineBroken.
        """
        if not self._response.isclosed() and self.readinto(memoryview(bytearray(1))):
            return True
        try:
            more = self._line is not None and self._line.has_unread()
        except OSError:
            # the body is whole; only the connection is of no more use
            return False
        self._whole = not more
        return more

    def release(self) -> None:
        """Keep the connection if `has_more` has denied, else close it. May be called twice."""
        line, self._line = self._line, None
        if line is None:
            return
        reusable = self._whole and not self._response.will_close
        self._response.close()
        if reusable:
            self._home.keep(line)
        else:
            line.hang_up()


def _why_unconnected(error: OSError | UnicodeError) -> str:
    if isinstance(error, (socket.gaierror, UnicodeError)) and not isinstance(error, ssl.SSLError):
        return NO_NAME
    if isinstance(error, TimeoutError):
        return NO_CONNECTION_IN_TIME
    return UNTRUSTED if isinstance(error, ssl.SSLError) else NO_CONNECTION


def _why_broken(error: OSError | HTTPException) -> str:
    return SILENT if isinstance(error, TimeoutError) else BROKE
