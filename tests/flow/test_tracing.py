"""Spans as a collector gets them, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from cloud_sync.wiring.tracing import spans_of
from trace_collector import Collector, collector


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    with collector() as made:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", made.url)
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
        yield made


def configured(made: Collector) -> dict[str, str]:
    return {"OTEL_EXPORTER_OTLP_ENDPOINT": made.url}


def test_the_parts_of_a_run_lie_under_it_those_of_other_threads_too(endpoint: Collector) -> None:
    spans = spans_of(configured(endpoint))

    def medium(media_id: str) -> None:
        with spans.span("archive_medium", media_id=media_id), spans.span(f"fetch {media_id}"):
            pass

    with spans.span("run", run_id="run-1"):
        with spans.span("list"):
            pass
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(medium, ["a"]))
    assert spans.close() == ""
    assert endpoint.names() == ["archive_medium", "fetch a", "list", "run"]
    assert endpoint.parent_of("list") == "run"
    assert endpoint.parent_of("archive_medium") == "run"
    assert endpoint.parent_of("fetch a") == "archive_medium"
    assert len({span.trace_id for span in endpoint.spans}) == 1


def test_a_failure_is_marked_by_its_kind_and_its_text_stays_here(endpoint: Collector) -> None:
    spans = spans_of(configured(endpoint))
    with pytest.raises(ValueError, match="Signature"), spans.span("run"):
        raise ValueError("https://cdn.example/GX01.MP4?Signature=hush")
    assert spans.close() == ""
    assert [span.status.message for span in endpoint.spans] == ["ValueError"]
    assert not any(b"hush" in body for body in endpoint.bodies)


@pytest.mark.parametrize("trouble", ["nobody listens", "refused"])
def test_a_collector_that_takes_nothing_is_told_once_and_stops_nothing(
    trouble: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with collector(status=400) as made:
        url = made.url if trouble == "refused" else "http://127.0.0.1:9"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        spans = spans_of({"OTEL_EXPORTER_OTLP_ENDPOINT": url})
        with spans.span("run"), spans.span("list"):
            pass
        remark = spans.close()
    assert "2 spans did not reach the collector" in remark
    assert url not in remark, "a collector's address may hold a password"
    assert capfd.readouterr() == ("", "")


def test_nothing_is_measured_where_no_collector_is_named() -> None:
    for environment in (
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x", "OTEL_SDK_DISABLED": "true"},
    ):
        spans = spans_of(environment)
        with spans.span("run"):
            pass
        assert (type(spans).__name__, spans.close()) == ("NoSpans", "")
