"""A place on loopback that messages and pings go to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """A server on loopback that keeps what it was asked, and answers with `status`."""

    port: int = 0
    status: int = 200
    asked: list[str] = field(default_factory=list)
    messages: list[dict[str, str]] = field(default_factory=list)

    def url(self, scheme: str, path: str = "/") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        timeout = 10

        def do_GET(self) -> None:
            receiver.asked.append(self.path)
            self.answer()

        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            receiver.messages.append(json.loads(self.rfile.read(length)))
            self.answer()

        def answer(self) -> None:
            self.send_response(receiver.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """The test prints nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join(timeout=10)
