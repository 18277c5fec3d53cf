"""Listing and planning: 10,000 media at 50 ms an API call, and 100,000 that are archived."""

from __future__ import annotations

import json
import multiprocessing
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks.measured import COMMAND, clean_environment, measure
from cloud_sync.simulator.library import generate
from cloud_sync.simulator.server import TOKEN, Simulator, SimulatorOptions

SEED = 1


def run() -> bool:
    """Print both figures; True when both stay within their bounds."""
    return all([_ten_thousand(), _hundred_thousand()])


def _ten_thousand() -> bool:
    with tempfile.TemporaryDirectory() as folder, _simulated(10_000, 0.05) as api_url:
        environment = _environment(Path(folder), api_url)
        plan = measure(
            [COMMAND, "sync", "--to", f"{folder}/archive", "--dry-run", "--json"], environment
        )
    found = json.loads(plan.out.splitlines()[-1])["found"]
    print(
        f"discovery: {found} media listed and planned in {plan.wall:.1f} s at 50 ms an API call "
        f"(bound 20 s), peak {plan.peak_mib:.0f} MiB, CPU {plan.cpu:.1f} s"
    )
    return plan.code == 0 and found == 10_000 and plan.wall < 20


def _hundred_thousand() -> bool:
    with tempfile.TemporaryDirectory() as folder, _simulated(100_000, 0.0) as api_url:
        environment = _environment(Path(folder), api_url)
        command = [COMMAND, "sync", "--to", f"{folder}/archive", "--json"]
        first = measure([*command, "--limit", "1"], environment)
        _mark_all_archived(Path(folder) / "cloud-sync" / "archives")
        again = measure(command, environment)
    summary = json.loads(again.out.splitlines()[-1])
    print(
        f"re-plan: {summary['already_archived']} of {summary['found']} media known as archived, "
        f"done in {again.wall:.1f} s, peak {again.peak_mib:.0f} MiB (bound 300 MiB), "
        f"CPU {again.cpu:.1f} s; the first listing took {first.wall:.1f} s, "
        f"peak {first.peak_mib:.0f} MiB"
    )
    complete = summary["already_archived"] == summary["found"] == 100_000
    return first.code == again.code == 0 and complete and again.peak_mib < 300


def _environment(folder: Path, api_url: str) -> dict[str, str]:
    return clean_environment(folder, CLOUD_SYNC_GOPRO_API_URL=api_url, CLOUD_SYNC_GOPRO_TOKEN=TOKEN)


def _mark_all_archived(archives: Path) -> None:
    """Make every medium COMPLETED with one stored file, as if it had been transferred."""
    (path,) = archives.glob("*.sqlite")
    connection = sqlite3.connect(path)
    with connection:
        connection.execute(
            "INSERT OR IGNORE INTO files (media_id, number, key, key_form, filename, status) "
            "SELECT media_id, 1, 'k/' || media_id, 'k/' || media_id, filename, 'PENDING' FROM media"
        )
        connection.execute(
            "UPDATE files SET status = 'COMPLETED', checksum = 'AAAAAAAAAAA=', size = coalesce("
            "(SELECT file_size FROM media WHERE media.media_id = files.media_id), 1)"
        )
        connection.execute(
            "UPDATE media SET status = 'COMPLETED', error_code = NULL, error_message = NULL"
        )
    connection.close()


@contextmanager
def _simulated(count: int, api_delay: float) -> Iterator[str]:
    """The API's URL of a simulator in a process of its own, so that only the client is measured."""
    here, there = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=_serve, args=(there, count, api_delay)
    )
    process.start()
    try:
        yield here.recv()
    finally:
        here.send("stop")
        process.join(30)


def _serve(connection: Connection, count: int, api_delay: float) -> None:
    library = generate(count, SEED, plain=True)
    with Simulator(library, SimulatorOptions(api_delay=api_delay)) as simulator:
        connection.send(simulator.api_url)
        connection.recv()
