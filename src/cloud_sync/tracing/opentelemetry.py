"""Spans by OpenTelemetry, to the collector that the `OTEL_EXPORTER_OTLP_*` variables name.

Importing it needs the extra `tracing`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from opentelemetry import context, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from cloud_sync import __version__

PATIENCE = 5.0
"""Seconds that the end of a run waits for a collector which does not answer."""


class OpenTelemetrySpans:
    """Collects spans while the run works and sends them from a thread of its own.

    Endpoint, headers and resource attributes are OpenTelemetry's own variables.
    """

    def __init__(self) -> None:
        # its own words may hold the collector's address with a password in it
        logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
        logging.getLogger("opentelemetry").propagate = False
        self._exporter = _Counting(OTLPSpanExporter(timeout=PATIENCE))
        named = Resource.create({SERVICE_NAME: "cloud-sync", SERVICE_VERSION: __version__})
        self._provider = TracerProvider(resource=named, shutdown_on_exit=False)
        self._provider.add_span_processor(
            BatchSpanProcessor(self._exporter, export_timeout_millis=PATIENCE * 1000)
        )
        self._tracer = self._provider.get_tracer("cloud_sync", __version__)
        self._root: context.Context | None = None

    @contextmanager
    def span(self, name: str, **attributes: str) -> Iterator[None]:
        """Measure the block; the first span that is open is the run's."""
        parent = self._root
        if trace.get_current_span().get_span_context().is_valid:
            parent = context.get_current()
        with self._tracer.start_as_current_span(
            name,
            context=parent,
            attributes={f"cloud_sync.{key}": value for key, value in attributes.items()},
            record_exception=False,
            set_status_on_exception=False,
        ) as open_span:
            first = self._root is None
            if first:
                self._root = context.get_current()
            try:
                yield
            except BaseException as error:
                open_span.set_status(trace.StatusCode.ERROR, type(error).__name__)
                raise
            finally:
                if first:
                    self._root = None

    def close(self) -> str:
        """Send what is left, within `PATIENCE`."""
        self._provider.force_flush(int(PATIENCE * 1000))
        self._provider.shutdown()
        if not self._exporter.lost:
            return ""
        return (
            f"sending traces: {self._exporter.lost} spans did not reach the collector that "
            "OTEL_EXPORTER_OTLP_ENDPOINT names; the run itself is not affected"
        )


class _Counting(SpanExporter):
    """An exporter that counts what it could not hand over."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter
        self._lock = threading.Lock()
        self.lost = 0

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        answer = self._exporter.export(spans)
        if answer is not SpanExportResult.SUCCESS:
            with self._lock:
                self.lost += len(spans)
        return answer

    def shutdown(self) -> None:
        self._exporter.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        return self._exporter.force_flush(timeout_millis)
