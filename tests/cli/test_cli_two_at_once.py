"""Two runs at once, as real processes: one works, and what is dead blocks nobody."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine
from library_checks import assert_everything_archived, files_under
from service_faults import Gate


def clips(count: int, size: int) -> Library:
    return Library(
        [
            pattern_medium(f"Clip{number}", size, seed=number, filename=f"GX01000{number}.MP4")
            for number in range(count)
        ]
    )


def using(bare: CommandLine, cloud: Simulator) -> CommandLine:
    return bare.using(CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token)


def stored_in(archive: Path, key: str) -> bytes:
    return (archive / key).read_bytes()


@contextmanager
def at_work(
    command: CommandLine, cloud: Simulator, archive: Path
) -> Iterator[subprocess.Popen[str]]:
    """A run that has asked for bytes."""
    before = cloud.snapshot().cdn_requests
    process = command.start("sync", "--to", archive, "--json")
    try:
        while cloud.snapshot().cdn_requests == before:
            assert process.poll() is None, "the run ended before it fetched anything"
            time.sleep(0.005)
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


@pytest.fixture
def gate() -> Iterator[Gate]:
    """Holds the bytes of all originals back, so that a run is at work until it is opened."""
    gate = Gate()
    yield gate
    gate.open()


def test_the_second_run_is_refused_by_name_and_each_file_is_fetched_once(
    bare: CommandLine, tmp_path: Path, gate: Gate
) -> None:
    library, archive = clips(4, 50_000), tmp_path / "archive"
    with Simulator(library, SimulatorOptions(faults=gate)) as cloud:
        cloud_sync = using(bare, cloud)
        with at_work(cloud_sync, cloud, archive) as first:
            second = cloud_sync("sync", "--to", archive, "--json")
            gate.open()
            out, err = first.communicate(timeout=60)
        assert first.returncode == 0, err
        sent = cloud.snapshot().bytes_sent
        listed = cloud_sync("list", "--json").lines
    assert second.code == 5
    assert f":{first.pid}:" in second.err, "who is at work must be named"
    assert "since 20" in second.err
    assert "next: wait for that run" in second.err
    assert '"archived":4' in out.splitlines()[-1]
    assert sent == 4 * 50_000, "a file was fetched twice"
    assert_everything_archived(library, listed, partial(stored_in, archive))


def test_a_killed_run_lets_go_at_once(bare: CommandLine, tmp_path: Path, gate: Gate) -> None:
    library, archive = clips(3, 40_000), tmp_path / "archive"
    with Simulator(library, SimulatorOptions(faults=gate)) as cloud:
        cloud_sync = using(bare, cloud)
        with at_work(cloud_sync, cloud, archive) as first:
            first.kill()
            first.wait(timeout=30)
            gate.open()
            second = cloud_sync("sync", "--to", archive, "--json")
        listed = cloud_sync("list", "--json").lines
    assert second.code == 0, second.err
    assert second.summary["archived"] == 3
    assert_everything_archived(library, listed, partial(stored_in, archive))


def test_two_archives_are_filled_from_one_library_at_once(
    bare: CommandLine, tmp_path: Path, gate: Gate
) -> None:
    library, one, two = clips(3, 30_000), tmp_path / "one", tmp_path / "two"
    with Simulator(library, SimulatorOptions(faults=gate)) as cloud:
        cloud_sync = using(bare, cloud)
        with at_work(cloud_sync, cloud, one) as first, at_work(cloud_sync, cloud, two) as second:
            gate.open()
            for run in (first, second):
                _, err = run.communicate(timeout=60)
                assert run.returncode == 0, err
        for archive in (one, two):
            listed = cloud_sync("list", "--to", archive, "--json").lines
            assert_everything_archived(library, listed, partial(stored_in, archive))
    assert files_under(one) == files_under(two)
