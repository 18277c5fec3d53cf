"""Where a run's time goes, as a collector on this machine hears it from the real command."""

from __future__ import annotations

import re
from pathlib import Path

from cloud_sync.simulator.library import Library
from cloud_sync.simulator.server import Simulator
from command_line import CommandLine
from documentation import read
from library_checks import wanted
from trace_collector import collector

LINE = re.compile(r"^> (validate( → \w+)+)$", re.MULTILINE)
"""How the page on the architecture tells the stages of a run."""


def test_a_run_sends_its_stages_and_media_and_no_secret(
    cloud_sync: CommandLine, cloud: Simulator, library: Library, tmp_path: Path
) -> None:
    with collector() as heard:
        traced = cloud_sync.using(
            OTEL_EXPORTER_OTLP_ENDPOINT=heard.url, OTEL_EXPORTER_OTLP_COMPRESSION="none"
        )
        ended = traced("sync", "--to", tmp_path / "archive", "--json")
    assert ended.code == 0, ended.err
    told = LINE.search(read("docs/explanation/architecture.md"))
    assert told
    stages = told[1].split(" → ")
    spans = {span.name: span for span in heard.spans}
    in_order = sorted(spans, key=lambda name: spans[name].start_time_unix_nano)
    assert [name for name in in_order if name != "archive_medium"] == ["run", *stages]
    assert all(heard.parent_of(name) == "run" for name in stages)
    media = [span for span in heard.spans if span.name == "archive_medium"]
    assert len(media) >= len(wanted(library))
    assert len({span.trace_id for span in heard.spans}) == 1
    run = {each.key: each.value.string_value for each in spans["run"].attributes}
    assert run["cloud_sync.run_id"] == ended.summary["run_id"]
    secrets = (cloud.token, cloud.cdn_url, cloud.api_url)
    assert not [body for body in heard.bodies if any(each.encode() in body for each in secrets)]


def test_a_collector_that_is_away_changes_nothing_but_a_warning(
    cloud_sync: CommandLine, tmp_path: Path
) -> None:
    ended = cloud_sync.using(OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9")(
        "sync", "--to", tmp_path / "archive", "--limit", "1"
    )
    assert ended.code == 0, ended.err
    assert "did not reach the collector" in ended.err
