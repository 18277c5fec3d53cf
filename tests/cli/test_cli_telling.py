"""Log, reports and metrics of the real command, held against tracker, cloud and summary."""

from __future__ import annotations

import json
import re
import socket
import stat
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as openmetrics_families,
)
from prometheus_client.parser import text_string_to_metric_families

from cloud_sync.credentials.history_file import FileLoginHistory
from cloud_sync.logs.record import ALWAYS
from cloud_sync.metrics import definitions as known
from cloud_sync.metrics.definitions import METRICS, Kind, Metric
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine
from told_on_stdout import learn_lives

MEDIA = 3
OTHERS = "somebody else's"


@pytest.fixture
def library() -> Library:
    return Library(
        pattern_medium(f"m{number}", 20_000 + number, filename=f"GX01000{number}.MP4")
        for number in range(MEDIA)
    )


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def log_of(command: CommandLine) -> Path:
    return command.home / "cloud-sync/logs/cloud-sync.jsonl"


def lines_of(command: CommandLine) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log_of(command).read_text("ascii").splitlines()]


def take_a_key(command: CommandLine, archive: Path, media_id: str) -> None:
    """Let something that is not ours lie where the medium is to go."""
    planned = command("sync", "--to", archive, "--dry-run", "--json").lines
    (key,) = [each["key"] for each in planned if each.get("media_id") == media_id]
    (archive / key).parent.mkdir(parents=True)
    (archive / key).write_text(OTHERS)


def samples(families: Any) -> dict[tuple[str, str], float]:
    """Values by name and error type."""
    return {
        (sample.name, sample.labels.get("error_type", "")): sample.value
        for family in families
        for sample in family.samples
    }


def test_reports_say_what_tracker_cloud_and_summary_say(
    cloud_sync: CommandLine, cloud: Simulator, archive: Path
) -> None:
    take_a_key(cloud_sync, archive, "m0")
    before = cloud.snapshot().bytes_sent
    run = cloud_sync("sync", "--to", archive, "--json")
    assert run.code == 3
    sent = cloud.snapshot().bytes_sent - before
    rows = cloud_sync("list", "--json").lines

    (failed,) = cloud_sync("report", "failed", "--json").lines
    tracked = {row["media_id"]: row["error"]["code"] for row in rows if row["status"] == "FAILED"}
    assert {row["media_id"]: row["error_code"] for row in failed["rows"]} == tracked
    assert tracked == {"m0": "key_taken"}
    assert failed["archive"] == str(archive)

    (throughput,) = cloud_sync("report", "throughput", "--json").lines
    (row,) = throughput["rows"]
    stored = [each["size"] for each in rows if each["status"] == "COMPLETED"]
    assert row["transfers"] == len(stored) == run.summary["files_archived"]
    assert row["bytes"] == sum(stored) == run.summary["bytes"]
    # the medium whose key is taken was read as well, and is no transfer that came to its end
    assert sent - row["bytes"] in (0, 20_000)
    # whatever each of them took, it was less than the whole run
    slowest = min(stored) * 8 / 1e6 / run.summary["duration_seconds"]
    assert row["avg_throughput"] >= row["min_throughput"] >= slowest

    (slow,) = cloud_sync("report", "slow", "--json").lines
    assert slow["rows"] == []


def test_a_report_is_of_one_archive_and_of_one_run(
    cloud_sync: CommandLine, archive: Path, tmp_path: Path
) -> None:
    take_a_key(cloud_sync, archive, "m0")
    first = cloud_sync("sync", "--to", archive, "--json").summary["run_id"]
    second = cloud_sync("sync", "--to", archive, "--json").summary["run_id"]
    cloud_sync("sync", "--to", tmp_path / "other")
    assert "none" in cloud_sync("report", "failed").out, "the last archive is the other one"
    told = cloud_sync("report", "failed", "--to", archive).out
    assert told.count("GX010000.MP4  key_taken: ") == 2
    assert first != second
    asked = ("report", "failed", "--to", archive, "--run", first, "--json")
    (report,) = cloud_sync(*asked).lines
    assert len(report["rows"]) == 1
    assert report["run_id"] == first
    assert cloud_sync("report", "failed", "--to", archive, "--since", "0.001s").out.count("GX") == 0


def test_lines_of_the_log_that_are_damaged_are_counted_and_left_out(
    cloud_sync: CommandLine, archive: Path
) -> None:
    cloud_sync("sync", "--to", archive)
    with log_of(cloud_sync).open("a") as log:
        log.write('{"cut\n[]\n')
    told = cloud_sync("report", "throughput", "--json")
    assert told.code == 0
    assert told.lines[0]["unreadable_lines"] == 2
    assert "2 lines" in told.err
    assert told.lines[0]["rows"][0]["transfers"] == MEDIA


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("report", "everything"), "failed, throughput, slow"),
        (("report", "failed", "--since", "soon"), "write it like"),
    ],
)
def test_a_report_that_cannot_be_says_what_can(
    cloud_sync: CommandLine, archive: Path, arguments: tuple[str, ...], said: str
) -> None:
    cloud_sync("sync", "--to", archive)
    ended = cloud_sync(*arguments)
    assert ended.code == 2
    assert said in ended.err


