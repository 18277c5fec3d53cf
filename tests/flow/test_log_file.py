"""The log's file: bounded, shared by processes, and never a reason to end a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cloud_sync.logs.file import Bounds, LogFile, files_of

SMALL = Bounds(bytes=1_000, older=3)

WRITER = """
import sys
from pathlib import Path
from cloud_sync.logs.file import Bounds, LogFile
log = LogFile(Path(sys.argv[1]), lambda trouble: sys.exit(trouble), Bounds(2_000, 50))
for number in range(400):
    log.write(f"{sys.argv[2]} {number:04}")
log.close()
"""


def lines(path: Path) -> list[str]:
    return [line for each in files_of(path) for line in each.read_text("ascii").splitlines()]


def test_files_stay_within_their_bounds_and_the_newest_lines_stay(tmp_path: Path) -> None:
    path = tmp_path / "logs/a.jsonl"
    log = LogFile(path, lambda trouble: None, SMALL)
    for number in range(1_000):
        log.write(f"{number:09}")
    log.close()
    log.close()
    assert [each.name for each in files_of(path)] == [
        "a.jsonl.3",
        "a.jsonl.2",
        "a.jsonl.1",
        path.name,
    ]
    assert all(each.stat().st_size <= 1_000 for each in files_of(path))
    kept = lines(path)
    assert kept == [f"{number:09}" for number in range(1_000 - len(kept), 1_000)]
    assert len(kept) >= 300


def test_two_processes_lose_no_line_however_often_the_file_is_full(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name]) for name in ("one", "two")
    ]
    assert [writer.wait(60) for writer in writers] == [0, 0]
    found = lines(path)
    for name in ("one", "two"):
        own = [line for line in found if line.startswith(name)]
        assert own == [f"{name} {number:04}" for number in range(400)]


def test_trouble_is_told_once_and_never_raised(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file where the folder should be")
    told: list[str] = []
    log = LogFile(tmp_path / "logs/a.jsonl", told.append)
    for _ in range(3):
        log.write("x")
    log.close()
    assert len(told) == 1
    assert "the run itself goes on" in told[0]
    assert str(tmp_path / "logs/a.jsonl") in told[0]


def test_a_log_that_somebody_took_away_is_begun_anew(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    log = LogFile(path, lambda trouble: None)
    log.write("one")
    path.rename(tmp_path / "taken")
    log.write("two")
    log.close()
    assert lines(path) == ["two"]
