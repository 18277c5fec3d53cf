"""HTTPS servers on loopback, in processes of their own: one for each core, sharing one socket."""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer
from multiprocessing.connection import Connection
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Thread
from typing import Any

HOST = "127.0.0.1"
IDLE_SECONDS = 60
START_SECONDS = 60
STOP_SECONDS = 10


_OPENSSL_SETTINGS = """
openssl_conf = openssl_init
[openssl_init]
ssl_conf = ssl
[ssl]
system_default = default
[default]
Ciphersuites = TLS_AES_128_GCM_SHA256
"""


def choose_cipher(folder: Path) -> None:
    """Let servers started from now on choose the cipher that S3 and CloudFront choose.

    Left to themselves they would choose AES-256, which nobody meets there and which costs all
    contestants half as much again. Contestants are started without this setting.
    """
    settings = folder / "openssl.cnf"
    settings.write_text(_OPENSSL_SETTINGS)
    os.environ["OPENSSL_CONF"] = str(settings)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A throw-away certificate for `HOST`, its key, and the authority that vouches for it."""

    chain: Path
    key: Path
    authority: Path

    @classmethod
    def make(cls, folder: Path) -> Certificate:
        """Made by a process of its own: the harness stays small beside what it measures."""
        subprocess.run(
            [sys.executable, "-m", "trustme", "-q", "-i", HOST, "-d", str(folder)],
            check=True,
            stdin=subprocess.DEVNULL,
        )
        return cls(folder / "server.pem", folder / "server.key", folder / "client.pem")


class Exchange(BaseHTTPRequestHandler):
    """A connection that stays open. `settings` are those that `serving` was given."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = IDLE_SECONDS
    connection: ssl.SSLSocket

    @property
    def settings(self) -> Any:
        server: Any = self.server
        return server.settings

    def setup(self) -> None:
        # here and not where connections are accepted: a handshake takes time
        self.request.settimeout(IDLE_SECONDS)
        self.request.do_handshake()
        super().setup()

    def answer(self, status: int, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Send a whole answer; with HEAD the body stays behind, and so does its length."""
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and body:
            self.connection.sendall(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 the name it inherits
        """Nothing: an error shows in what the contestant reports."""


class _Server(ThreadingMixIn, HTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(
        self,
        listener: socket.socket,
        exchange: type[Exchange],
        context: ssl.SSLContext,
        settings: object,
    ) -> None:
        super().__init__((HOST, 0), exchange, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.settings = settings
        self._context = context

    def get_request(self) -> tuple[socket.socket, Any]:
        accepted, address = self.socket.accept()
        accepted.setblocking(True)
        return self._context.wrap_socket(
            accepted, server_side=True, do_handshake_on_connect=False
        ), address

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


@dataclass(slots=True)
class Served:
    """Where a server answers; after `serving` ends, the CPU seconds that it took."""

    port: int
    cpu: float = 0.0

    @property
    def url(self) -> str:
        return f"https://{HOST}:{self.port}"


@contextmanager
def serving(
    exchange: type[Exchange], settings: object, certificate: Certificate
) -> Iterator[Served]:
    """Serve until the block ends; a process that loses its parent ends by itself."""
    context = multiprocessing.get_context("spawn")
    with socket.create_server((HOST, 0), backlog=512) as listener:
        # several processes wait for the same connection, and one of them gets it
        listener.setblocking(False)
        _send_without_pacing(listener)
        served = Served(listener.getsockname()[1])
        workers = []
        for _ in range(os.cpu_count() or 1):
            here, there = multiprocessing.Pipe()
            arguments = (there, listener, exchange, settings, certificate)
            process = context.Process(target=_serve, args=arguments, daemon=True)
            process.start()
            there.close()
            workers.append((process, here))
        try:
            for _, here in workers:
                if not here.poll(START_SECONDS):
                    raise RuntimeError(f"{exchange.__name__} did not start")
                here.recv()
            yield served
        finally:
            for process, here in workers:
                served.cpu += _stopped(process, here)


def _send_without_pacing(listener: socket.socket) -> None:
    """BBR, which some machines use by default, paces by timers: pure cost on loopback."""
    if hasattr(socket, "TCP_CONGESTION"):
        # a machine that lacks cubic, or does not let everybody choose it, keeps its default
        with suppress(OSError):
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, b"cubic")


def _stopped(process: multiprocessing.process.BaseProcess, pipe: Connection) -> float:
    """End the process; the CPU seconds that it took, 0 where it died before."""
    cpu = 0.0
    try:
        pipe.send("stop")
        if pipe.poll(STOP_SECONDS):
            cpu = float(pipe.recv())
    except (EOFError, OSError):
        cpu = 0.0
    process.join(STOP_SECONDS)
    if process.is_alive():
        process.kill()
        process.join()
    pipe.close()
    return cpu


def _serve(
    pipe: Connection,
    listener: socket.socket,
    exchange: type[Exchange],
    settings: object,
    certificate: Certificate,
) -> None:
    # Ctrl-C is for the parent, who then ends this process
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate.chain, certificate.key)
    listener.setblocking(False)
    server = _Server(listener, exchange, context, settings)
    Thread(target=server.serve_forever, daemon=True).start()
    pipe.send("ready")
    began = time.process_time()
    try:
        pipe.recv()
        pipe.send(time.process_time() - began)
    except (EOFError, OSError):
        # the parent is gone
        return
