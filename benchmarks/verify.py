"""`verify` and `status` over 100,000 archived files, and `verify` of 10,000 files in a folder."""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measured import COMMAND, Measured, clean_environment, measure
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.checksum import part_checksum
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.model.location import FolderDestination
from cloud_sync.model.tracking import Reason, Status, TrackedFile
from cloud_sync.tracker.repairs import AdoptedFile
from cloud_sync.tracker.sqlite import SqliteTracker
from cloud_sync.wiring.home import Home

BOUND_MIB = 300
CONTENT = b"0123456789"


def run() -> bool:
    """Print the figures; True when all stay within their bounds and find what is there."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        tracker = _tracked(root, 100_000)
        verify = measure(
            [sys.executable, "-m", "benchmarks.verify_runner", str(tracker)],
            {**clean_environment(root), "PYTHONPATH": str(Path(__file__).parents[1])},
        )
        status = measure([COMMAND, "status", "--json"], clean_environment(root))
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        _tracked(root, 10_000, stored=True)
        in_folder = measure([COMMAND, "verify", "--json"], clean_environment(root))
    found = json.loads(verify.out.splitlines()[-1])
    tallies = json.loads(status.out)["statuses"][Status.PENDING.value]
    checked = json.loads(in_folder.out.splitlines()[-1])
    _tell("verify, records only", found["checked"], verify)
    _tell("status", tallies["files"], status)
    _tell("verify of a folder", checked["checked"], in_folder)
    right = found == {"checked": 100_000, "ok": 100_000} and tallies["files"] == 100_000
    right = right and (checked["ok"], in_folder.code) == (10_000, 0)
    return right and all(each.peak_mib < BOUND_MIB for each in (verify, status, in_folder))


def _tell(what: str, files: int, measured: Measured) -> None:
    print(
        f"{what}: {files} files in {measured.wall:.1f} s, CPU {measured.cpu:.1f} s, "
        f"peak {measured.peak_mib:.0f} MiB (bound {BOUND_MIB} MiB)"
    )


def _tracked(root: Path, count: int, *, stored: bool = False) -> Path:
    """A tracker that knows `count` archived files, and the files themselves if `stored`."""
    home = Home(root / "cloud-sync")
    archive = FolderArchive(root / "archive")
    archive.check()
    place = home.place_of(FolderDestination(str(root / "archive")), "")
    tracker = SqliteTracker(place.tracker_path)
    home.mark_used(place)
    now = datetime.now(UTC)
    tracker.begin_run("made", "benchmark", now=now, until=now + timedelta(hours=1))
    for start in range(0, count, 1000):
        files = [_file(number) for number in range(start, min(count, start + 1000))]
        tracker.adopt(files, "made", Reason("adopted", "made for a benchmark"), now=now)
        for each in files if stored else ():
            described = ObjectDescription(each.media_id, 1, "video/mp4", {}, {})
            archive.put(each.file.key, described, memoryview(CONTENT), part_checksum(CONTENT))
    tracker.release_run("made", now=now)
    tracker.close()
    return place.tracker_path


def _file(number: int) -> AdoptedFile:
    from cloud_sync.archive.checksum import to_text

    key = f"gopro-videos/2024/{number % 12 + 1:02}/GX{number:06}.MP4"
    file = TrackedFile(
        1,
        key,
        f"GX{number:06}.MP4",
        Status.COMPLETED,
        len(CONTENT),
        to_text(part_checksum(CONTENT)),
    )
    return AdoptedFile(f"medium{number:06}", file.filename, "Video", None, file)
