"""The core scenario of a run over the real adapters of one machine: SQLite and a folder."""

from __future__ import annotations

from pathlib import Path

from builders import Bench, item
from cloud_sync.archive.folder import FolderArchive
from cloud_sync.errors import ServiceUnavailable
from cloud_sync.model.report import Outcome, Result
from cloud_sync.model.tracking import Status
from cloud_sync.provider.memory import MemoryProvider, Original
from cloud_sync.tracker.sqlite import SqliteTracker


def _provider() -> MemoryProvider:
    provider = MemoryProvider(per_page=2)
    provider.add(item("a"), Original(b"first chapter"), Original(b"second chapter"))
    provider.add(item("b", filename="GXa.MP4"), Original(b"another of that name"))
    provider.add(item("c"), Original(b"x"))
    return provider


def _files(root: Path) -> list[bytes]:
    """The contents of all visible files of the archive."""
    found = (path for path in root.rglob("*") if path.is_file())
    return sorted(path.read_bytes() for path in found if path.name.endswith(".MP4"))


def test_failures_are_retried_and_what_is_done_survives_the_process(tmp_path: Path) -> None:
    provider = _provider()
    root, database = tmp_path / "archive", tmp_path / "tracker.sqlite"
    root.mkdir()
    provider.faults.on("open", *[ServiceUnavailable("opening: no answer")] * 3)

    tracker = SqliteTracker(database)
    report = Bench(provider, tracker, FolderArchive(root)).run(concurrency=1)
    tracker.close()
    assert report.summary.result is Result.COMPLETED_WITH_FAILURES
    assert report.summary.counts[Outcome.FAILED] == 1
    assert report.summary.counts[Outcome.ARCHIVED] == 2

    tracker = SqliteTracker(database)
    bench = Bench(provider, tracker, FolderArchive(root))
    bench.clock.advance(24 * 3600)
    report = bench.run()
    assert report.summary.result is Result.COMPLETED
    assert report.summary.counts[Outcome.ARCHIVED] == 1
    assert report.summary.counts[Outcome.ALREADY_ARCHIVED] == 2
    everything = [b"another of that name", b"first chapter", b"second chapter", b"x"]
    assert _files(root) == everything
    for medium in tracker.media():
        assert medium.status is Status.COMPLETED
        for file in medium.files:
            assert (root / file.key).stat().st_size == file.size

    provider.calls.clear()
    assert bench.run().summary.files_archived == 0
    assert dict(provider.calls) == {"check_login": 1, "list_page": 2}
    tracker.close()
    assert _files(root) == everything


def test_a_file_of_somebody_else_at_the_key_is_left_alone(tmp_path: Path) -> None:
    provider = MemoryProvider({item("a"): [Original(b"ours")]})
    theirs = tmp_path / "gopro-videos/2026/05/GXa.MP4"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(b"theirs")
    tracker = SqliteTracker(tmp_path / "tracker.sqlite")
    report = Bench(provider, tracker, FolderArchive(tmp_path)).run()
    tracker.close()
    assert report.summary.reasons == {"key_taken": 1}
    assert theirs.read_bytes() == b"theirs"
