"""Sockets: one loopback server per port, with a thread per connection that keeps alive."""

from __future__ import annotations

import logging
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formatdate
from http.client import responses
from http.server import BaseHTTPRequestHandler, HTTPServer
from socketserver import TCPServer, ThreadingMixIn
from threading import Event, Lock, RLock, Thread
from typing import Any

from cloud_sync.simulator.answers import Answer, Body, BodyEnds, Framing, Request, Service
from cloud_sync.simulator.counters import Counters, Gauge, Visit
from cloud_sync.simulator.faults import Call, Faults
from cloud_sync.simulator.medium import OriginalUnreadable

HOST = "127.0.0.1"
PIECE = 256 * 1024

# also the longest that one piece may take to leave, so it leaves slow clients alone
_IDLE_SECONDS = 300
_STOP_SECONDS = 10
_POLL_SECONDS = 0.02
_LINGER_ZERO = struct.pack("ii", 1, 0)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Port:
    """What the connections of one port share.

    `delay` is waited before each answer, in seconds. `bytes_per_second` caps each connection.
    """

    service: Service
    counters: Counters
    gauge: Gauge
    faults: Faults
    stopping: Event
    is_cdn: bool = False
    delay: float = 0.0
    bytes_per_second: int | None = None


class LoopbackServer(ThreadingMixIn, HTTPServer):
    """Serves one port of the loopback device until `stop`, and leaves no thread or socket."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, number: int, port_of: Callable[[], Port]) -> None:
        """Listens at port `number`, 0 for any free one. Raises OSError where it is taken."""
        super().__init__((HOST, number), Handler)
        self._port_of = port_of
        self._lock = Lock()
        self._open: dict[socket.socket, Thread] = {}
        self._door = RLock()
        self._stopped = False
        self._loop = self._new_loop()

    @property
    def port(self) -> Port:
        return self._port_of()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"

    def server_bind(self) -> None:
        # HTTPServer would look up the host's name in the DNS here
        TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, self.server_address[1]

    def start(self) -> None:
        self._loop.start()

    def stop(self) -> None:
        """Stop listening, break every connection, and wait for their threads."""
        with self._door:
            self._stopped = True
            self._end_loop()
            self.server_close()
        for thread in self.break_connections():
            thread.join(_STOP_SECONDS)
            if thread.is_alive():
                log.error("a connection of the simulator did not end within %s s", _STOP_SECONDS)

    def refuse(self, seconds: float, stopping: Event) -> None:
        """Take no connection for so long; nothing while it takes none already.

        The port stays taken meanwhile: it is bound, but nobody listens.
        """
        with self._door:
            if self._stopped or not self._loop.is_alive():
                return
            self._end_loop()
            self.socket.close()
            self.socket = socket.socket(self.address_family, self.socket_type)
            self.server_bind()
        Thread(target=self._listen_after, args=(seconds, stopping), daemon=True).start()

    def _listen_after(self, seconds: float, stopping: Event) -> None:
        stopping.wait(seconds)
        with self._door:
            if not self._stopped:
                self.server_activate()
                self._loop = self._new_loop()
                self._loop.start()

    def _new_loop(self) -> Thread:
        return Thread(target=self.serve_forever, args=(_POLL_SECONDS,), daemon=True)

    def _end_loop(self) -> None:
        if self._loop.is_alive():
            self.shutdown()
            self._loop.join()

    def break_connections(self) -> list[Thread]:
        """Break all that are open; their threads, which end soon."""
        with self._lock:
            for connection in self._open:
                # it may have been closed by its own thread at this moment
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            return list(self._open.values())

    def process_request(self, request: Any, client_address: Any) -> None:
        thread = Thread(target=self._converse, args=(request, client_address), daemon=True)
        with self._lock:
            self._open[request] = thread
        thread.start()

    def _converse(self, request: socket.socket, client_address: Any) -> None:
        try:
            self.process_request_thread(request, client_address)
        finally:
            with self._lock:
                del self._open[request]

    def shutdown_request(self, request: Any) -> None:
        # an orderly shutdown first would turn a reset into a clean end
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == _LINGER_ZERO:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002
        error = sys.exc_info()[1]
        if isinstance(error, OSError):
            # the other side has gone or fallen silent, or the simulator stops
            log.debug("a connection to the simulator broke off", exc_info=error)
            return
        self.port.counters.crashed()
        log.error("the simulator failed on a request", exc_info=error)


class Handler(BaseHTTPRequestHandler):
    """One connection: reads requests, lets the service answer and the fault plan interfere."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = _IDLE_SECONDS
    server: LoopbackServer

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Say nothing: a request line bears a signed URL."""

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = do_GET  # noqa: N815

    def _serve(self) -> None:
        port = self.server.port
        request = Request.read(self.command, self.path, self.headers)
        endpoint, medium_id = port.service.endpoint(request)
        call = Call(endpoint, port.counters.call(endpoint), medium_id, request)
        if port.is_cdn:
            credentials = bool(request.header("Authorization") or request.header("Cookie"))
            port.counters.cdn_request(with_credentials=credentials)
        if not request.reads:
            # its body is never read, so nothing may follow on this connection
            self.close_connection = True
        with port.gauge.visit() as visit:
            self.wait(port.delay)
            answer = port.faults.exchange(call, self._asked, self)
            if answer is None:
                self.close_connection = True
            else:
                self._send_answer(port, call, answer, visit)

    def _asked(self, request: Request) -> Answer:
        port = self.server.port
        try:
            answer = port.service.answer(request)
        except Exception:
            port.counters.crashed()
            log.exception("the simulator failed to make an answer")
            return Answer(500, (("Content-Type", "text/plain"),), b"the simulator failed\n")
        if answer.refusal:
            port.counters.refused(answer.refusal)
        return answer

    def _send_answer(self, port: Port, call: Call, answer: Answer, visit: Visit) -> None:
        if answer.closes or answer.framing is Framing.CLOSE:
            self.close_connection = True
        head = self._head(answer)
        whole = False
        try:
            if self.command == "HEAD":
                visit.leave()
                self.send(head)
                whole = True
            elif isinstance(answer.body, bytes):
                piece = port.faults.piece(call, 0, answer.body, self)
                visit.leave()
                self.send(head + (piece or b""))
                whole = piece is not None
            else:
                self.send(head)
                whole = self._send_body(port, call, answer.body, answer.framing, visit)
        finally:
            # by the plan, by a file that has shrunk, or by a client that has gone
            if not whole:
                port.counters.broke_off()
                self.close_connection = True

    def _send_body(
        self, port: Port, call: Call, body: Body, framing: Framing, visit: Visit
    ) -> bool:
        """Send the body; whether all of it went out."""
        chunked = framing is Framing.CHUNKED
        rate = port.bytes_per_second
        size = min(PIECE, max(1, rate // 10)) if rate else PIECE
        position = 0
        try:
            for made in body.pieces(size):
                piece = port.faults.piece(call, position, made, self)
                if piece is None:
                    return False
                position += len(made)
                if rate:
                    self.wait(len(piece) / rate)
                if position == body.length:
                    visit.leave()
                if port.is_cdn:
                    port.counters.sent(len(piece))
                self.send(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
        except (OriginalUnreadable, BodyEnds):
            return False
        if chunked:
            self.send(b"0\r\n\r\n")
        return True

    def _head(self, answer: Answer) -> bytes:
        phrase = responses.get(answer.status, "Unknown")
        headers = [("Date", formatdate(usegmt=True)), *answer.headers]
        if answer.framing is Framing.CHUNKED:
            headers.append(("Transfer-Encoding", "chunked"))
        elif answer.framing is Framing.LENGTH and all(
            name.lower() != "content-length" for name, _ in headers
        ):
            headers.append(("Content-Length", str(answer.length)))
        if self.close_connection:
            headers.append(("Connection", "close"))
        lines = [f"HTTP/1.1 {answer.status} {phrase}", *(f"{k}: {v}" for k, v in headers)]
        return "\r\n".join([*lines, "", ""]).encode("latin-1")

    def send(self, raw: bytes) -> None:
        self.connection.sendall(raw)

    def wait(self, seconds: float) -> None:
        if seconds > 0:
            self.server.port.stopping.wait(seconds)

    def reset(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_ZERO)
        self.close_connection = True