def test_the_log_is_private_complete_and_without_secrets(
    cloud_sync: CommandLine, cloud: Simulator, archive: Path
) -> None:
    run = cloud_sync("sync", "--to", archive, "--json").summary["run_id"]
    assert stat.S_IMODE(log_of(cloud_sync).stat().st_mode) == 0o600
    lines = lines_of(cloud_sync)
    for line in lines:
        assert set(ALWAYS) <= set(line)
        assert (line["run_id"], line["archive"]) == (run, str(archive))
    types = [line["event_type"] for line in lines]
    assert types.count("video_download_complete") == MEDIA
    assert (types[0], types[-1]) == ("run_started", "run_summary")
    assert "page_listed" not in types, "DEBUG is off unless it is asked for"
    text = log_of(cloud_sync).read_text()
    for secret in (cloud.token, cloud.cdn_url, "Signature="):
        assert secret not in text


def test_the_level_and_the_place_of_the_log_can_be_chosen(
    cloud_sync: CommandLine, archive: Path, tmp_path: Path
) -> None:
    place = tmp_path / "elsewhere/own.jsonl"
    chosen = cloud_sync.using(CLOUD_SYNC_LOG_FILE=str(place), CLOUD_SYNC_LOG_LEVEL="debug")
    chosen("sync", "--to", archive)
    assert not log_of(cloud_sync).exists()
    assert '"event_type":"page_listed"' in place.read_text()
    assert chosen("report", "throughput").code == 0
    off = cloud_sync.using(CLOUD_SYNC_LOG_FILE="off")
    off("sync", "--to", archive)
    assert not log_of(cloud_sync).exists()
    asked = off("report", "failed")
    assert (asked.code, "log_file" in asked.err) == (2, True)


def test_errors_alone_leave_no_log_of_a_good_run(cloud_sync: CommandLine, archive: Path) -> None:
    cloud_sync.using(CLOUD_SYNC_LOG_LEVEL="error")("sync", "--to", archive)
    assert not log_of(cloud_sync).exists()


def test_a_log_that_cannot_be_written_is_told_once_and_stops_nothing(
    cloud_sync: CommandLine, archive: Path
) -> None:
    """As on a disk that is full."""
    run = cloud_sync.using(CLOUD_SYNC_LOG_FILE="/dev/full")("sync", "--to", archive)
    assert run.code == 0
    told = [line for line in run.err.splitlines() if "/dev/full" in line]
    assert len(told) == 1
    assert "the run itself goes on" in told[0]
    assert len(list(archive.rglob("*.MP4"))) == MEDIA


def test_a_dry_run_writes_no_log(cloud_sync: CommandLine, archive: Path) -> None:
    cloud_sync("sync", "--to", archive, "--dry-run")
    assert not log_of(cloud_sync).exists()


def test_the_text_file_adds_up_over_runs_and_archives(
    cloud_sync: CommandLine, archive: Path, tmp_path: Path
) -> None:
    prom = tmp_path / "cloud-sync.prom"
    command = cloud_sync.using(CLOUD_SYNC_METRICS_TEXTFILE=str(prom))
    take_a_key(cloud_sync, archive, "m0")
    runs = [command("sync", "--to", archive, "--json").summary for _ in range(2)]
    found = samples(text_string_to_metric_families(prom.read_text()))
    assert found["gopro_sync_videos_synced_total", ""] == runs[0]["archived"] == MEDIA - 1
    assert found["gopro_sync_transferred_bytes_total", ""] == runs[0]["bytes"]
    assert found["gopro_sync_failures_total", "key_taken"] == 2
    assert found["gopro_sync_runs_succeeded_total", ""] == 2
    assert found["gopro_sync_run_outcome", ""] == 1
    assert found["gopro_sync_transfer_duration_seconds_count", ""] == MEDIA - 1
    began = datetime.fromisoformat(runs[1]["started_at"]).timestamp()
    assert found["gopro_sync_last_success_timestamp_seconds", ""] >= began
    command("sync", "--to", tmp_path / "other")
    text = prom.read_text()
    assert f'archive="{archive}"' in text
    assert f'archive="{tmp_path / "other"}"' in text
    assert [path.name for path in tmp_path.glob(".*")] == [], "a part of the file is left behind"


