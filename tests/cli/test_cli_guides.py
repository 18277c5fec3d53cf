"""The guides' commands typed one after the other on a machine that was never set up."""

from __future__ import annotations

import json
import shutil
import socket
from pathlib import Path

import pytest

from cloud_sync.simulator.fault_plan import plan_from
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from guides import (
    AFTER_A_LOST_FILE,
    AFTER_A_LOST_TRACKER,
    FIRST_STEPS,
    THAT_STAY,
    Reader,
)

pytestmark = pytest.mark.timeout(300)

WRONG_AT_FIRST = {"kind": "row", "medium": "m1", "set": {"file_size": 900_000_000}, "until": 2}
"""The cloud lists another size in the first listing of a run and its look ahead."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def test_the_commands_of_the_guides_do_what_they_say(tmp_path: Path) -> None:
    library = Library(
        pattern_medium(f"m{number}", 400_000, filename=f"GX01000{number}.MP4")
        for number in range(3)
    )
    archive = tmp_path / "archive"
    options = SimulatorOptions(faults=plan_from({"faults": [WRONG_AT_FIRST]}))
    with Simulator(library, options) as cloud:
        reader = Reader(
            tmp_path / "user",
            cloud.token,
            {"CLOUD_SYNC_GOPRO_API_URL": cloud.api_url},
            {
                "/mnt/archive": str(archive),
                "/tmp/trial-archive": str(tmp_path / "trial"),
                "MEDIA_ID": "m1",
                "127.0.0.1:9464": f"127.0.0.1:{free_port()}",
            },
        )
        reader.follow(FIRST_STEPS)
        next(archive.rglob("GX010002.MP4")).unlink()
        reader.follow(AFTER_A_LOST_FILE)
        for tracker in reader.home.rglob("archives"):
            shutil.rmtree(tracker)
        reader.follow(AFTER_A_LOST_TRACKER)

        movies = reader.home / "Movies"
        movies.mkdir()
        (original,) = pattern_medium("own", 50_000).originals
        (movies / "GX010001.MP4").write_bytes(original.read(0, original.size))
        (reader.home / "plan.json").write_text(json.dumps({"faults": []}), "utf-8")
        reader.follow(THAT_STAY)
