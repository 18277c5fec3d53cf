"""`verify`, `reconcile` and `retry` as a user runs them, on what a real run archived."""

from __future__ import annotations

import os
import pty
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from cloud_sync.cli.sync_run import SyncRequest, perform_sync
from cloud_sync.simulator.library import generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import COMMAND, CommandLine, Ended
from library_checks import assert_counts_add_up, assert_everything_archived, files_under


@dataclass
class Kept:
    """An archive that a sync has filled, and the command that filled it."""

    run: CommandLine
    root: Path
    cloud: Simulator

    @property
    def keys(self) -> list[str]:
        return sorted(files_under(self.root))

    def completed(self) -> list[dict[str, object]]:
        return self.run("list", "--to", self.root, "--status", "COMPLETED", "--json").lines

    def lose_tracker(self) -> None:
        shutil.rmtree(self.run.home / "cloud-sync")


@pytest.fixture
def kept(bare: CommandLine, tmp_path: Path) -> Iterator[Kept]:
    library = generate(12, 7, file_bytes=(200, 20_000))
    with Simulator(library, SimulatorOptions()) as cloud:
        run = bare.using(CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token)
        assert run("sync", "--to", tmp_path / "archive", "--quiet").code == 0
        yield Kept(run, tmp_path / "archive", cloud)


def events(ended: Ended, name: str) -> list[dict[str, object]]:
    return [line for line in ended.lines if line["event"] == name]


def test_verify_says_that_all_is_well_and_quiet_says_nothing(kept: Kept) -> None:
    plain, deep = kept.run("verify"), kept.run("verify", "--deep", "--json")
    assert plain.code == deep.code == 0, plain.err + deep.err
    assert plain.out.startswith("Everything that was archived is there")
    (summary,) = deep.lines
    assert summary["event"] == "verify_summary"
    assert summary["checked"] == summary["read"] == summary["ok"] == len(kept.keys)
    assert "\x1b" not in plain.out + plain.err
    quiet = kept.run("verify", "--quiet")
    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")


def test_verify_names_each_difference_with_both_sizes_and_what_to_type(kept: Kept) -> None:
    gone, short = kept.keys[:2]
    (kept.root / gone).unlink()
    size = (kept.root / short).stat().st_size
    os.truncate(kept.root / short, 10)
    run = kept.run("verify")
    assert run.code == 6
    assert f"{gone}: nothing is stored there" in run.out
    assert f"{short}: 10 bytes are stored, {size} bytes were expected" in run.out
    assert run.out.count("cloud-sync reconcile --apply") == 2
    as_json = kept.run("verify", "--json")
    found = {line["key"]: line for line in events(as_json, "difference")}
    assert set(found) == {gone, short}
    assert (found[short]["size"], found[short]["expected_size"]) == (10, size)
    assert as_json.lines[-1]["differences"] == 2
    assert as_json.code == 6


def test_verify_names_files_of_others_only_when_asked(kept: Kept) -> None:
    (kept.root / "notes.txt").write_text("mine")
    plain, verbose = kept.run("verify"), kept.run("verify", "--verbose")
    assert plain.code == verbose.code == 0
    assert "1 object (4 B) of others" in plain.out
    assert "notes.txt" not in plain.out + plain.err
    assert "foreign  notes.txt" in verbose.err


