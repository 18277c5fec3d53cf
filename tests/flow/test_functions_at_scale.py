"""What a function answers, and what travels from state to state, does not grow with the library."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from asl_interpreter import MOST_BYTES
from both_doors import made_archive
from cloud_sync.archive.run_files_memory import MemoryRunFiles
from cloud_sync.simulator.library import generate
from cloud_sync.simulator.server import Simulator
from cloud_sync.tracker.sqlite import SqliteTracker
from functions_at_work import Aws, logged_in

MEDIA = 10_000
RUN = {"correlation_id": "chain", "run_id": "run", "provider": "gopro", "account": "default"}


def test_a_library_of_10_000_is_listed_remembered_and_summed_up_in_small_documents(
    tmp_path: Path,
) -> None:
    """The list itself goes into the bucket, a line of some 50 bytes for each medium."""
    with Simulator(generate(MEDIA, 1, file_bytes=(10, 100), plain=True)) as cloud:
        archive = made_archive(tmp_path / "archive")
        aws = Aws(cloud, tmp_path / "tracker.db", archive, MemoryRunFiles(), logged_in(cloud))
        answer = aws.call("media-lister", {**RUN, "dry_run": False, "limit": None, "since": None})
    assert len(json.dumps(answer).encode()) < MOST_BYTES
    assert (answer["total_found"], answer["new_count"]) == (MEDIA, MEDIA)
    lines = list(aws.run_files.read("run", "manifest.jsonl"))
    assert len(lines) == MEDIA
    # a Distributed Map reads items of up to 256 KiB, and a child's input is such a line and names
    assert max(map(len, lines)) < 200
    assert sum(len(line) + 1 for line in lines) < 1_000_000
    with closing(SqliteTracker(aws.database)) as tracker:
        assert sum(1 for _ in tracker.media()) == MEDIA
    counts = {"total_found": MEDIA, "new_count": MEDIA, "already_synced": 0}
    started = datetime.now(UTC).isoformat()
    told = aws.call("run-summary", {**RUN, **counts, "execution_id": "arn", "start_time": started})
    assert len(json.dumps(told).encode()) < MOST_BYTES
    assert (told["found"], told["pending"], told["postponed"]) == (MEDIA, MEDIA, MEDIA)