def test_every_metric_is_in_the_text_file_and_no_other(
    bare: CommandLine, cloud: Simulator, archive: Path, tmp_path: Path
) -> None:
    prom = tmp_path / "cloud-sync.prom"
    command = bare.using(
        CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_METRICS_TEXTFILE=str(prom)
    )
    command("login", "--stdin", stdin=cloud.token)
    history = FileLoginHistory(command.home / "cloud-sync/logins.json")
    learn_lives(history, datetime.now(UTC), days=4)
    take_a_key(command, archive, "m0")
    command("sync", "--to", archive)
    cloud.expire_token()
    assert command("sync", "--to", archive).code == 4
    text = prom.read_text()
    families = {family.name: family for family in text_string_to_metric_families(text)}
    assert set(families) == {metric.exposed for metric in METRICS}
    for metric in METRICS:
        family = families[metric.exposed]
        assert family.type == metric.kind.value
        labels = {"archive", "environment", *(["error_type"] if metric.by_error_type else [])}
        assert all(set(sample.labels) == labels for sample in family.samples)
    found = samples(families.values())
    assert found["gopro_sync_authentication_failures_total", ""] == 1
    assert found["gopro_sync_run_outcome", ""] == 2
    assert found["gopro_sync_runs_failed_total", ""] == 1


def test_a_text_file_that_cannot_be_written_stops_nothing(
    cloud_sync: CommandLine, archive: Path, tmp_path: Path
) -> None:
    place = tmp_path / "nowhere/cloud-sync.prom"
    run = cloud_sync.using(CLOUD_SYNC_METRICS_TEXTFILE=str(place))("sync", "--to", archive)
    assert run.code == 0
    assert "warning: writing the metrics" in run.err
    refused = cloud_sync.using(CLOUD_SYNC_METRICS_TEXTFILE="metrics.txt")("sync", "--to", archive)
    assert refused.code == 2
    assert ".prom" in refused.err


def test_metrics_can_be_asked_for_while_a_run_is_at_work(
    bare: CommandLine, library: Library, archive: Path
) -> None:
    address = f"127.0.0.1:{_free_port()}"
    # slow enough to be asked while it lists
    with Simulator(library, SimulatorOptions(api_delay=0.4)) as cloud:
        command = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url,
            CLOUD_SYNC_GOPRO_TOKEN=cloud.token,
            CLOUD_SYNC_METRICS_LISTEN=address,
        )
        process = command.start("sync", "--to", archive)
        try:
            kind, text = _scraped(f"http://{address}/metrics")
        finally:
            _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert kind.startswith("application/openmetrics-text")
    found = samples(openmetrics_families(text))  # type: ignore[no-untyped-call]
    assert found["gopro_sync_authentication_successes_total", ""] == 1
    assert ("gopro_sync_runs_succeeded_total", "") not in found, "the run has not ended yet"
    with pytest.raises(OSError):  # noqa: PT011 whatever the system calls it
        urllib.request.urlopen(f"http://{address}/metrics", timeout=5)


def test_a_port_that_is_taken_stops_nothing(cloud_sync: CommandLine, archive: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        run = cloud_sync.using(CLOUD_SYNC_METRICS_LISTEN=str(port))("sync", "--to", archive)
    assert run.code == 0
    assert f"cannot listen on 127.0.0.1:{port}" in run.err
    assert len(list(archive.rglob("*.MP4"))) == MEDIA


def test_metrics_are_told_to_this_machine_alone(cloud_sync: CommandLine, archive: Path) -> None:
    run = cloud_sync.using(CLOUD_SYNC_METRICS_LISTEN="0.0.0.0:9464")("sync", "--to", archive)
    assert run.code == 2
    assert "127.0.0.1:9464" in run.err
    assert not archive.exists()


def test_the_counters_of_both_doors_are_the_same_metrics() -> None:
    """What has a value only here is no metric of the functions, and the other way round."""
    assert [metric for metric in METRICS if not metric.functions] == [known.LAST_SUCCESS]
    assert all(isinstance(metric, Metric) for metric in METRICS)
    assert {metric.kind for metric in METRICS} == set(Kind)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _scraped(url: str) -> tuple[str, str]:
    """The first answer that has a metric in it."""
    request = urllib.request.Request(
        url, headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )
    for _ in range(300):
        with _patiently(), urllib.request.urlopen(request, timeout=5) as answer:
            text = answer.read().decode()
            if re.search("authentication_successes_total", text):
                return str(answer.headers["Content-Type"]), text
        time.sleep(0.1)
    raise AssertionError(f"{url} was never answered")


@contextmanager
def _patiently() -> Iterator[None]:
    try:
        yield
    except ConnectionError:
        return
    except urllib.error.URLError as error:
        if not isinstance(error.reason, ConnectionError):
            raise
