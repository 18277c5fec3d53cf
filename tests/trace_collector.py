"""A collector of OpenTelemetry's spans on loopback, over real HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Collector:
    """What came in, span by span."""

    url: str = ""
    status: int = 200
    spans: list[Any] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def names(self) -> list[str]:
        return sorted(span.name for span in self.spans)

    def parent_of(self, name: str) -> str:
        (span,) = (each for each in self.spans if each.name == name)
        parents = [each.name for each in self.spans if each.span_id == span.parent_span_id]
        return parents[0] if parents else ""


@contextmanager
def collector(status: int = 200) -> Iterator[Collector]:
    made = Collector(status=status)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.bodies.append(body)
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    made.spans.extend(scope.spans)
            self.send_response(made.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield made
        finally:
            server.shutdown()
            thread.join(10)
