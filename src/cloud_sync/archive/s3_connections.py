"""Keep-alive connections to one S3 endpoint, for bodies that are sent straight from a buffer.

The standard library's client is used because it costs least. Measured over TLS: 0.7 of the AWS
SDK's CPU for parts of 8 MiB, where encryption is nearly all of it, and a third for small requests;
urllib3 needs a tenth more than this for the first and half as much again for the second.
"""

from __future__ import annotations

import select
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPMessage,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
)
from threading import Lock
from urllib.parse import SplitResult, unquote, urlsplit
from weakref import finalize

SLICE = 1 << 20
"""Bytes handed to the socket at once. Its time limit holds for each slice, not for a body: a slow
line may take minutes for a whole part."""

MOST_OF_A_REFUSAL = 1 << 16
"""Bytes that are read of an answer; what S3 says to a write is far shorter."""

_BROKEN = (ConnectionError, HTTPException, ssl.SSLEOFError, ssl.SSLZeroReturnError)
"""How a connection looks that the other side has closed."""

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Exchange:
    """A service's answer. `again`: the request went out a second time on a new connection."""

    status: int
    headers: HTTPMessage
    body: bytes
    again: bool


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where connections go. `proxy` is the proxy's URL, None for the direct way.

    `trust` makes the TLS settings and is asked once; times are in seconds, `answer_timeout` for
    every slice sent and for the answer.
    """

    url: str
    proxy: str | None
    trust: Callable[[], ssl.SSLContext]
    connect_timeout: float
    answer_timeout: float


class Connections:
    """Threads may call at once; each call has a connection of its own while it lasts.

    Raises OSError (with ssl.SSLError and TimeoutError) and http.client.HTTPException.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._place = urlsplit(endpoint.url)
        self._proxy = urlsplit(endpoint.proxy) if endpoint.proxy else None
        self._proxy_headers = _login(self._proxy)
        self._context = endpoint.trust() if endpoint.url.startswith("https:") else None
        self._idle: list[HTTPConnection] = []
        self._lock = Lock()
        # sockets are closed by name, also where nobody closed the archive
        finalize(self, _close_all, self._idle)

    def exchange(self, method: str, target: str, headers: Headers, body: memoryview) -> Exchange:
        """Send one request and read its answer; `target` is the path with its query.

        `headers` say all but Content-Length, and Host where they like. An idle connection that
        turns out to be closed is replaced once: the service closes it whenever it likes.
        """
        idle = self._take()
        if idle is not None:
            try:
                return self._over(idle, method, target, headers, body)
            except _BROKEN:
                pass
        answer = self._over(self._connect(), method, target, headers, body)
        return answer if idle is None else replace(answer, again=True)

    def close(self) -> None:
        """Close what is idle; later calls connect anew."""
        with self._lock:
            _close_all(self._idle)

    def _over(
        self,
        connection: HTTPConnection,
        method: str,
        target: str,
        headers: Headers,
        body: memoryview,
    ) -> Exchange:
        try:
            if self._context is None:
                headers = [*headers, *self._proxy_headers.items()]
            _begin(connection, method, self._target(target), headers, len(body))
            whole = _send(connection, body)
            response = connection.getresponse()
            content = response.read(MOST_OF_A_REFUSAL)
            if len(content) < MOST_OF_A_REFUSAL and not response.isclosed():
                raise IncompleteRead(content)
            if not whole and response.status < 300:
                raise ConnectionResetError("answered before the body was there")
            reusable = whole and response.isclosed() and not response.will_close
        except BaseException:
            connection.close()
            raise
        self._give_back(connection, response, reusable=reusable)
        return Exchange(response.status, response.headers, content, again=False)

    def _take(self) -> HTTPConnection | None:
        with self._lock:
            while self._idle:
                connection = self._idle.pop()
                if not _readable(connection):
                    return connection
                # nothing is asked for, so there is nothing to read but the end
                connection.close()
        return None

    def _give_back(
        self, connection: HTTPConnection, response: HTTPResponse, *, reusable: bool
    ) -> None:
        if not reusable:
            response.close()
            connection.close()
            return
        with self._lock:
            self._idle.append(connection)

    def _target(self, target: str) -> str:
        """A proxy is asked for the whole URL, unless it only passes TLS through."""
        if self._proxy is None or self._context is not None:
            return target
        return f"{self._place.scheme}://{self._place.netloc}{target}"

    def _connect(self) -> HTTPConnection:
        connection = self._connection()
        try:
            connection.connect()
            connection.sock.settimeout(self._endpoint.answer_timeout)
        except BaseException:
            connection.close()
            raise
        return connection

    def _connection(self) -> HTTPConnection:
        host, port = _address(self._proxy or self._place)
        timeout = self._endpoint.connect_timeout
        if self._context is None:
            return HTTPConnection(host, port, timeout=timeout)
        connection = HTTPSConnection(host, port, timeout=timeout, context=self._context)
        if self._proxy is not None:
            connection.set_tunnel(*_address(self._place), headers=self._proxy_headers)
        return connection


def _address(url: SplitResult) -> tuple[str, int]:
    return url.hostname or "", url.port or (443 if url.scheme == "https" else 80)


def _login(proxy: SplitResult | None) -> dict[str, str]:
    """What a proxy wants to see of the name and password in its URL."""
    if proxy is None or proxy.username is None:
        return {}
    login = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": "Basic " + b64encode(login.encode()).decode("ascii")}


def _begin(
    connection: HTTPConnection, method: str, target: str, headers: Headers, length: int
) -> None:
    named = list(headers)
    says_host = any(name.lower() == "host" for name, _ in named)
    connection.putrequest(method, target, skip_host=says_host, skip_accept_encoding=True)
    for name, value in named:
        connection.putheader(name, value)
    if method == "PUT":
        connection.putheader("Content-Length", str(length))


def _send(connection: HTTPConnection, body: memoryview) -> bool:
    """Whether all went out. A service that refuses early closes, and its answer may be there."""
    try:
        connection.endheaders()
        for start in range(0, len(body), SLICE):
            connection.sock.sendall(body[start : start + SLICE])
    except _BROKEN:
        return False
    return True


def _readable(connection: HTTPConnection) -> bool:
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return bool(poll.poll(0))


def _close_all(idle: list[HTTPConnection]) -> None:
    while idle:
        idle.pop().close()