def test_verify_shows_how_far_it_is_on_a_terminal(kept: Kept) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "verify"],
        env={**kept.run.environment, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while block := os.read(ours, 65536):
                shown += block
        except OSError:
            # a terminal whose other end is gone
            os.close(ours)
        assert process.stdout is not None
        assert b"Everything that was archived" in process.stdout.read()
    assert process.returncode == 0
    assert b"checking" in shown


def test_a_check_of_an_archive_that_was_never_used_is_an_error(bare: CommandLine) -> None:
    for command in ("verify", "retry"):
        run = bare(command, "--to", bare.home / "never")
        assert run.code == 2
        assert "next:" in run.err
        assert not (bare.home / "cloud-sync").exists()


def test_reconcile_shows_the_plan_first_and_repairs_when_told(kept: Kept) -> None:
    gone = kept.keys[0]
    (kept.root / gone).unlink()
    rows = kept.completed()
    plan = kept.run("reconcile")
    assert plan.code == 0, plan.err
    assert f"reopen   {gone}" in plan.out
    assert "Nothing was changed. To repair: cloud-sync reconcile --to" in plan.out
    assert kept.completed() == rows
    done = kept.run("reconcile", "--apply", "--json")
    assert done.code == 0
    (repair,) = events(done, "repair")
    assert (repair["action"], repair["code"]) == ("reopen", "missing_in_archive")
    assert done.lines[-1]["applied"] is True
    assert [row["error"] for row in kept.run("list", "--status", "PENDING", "--json").lines] == [
        {"code": "missing_in_archive", "message": repair_message(kept)}
    ]
    sync = kept.run("sync", "--json")
    assert (sync.code, sync.summary["files_archived"]) == (0, 1)
    assert kept.run("verify").code == 0


def repair_message(kept: Kept) -> object:
    (row,) = kept.run("list", "--status", "PENDING", "--json").lines
    error = row["error"]
    assert "archive" in error["message"]
    return error["message"]


def test_reconcile_leaves_what_only_a_person_can_settle(kept: Kept) -> None:
    other = kept.keys[0]
    (kept.root / other).write_bytes(b"an edit of mine")
    run = kept.run("reconcile", "--apply")
    assert run.code == 6
    assert f"look     {other}" in run.out
    assert "next: keep a copy of it, move it away, and reconcile again" in run.out
    assert (kept.root / other).read_bytes() == b"an edit of mine"


def test_reconcile_rebuilds_a_lost_tracker_and_sync_then_moves_nothing(kept: Kept) -> None:
    before = kept.cloud.snapshot().cdn_requests
    kept.lose_tracker()
    plan = kept.run("reconcile", "--to", kept.root)
    assert plan.code == 0, plan.err
    assert not (kept.run.home / "cloud-sync").exists(), "a dry run made a tracker"
    done = kept.run("reconcile", "--to", kept.root, "--apply", "--json")
    assert done.lines[-1]["adopt"] == len(kept.keys), done.err
    sync = kept.run("sync", "--json")
    assert (sync.code, sync.summary["bytes"]) == (0, 0)
    assert_counts_add_up(sync.summary)
    assert kept.cloud.snapshot().cdn_requests == before, "an original was fetched again"
    assert_everything_archived(
        generate(12, 7, file_bytes=(200, 20_000)),
        kept.completed(),
        lambda key: (kept.root / key).read_bytes(),
    )
    assert kept.run("verify", "--deep").code == 0


def test_reconcile_of_an_empty_place_makes_no_tracker(bare: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "empty" / ".cloud-sync").mkdir(parents=True)
    run = bare("reconcile", "--to", tmp_path / "empty", "--apply")
    assert run.code == 2
    assert "cloud-sync sync --to" in run.err
    assert not (bare.home / "cloud-sync").exists()


@pytest.fixture
def stuck(bare: CommandLine, tmp_path: Path) -> Iterator[tuple[Kept, str]]:
    """An archive in which one medium has failed, and that medium's id."""
    library = generate(8, 7, file_bytes=(200, 20_000), plain=True)
    root = tmp_path / "archive"
    with Simulator(library, SimulatorOptions()) as cloud:
        run = bare.using(CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token)
        (first, *_) = run("sync", "--to", root, "--dry-run", "--json", "--limit", "1").lines[:-1]
        planned = [line for line in [first] if line["event"] == "planned"] or [
            line
            for line in run("sync", "--to", root, "--dry-run", "--json").lines
            if line["event"] == "planned"
        ]
        blocked = root / planned[0]["key"]
        blocked.parent.mkdir(parents=True)
        blocked.write_bytes(b"in the way")
        assert run("sync", "--to", root, "--quiet").code == 3
        yield Kept(run, root, cloud), planned[0]["media_id"]


def test_retry_runs_what_failed_and_nothing_else(stuck: tuple[Kept, str]) -> None:
    kept, media_id = stuck
    again = kept.run("retry", "--json")
    assert (again.code, again.summary["failed"]) == (3, 1), "what is in the way still is"
    (failed,) = kept.run("list", "--status", "FAILED", "--json").lines
    (kept.root / failed["key"]).unlink()
    run = kept.run("retry", media_id, "--json")
    assert run.code == 0, run.err
    assert (run.summary["archived"], run.summary["failed"]) == (1, 0)
    assert_counts_add_up(run.summary)
    nothing = kept.run("retry")
    assert nothing.code == 0
    assert "Nothing to try again" in nothing.out
    assert kept.run("retry", "--json").lines[-1]["event"] == "nothing_failed"


def test_retry_takes_up_a_medium_that_was_given_up(stuck: tuple[Kept, str]) -> None:
    """After five failing runs in a row no sync tries it; a retry does, and counts anew."""
    kept, media_id = stuck
    for _ in range(4):
        # what happens in these is another test's; a process for each would only take time
        assert perform_sync(SyncRequest({}, quiet=True), kept.run.environment).exit_code == 3
    assert kept.run("sync", "--json").summary["reasons"] == {"quarantined": 1}
    assert kept.run("retry", media_id, "--json").summary["failed"] == 1
    assert kept.run("sync", "--json").summary["reasons"] == {"key_taken": 1}, "not counted anew"


def test_retry_of_a_run_takes_what_failed_in_it(stuck: tuple[Kept, str]) -> None:
    kept, media_id = stuck
    run_id = kept.run("status", "--json").lines[0]["last_run"]["run_id"]
    (kept.root / kept.run("list", "--status", "FAILED", "--json").lines[0]["key"]).unlink()
    run = kept.run("retry", "--run", run_id, "--json")
    assert [line["media_id"] for line in events(run, "medium_settled")] == [media_id]
    assert run.code == 0
    assert "Nothing to try again" in kept.run("retry", "--run", run_id).out


@pytest.mark.parametrize("wrong", ["unknown", "archived", "run", "both"])
def test_retry_refuses_what_it_cannot_try_and_does_nothing(
    stuck: tuple[Kept, str], wrong: str
) -> None:
    kept, media_id = stuck
    archived = str(kept.completed()[0]["media_id"])
    arguments, named = {
        "unknown": ((media_id, "no-such-id"), "no-such-id"),
        "archived": ((media_id, archived), archived),
        "run": (("--run", "no-such-run"), "no-such-run"),
        "both": ((media_id, "--run", "r"), "either MEDIA_ID or --run"),
    }[wrong]
    before = kept.cloud.snapshot().api_calls
    run = kept.run("retry", *arguments)
    assert run.code == 2
    assert named in run.err
    assert kept.cloud.snapshot().api_calls == before
    assert len(kept.run("list", "--status", "FAILED", "--json").lines) == 1


def test_repairs_and_retries_wait_for_a_run_that_is_at_work(stuck: tuple[Kept, str]) -> None:
    from datetime import UTC, datetime, timedelta

    from cloud_sync.tracker.sqlite import SqliteTracker

    kept, _ = stuck
    (path,) = (kept.run.home / "cloud-sync" / "archives").glob("*.sqlite")
    other = SqliteTracker(path)
    now = datetime.now(UTC)
    other.begin_run("other", "another process", now=now, until=now + timedelta(hours=1))
    try:
        for command in (("reconcile", "--apply"), ("retry",)):
            run = kept.run(*command)
            assert run.code == 5, run.err
            assert "another process" in run.err or "another run" in run.err
        assert kept.run("verify").code == 0, "a check changes nothing, so it need not wait"
    finally:
        other.close()
