"""Where spans go: to a collector where OpenTelemetry's own variables name one, else nowhere."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from cloud_sync.tracing.spans import NoSpans, Spans

_LOG = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


def spans_of(environment: Mapping[str, str]) -> Spans:
    """The adapter for this environment. A missing extra is a remark, for traces are no archive."""
    named = next((name for name in ENDPOINTS if environment.get(name)), None)
    if named is None or environment.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return NoSpans()
    try:
        from cloud_sync.tracing.opentelemetry import OpenTelemetrySpans
    except ModuleNotFoundError:
        return NoSpans(
            f"{named} is set, and no traces are sent: the extra is missing; "
            "pip install 'cloud-sync[tracing]'"
        )
    return OpenTelemetrySpans()


@contextmanager
def traced(environment: Mapping[str, str]) -> Iterator[Spans]:
    """Spans for the length of the block; what could not be handed over is warned of at its end."""
    spans = spans_of(environment)
    try:
        yield spans
    finally:
        if remark := spans.close():
            _LOG.warning(remark)
