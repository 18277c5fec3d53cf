"""A server that writes bytes as they are, so that it can misbehave in every way."""

from __future__ import annotations

import json
import select
import socket
import ssl
import struct
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

HTML = b"<!DOCTYPE html><html><body>Request blocked.</body></html>"


class Keep:
    """Sends `first`, and waits for the next request on the same connection."""

    def __init__(self, first: bytes) -> None:
        self.first = first


class Reset:
    """Sends `first`, then breaks the connection with a TCP reset."""

    def __init__(self, first: bytes = b"") -> None:
        self.first = first


class Stall:
    """Sends `first`, then nothing more while the server lives."""

    def __init__(self, first: bytes = b"") -> None:
        self.first = first


class Trickle:
    """Sends `pieces` one by one with `pause` seconds before each, then closes."""

    def __init__(self, pieces: Sequence[bytes], pause: float) -> None:
        self.pieces = pieces
        self.pause = pause


Step = bytes | Keep | Reset | Stall | Trickle
"""Bytes are sent, and the connection is closed."""


@dataclass
class Server:
    """Answers each request with the next step; the last step is repeated.

    One thread: requests are answered one after the other, on as many connections as there are.
    """

    steps: list[Step]
    trust: ssl.SSLContext | None = None
    requests: list[str] = field(default_factory=list)
    connections: int = 0

    def __post_init__(self) -> None:
        self._stopping = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        scheme = "https" if self.trust else "http"
        self.url = f"{scheme}://127.0.0.1:{self._listener.getsockname()[1]}"
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(10)
        for each in (self._listener, *self._open):
            each.close()

    def header(self, number: int, name: str) -> str | None:
        """A header of the request `number`, counted from 0."""
        for line in self.requests[number].split("\r\n")[1:]:
            key, _, value = line.partition(":")
            if key.lower() == name.lower():
                return value.strip()
        return None

    def say(self, unasked: bytes) -> None:
        """Send something on every open connection, although nobody asks."""
        for connection in self._open:
            connection.sendall(unasked)

    def _serve(self) -> None:
        waiting: list[socket.socket] = [self._listener]
        while not self._stopping.is_set():
            for ready in select.select(waiting, [], [], 0.01)[0]:
                if ready is self._listener:
                    self._accept(waiting)
                elif not self._converse(ready):
                    waiting.remove(ready)

    def _accept(self, waiting: list[socket.socket]) -> None:
        connection, _ = self._listener.accept()
        self.connections += 1
        connection.settimeout(5)
        if self.trust is not None:
            try:
                connection = self.trust.wrap_socket(connection, server_side=True)
            except OSError:
                # the client does not trust us, and has gone
                connection.close()
                return
        self._open.append(connection)
        waiting.append(connection)

    def _converse(self, connection: socket.socket) -> bool:
        """Answer one request; whether another may follow."""
        head = _head(connection)
        if not head:
            connection.close()
            return False
        self.requests.append(head)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Keep):
            connection.sendall(step.first)
            return True
        if isinstance(step, Stall):
            connection.sendall(step.first)
            return False
        self._end(connection, step)
        return False

    def _end(self, connection: socket.socket, step: bytes | Reset | Trickle) -> None:
        if isinstance(step, Trickle):
            for piece in step.pieces:
                self._stopping.wait(step.pause)
                connection.sendall(piece)
        else:
            connection.sendall(step.first if isinstance(step, Reset) else step)
        if isinstance(step, Reset):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()


def _head(connection: socket.socket) -> str:
    received = b""
    while b"\r\n\r\n" not in received:
        try:
            piece = connection.recv(65536)
        except ConnectionError:
            return ""
        if not piece:
            return ""
        received += piece
    return received.decode("latin-1")


@contextmanager
def serving(*steps: Step, trust: ssl.SSLContext | None = None) -> Iterator[Server]:
    server = Server(list(steps), trust)
    try:
        yield server
    finally:
        server.stop()


def http(
    status: int, body: bytes = b"", headers: dict[str, str] | None = None, *, length: bool = True
) -> bytes:
    """An answer that says that it is the last of its connection."""
    lines = {"Content-Type": "application/json", "Connection": "close"}
    if length:
        lines["Content-Length"] = str(len(body))
    lines |= headers or {}
    told = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} X\r\n{told}\r\n".encode() + body


def as_json(value: Any, status: int = 200, headers: dict[str, str] | None = None) -> bytes:
    return http(status, json.dumps(value).encode(), headers)
