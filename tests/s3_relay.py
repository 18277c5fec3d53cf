"""A relay in front of a real S3 server: it writes down what is asked, and can disturb it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from seaweedfs import S3Server


class Lost(Exception):
    """Raised by a disturbance: the connection closes without an answer."""


class Refused(Exception):
    """Raised by a disturbance: the server is not asked, and this is the answer."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        body = f"<Error><Code>{code}</Code><Message>refused</Message></Error>"
        self.answer = Relayed(status, {"Content-Type": "application/xml"}, body.encode())


@dataclass
class Relayed:
    """An answer of the server on its way back; a disturbance may change it."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class Relay:
    """`sent` names the operations in order, as the API names them; `received` counts the bytes
    of their bodies.

    `before` and `after` are called by operation, before and after the server has done the work.
    """

    server: S3Server
    url: str = ""
    sent: list[str] = field(default_factory=list)
    received: int = 0
    connections: int = 0
    before: dict[str, Callable[[], None]] = field(default_factory=dict)
    after: dict[str, Callable[[Relayed], None]] = field(default_factory=dict)

    @property
    def client_options(self) -> dict[str, Any]:
        return self.server.client_options | {"endpoint_url": self.url}

    def writes(self) -> list[str]:
        return [name for name in self.sent if not name.startswith(("Head", "Get", "List"))]

    def answered(self, request: BaseHTTPRequestHandler) -> Relayed | None:
        """The answer to a request, None where it gets lost."""
        try:
            return self.pass_on(request)
        except Refused as refusal:
            return refusal.answer
        except Lost:
            return None

    def pass_on(self, request: BaseHTTPRequestHandler) -> Relayed:
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        self.received += len(body)
        name = operation(request.command, request.path)
        self.sent.append(name)
        if name in self.before:
            self.before[name]()
        upstream = HTTPConnection(urlsplit(self.server.endpoint).netloc, timeout=60)
        try:
            upstream.putrequest(
                request.command, request.path, skip_host=True, skip_accept_encoding=True
            )
            for header, value in request.headers.items():
                if header.lower() != "expect":
                    upstream.putheader(header, value)
            upstream.endheaders(body)
            response = upstream.getresponse()
            answer = Relayed(response.status, dict(response.getheaders()), response.read())
        finally:
            upstream.close()
        if name in self.after:
            self.after[name](answer)
        return answer


def operation(method: str, path: str) -> str:
    """The API's name for a path-style request."""
    parts = urlsplit(path)
    query = parse_qs(parts.query, keep_blank_values=True)
    of_object = parts.path.strip("/").count("/") > 0
    multipart = "uploadId" in query
    return {
        ("PUT", True): "UploadPart" if multipart else "PutObject",
        ("POST", True): "CompleteMultipartUpload" if multipart else "CreateMultipartUpload",
        ("DELETE", True): "AbortMultipartUpload" if multipart else "DeleteObject",
        ("GET", True): "ListParts" if multipart else "GetObject",
        ("HEAD", True): "HeadObject",
        ("HEAD", False): "HeadBucket",
        ("GET", False): "ListObjectsV2",
        ("PUT", False): "CreateBucket",
    }[method, of_object]


@contextmanager
def relaying(server: S3Server, tls: ssl.SSLContext | None = None) -> Iterator[Relay]:
    """A relay on a port of its own, encrypted on the client's side where `tls` is given."""
    relay = Relay(server)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60

        def setup(self) -> None:
            relay.connections += 1
            super().setup()

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            answer = relay.answered(self)
            if answer is None:
                self.close_connection = True
                return
            self.send_response_only(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in ("connection", "transfer-encoding", "content-length"):
                    self.send_header(name, value)
            length = answer.headers.get("Content-Length", str(len(answer.body)))
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
            self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: tests look at `sent`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        listener.daemon_threads = True
        relay.url = f"{'https' if tls else 'http'}://127.0.0.1:{listener.server_port}"
        if tls:
            listener.socket = tls.wrap_socket(listener.socket, server_side=True)
        thread = Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield relay
        finally:
            listener.shutdown()
            thread.join(10)


@dataclass
class Tunnel:
    """A proxy that passes TLS through; what it was asked for, and by whom."""

    url: str
    asked: list[str] = field(default_factory=list)
    logins: list[str | None] = field(default_factory=list)


@contextmanager
def tunnelling() -> Iterator[Tunnel]:
    tunnel = Tunnel("")

    class Handler(BaseHTTPRequestHandler):
        timeout = 60

        def do_CONNECT(self) -> None:
            tunnel.asked.append(self.requestline)
            tunnel.logins.append(self.headers["Proxy-Authorization"])
            host, _, port = self.path.rpartition(":")
            with socket.create_connection((host, int(port)), timeout=60) as upstream:
                self.send_response_only(200)
                self.end_headers()
                back = Thread(target=_pump, args=(upstream, self.connection))
                back.start()
                _pump(self.connection, upstream)
                back.join(60)
            self.close_connection = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Nothing: tests look at `asked`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        tunnel.url = f"http://127.0.0.1:{listener.server_port}"
        thread = Thread(target=listener.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield tunnel
        finally:
            listener.shutdown()
            thread.join(10)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
