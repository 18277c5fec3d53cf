"""The same library in one process: the real functions under the definition, strictly interpreted.

Every document that travels is held against its bound at every transition, and the histories are
counted by the event types that the service documents; the emulator leaves several out.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections import Counter
from contextlib import closing, redirect_stdout
from pathlib import Path

from asl_interpreter import MOST_BYTES, Ended
from benchmarks.aws_scale import BYTES, SEED
from both_doors import made_archive
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.run_files_memory import MemoryRunFiles
from cloud_sync.simulator.library import generate
from cloud_sync.simulator.server import Simulator
from cloud_sync.tracker.sqlite import SqliteTracker
from execution_history import MOST_EVENTS, documented_events
from functions_at_work import Aws, logged_in


def run(media: int) -> bool:
    """Print the figures; True when all is archived and every history is short."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        library = generate(media, SEED, file_bytes=BYTES, plain=True)
        with Simulator(library) as cloud:
            archive = made_archive(folder / "archive")
            login = logged_in(cloud)
            aws = Aws(cloud, folder / "tracker.db", archive, MemoryRunFiles(), login)
            started = time.perf_counter()
            with Path(os.devnull).open("w") as nowhere, redirect_stdout(nowhere):
                ended = aws.run("run-1")
            seconds = time.perf_counter() - started
        rows, objects = _left(folder, archive)
    events = [len(documented_events(each)) for each in (ended, *ended.children)]
    print(
        f"aws_interpreted: {media} media in one process in {seconds:.0f} s: {ended.status}, "
        f"{objects} objects, rows {dict(rows)}; largest document {ended.largest} bytes (bound "
        f"{MOST_BYTES}); events by the documented types: {events[0]} of the execution, "
        f"{max(events[1:])} of the longest of {len(ended.children)} children (bound {MOST_EVENTS})",
        flush=True,
    )
    return _right(ended, media, rows, objects) and max(events) < MOST_EVENTS


def _left(folder: Path, archive: FolderArchive) -> tuple[Counter[str], int]:
    with closing(SqliteTracker(folder / "tracker.db")) as tracker:
        rows = Counter(row.status.value for row in tracker.media())
    return rows, sum(1 for _ in archive.list())


def _right(ended: Ended, media: int, rows: Counter[str], objects: int) -> bool:
    return (
        ended.status == "SUCCEEDED"
        and ended.output["summary"]["archived"] == objects == media
        and rows == {"COMPLETED": media}
        and len(ended.children) == media
    )
