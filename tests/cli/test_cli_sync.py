"""`cloud-sync sync` as a user runs it: against a real HTTP server, into a real folder."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from cloud_sync.simulator.answers import Endpoint
from cloud_sync.simulator.library import Library, generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import COMMAND, CommandLine
from library_checks import (
    assert_counts_add_up,
    assert_everything_archived,
    files_under,
    wanted,
)


def test_a_mixed_library_of_1000_media_is_archived_whole_and_the_rest_is_named(
    bare: CommandLine, tmp_path: Path
) -> None:
    library = generate(1000, 3, file_bytes=(50, 4_000))
    archive = tmp_path / "archive"
    with Simulator(library, SimulatorOptions()) as cloud:
        cloud_sync = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token
        )
        first = cloud_sync("sync", "--to", archive, "--json")
        listed = cloud_sync("list", "--to", archive, "--json")
    assert first.code == 0, first.err
    assert_counts_add_up(first.summary)
    assert first.summary["found"] == first.summary["new"] == 1000
    assert first.summary["archived"] == len(wanted(library))
    stored = assert_everything_archived(
        library, listed.lines, lambda key: (archive / key).read_bytes()
    )
    assert first.summary["files_archived"] == stored
    assert len(files_under(archive)) == stored, "the archive holds something that nobody asked for"
    named = {entry["media_id"] for entry in first.summary["named"]}
    left = {medium.id for medium in library.media()} - {medium.id for medium in wanted(library)}
    assert named == left, "a medium that is not archived must be named, and no other"
    assert all(entry["code"] and entry["message"] for entry in first.summary["named"])


def test_a_second_run_asks_for_pages_only_and_writes_nothing(
    cloud_sync: CommandLine, cloud: Simulator, library: Library, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    assert cloud_sync("sync", "--to", archive, "--json").code == 0
    before = cloud.snapshot()
    times = {path: path.stat().st_mtime_ns for path in archive.rglob("*")}
    second = cloud_sync("sync", "--json")
    after = cloud.snapshot()
    assert second.code == 0
    assert second.summary["archived"] == second.summary["files_archived"] == 0
    assert second.summary["bytes"] == 0
    assert second.summary["already_archived"] == len(wanted(library))
    assert_counts_add_up(second.summary)
    assert after.cdn_requests == before.cdn_requests, "a run with nothing to do opened an original"
    assert after.calls[Endpoint.DOWNLOAD] == before.calls[Endpoint.DOWNLOAD]
    # one login check, one full page, at most one more to see the end
    assert after.api_calls - before.api_calls <= 3
    assert {path: path.stat().st_mtime_ns for path in archive.rglob("*")} == times


def test_a_dry_run_prints_the_plan_and_writes_nothing(
    cloud_sync: CommandLine, cloud: Simulator, library: Library, tmp_path: Path
) -> None:
    archive = tmp_path / "archive"
    plan = cloud_sync("sync", "--to", archive, "--dry-run")
    assert plan.code == 0, plan.err
    assert len([line for line in plan.out.splitlines() if line.startswith("archive ")]) == len(
        wanted(library)
    ) + sum(1 for medium in library.media() if medium.ready and not medium.offers_original)
    assert "Nothing was moved." in plan.out
    assert not archive.exists()
    assert not (cloud_sync.home / "cloud-sync").exists()
    assert cloud.snapshot().cdn_requests == 0
    as_json = cloud_sync("sync", "--to", archive, "--dry-run", "--json").lines
    assert as_json[-1]["event"] == "plan_summary"
    assert as_json[-1]["found"] == 60


def test_plain_lines_name_every_file_and_the_summary_is_on_standard_output(
    cloud_sync: CommandLine, library: Library, tmp_path: Path
) -> None:
    run = cloud_sync("sync", "--to", tmp_path / "archive")
    assert run.code == 0
    assert "\x1b" not in run.out + run.err, "bars and colours are for terminals only"
    assert run.out.startswith("Done.")
    originals = sum(len(medium.originals) for medium in wanted(library))
    assert run.err.count("archived gopro-videos/") == originals


def test_quiet_prints_nothing_when_all_is_well(cloud_sync: CommandLine, tmp_path: Path) -> None:
    run = cloud_sync("sync", "--to", tmp_path / "archive", "--quiet")
    assert (run.code, run.out, run.err) == (0, "", "")


def test_limit_archives_that_many_and_says_what_is_left(
    cloud_sync: CommandLine, tmp_path: Path
) -> None:
    run = cloud_sync("sync", "--to", tmp_path / "archive", "--limit", "5", "--json")
    assert run.code == 0
    assert run.summary["archived"] + run.summary["needs_attention"] == 5
    assert run.summary["reasons"]["limit_reached"] > 0
    assert_counts_add_up(run.summary)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--type", "Photo"),
        ("--since", "2020-01-01"),
        ("--until", "2019-12-31"),
        ("--include", "GX*"),
        ("--exclude", "*.MP4"),
    ],
)
def test_filters_leave_out_by_name_and_a_later_run_without_them_makes_up_for_it(
    cloud_sync: CommandLine, library: Library, tmp_path: Path, option: str, value: str
) -> None:
    archive = tmp_path / "archive"
    part = cloud_sync("sync", "--to", archive, option, value, "--json")
    assert part.code == 0
    assert part.summary["filtered"] > 0
    assert_counts_add_up(part.summary)
    rest = cloud_sync("sync", "--json")
    assert rest.summary["filtered"] == 0
    listed = cloud_sync("list", "--json")
    assert_everything_archived(library, listed.lines, lambda key: (archive / key).read_bytes())


def test_no_more_media_at_a_time_than_asked_for(bare: CommandLine, tmp_path: Path) -> None:
    library = generate(12, 5, file_bytes=(200_000, 300_000))
    options = SimulatorOptions(bytes_per_second=2_000_000)
    with Simulator(library, options) as cloud:
        cloud_sync = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token
        )
        run = cloud_sync("sync", "--to", tmp_path / "archive", "--concurrency", "3", "--json")
        assert run.code == 0, run.err
        assert cloud.snapshot().cdn_peak <= 8, "more streams than eight buffers allow"
    working: set[str] = set()
    most = 0
    for event in run.lines:
        if event["event"] == "file_started":
            working.add(event["media_id"])
        elif event["event"] == "medium_settled":
            working.discard(event["media_id"])
        most = max(most, len(working))
    assert most == 3


def test_an_interrupt_ends_cleanly_and_the_next_run_goes_on(
    bare: CommandLine, tmp_path: Path
) -> None:
    library = generate(12, 11, file_bytes=(2_000_000, 2_500_000))
    archive = tmp_path / "archive"
    with Simulator(library, SimulatorOptions(bytes_per_second=1_000_000)) as cloud:
        cloud_sync = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token
        )
        process = cloud_sync.start("sync", "--to", archive, "--json")
        assert process.stdout is not None
        for line in process.stdout:
            if '"file_archived"' in line or '"file_started"' in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert '"result":"interrupted"' in out.splitlines()[-1]
    assert "again" in err
    with Simulator(library, SimulatorOptions()) as cloud:
        cloud_sync = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token
        )
        assert cloud_sync("sync", "--to", archive, "--json").code == 0
        listed = cloud_sync("list", "--json")
    assert_everything_archived(library, listed.lines, lambda key: (archive / key).read_bytes())
    left = {path.name for path in (archive / ".cloud-sync").rglob("*") if path.is_file()}
    assert left == {"manifest.jsonl"}, "a half file was left behind"


def test_a_terminal_shows_bars_and_standard_output_stays_clean(
    bare: CommandLine, tmp_path: Path
) -> None:
    library = generate(8, 2, file_bytes=(400_000, 500_000))
    with Simulator(library, SimulatorOptions(bytes_per_second=400_000)) as cloud:
        environment = bare.using(
            CLOUD_SYNC_GOPRO_API_URL=cloud.api_url,
            CLOUD_SYNC_GOPRO_TOKEN=cloud.token,
            TERM="xterm-256color",
            COLUMNS="120",
        ).environment
        controller, terminal = pty.openpty()
        process = subprocess.Popen(
            [COMMAND, "sync", "--to", str(tmp_path / "archive")],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=terminal,
        )
        os.close(terminal)
        drawn = b""
        while True:
            try:
                block = os.read(controller, 65536)
            except OSError:
                break
            if not block:
                break
            drawn += block
        os.close(controller)
        out, _ = process.communicate(timeout=60)
    text = drawn.decode()
    assert process.returncode == 0, text
    assert "━" in text, "no bar was drawn"
    assert "/s" in text, "no speed was shown"
    assert " media" in text
    assert b"\x1b" not in out
    assert out.startswith(b"Done.")


def test_an_unmounted_disk_is_named_and_nothing_is_written_below_it(
    cloud_sync: CommandLine, tmp_path: Path
) -> None:
    """Neither by a run nor by `doctor`, whom people ask when a run does not work."""
    archive, taken_away = tmp_path / "disk", tmp_path / "taken away"
    assert cloud_sync("sync", "--to", archive, "--limit", "3").code == 0
    archive.rename(taken_away)
    archive.mkdir()
    for command in ("doctor", "sync"):
        ended = cloud_sync(command, "--to", archive)
        assert ended.code == 2, ended.err
        assert "mounted" in ended.out + ended.err
        assert list(archive.iterdir()) == []
    archive.rmdir()
    taken_away.rename(archive)
    assert cloud_sync("sync", "--to", archive).code == 0
