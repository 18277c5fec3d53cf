"""A small run of `make chaos`, and that it would notice whatever it promises not to happen."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from chaos import __main__ as command_of_chaos
from chaos import checks
from chaos.experiment import Report, Scale, experiment
from chaos.faults import plan_of
from chaos.kills import After, Moment, Seen, drawn
from chaos.library import made
from chaos.targets import Folder

from cloud_sync.simulator.fault_plan import load_plan
from cloud_sync.simulator.library import Library
from cloud_sync.simulator.server import TOKEN
from command_line import CommandLine

SMALL = Scale(
    media=40,
    kills=2,
    seed=4,
    stall=0.1,
    refusals=False,
    # a hundred calls are few for chance
    least=0.2,
    file_bytes=(2_000, 200_000),
    large=2,
    large_bytes=(9_000_000, 12_000_000),
    # up to eight parts in flight are a lot of so little
    fetched_bound=3.0,
    runs=25,
    seconds=90,
)


@dataclass(frozen=True, slots=True)
class Settled:
    """What a small run has left."""

    folder: Path
    report: Report

    @property
    def library(self) -> Library:
        return made(SMALL.make)

    @property
    def archive(self) -> Path:
        return self.folder / "archive"

    @property
    def tracker(self) -> Path:
        (tracker,) = self.folder.rglob("*.sqlite")
        return tracker

    def rows(self) -> list[dict[str, Any]]:
        command = CommandLine(self.folder / "user")
        return command("list", "--to", self.archive, "--json").lines

    def findings(self, rows: list[dict[str, Any]]) -> list[str]:
        home, temporary = self.folder / "user/cloud-sync", self.folder / "tmp"
        return [
            *checks.check_archive(self.library, rows, Folder(self.archive)),
            *checks.check_rows(self.library, rows),
            *checks.check_home(home, temporary),
            *checks.check_secret(TOKEN, self.folder / "outputs", home),
        ]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Settled:
    folder = tmp_path_factory.mktemp("chaos") / "scene"
    folder.mkdir()
    return Settled(folder, experiment(SMALL, folder, print))


def test_faults_on_a_tenth_of_all_calls_and_kills_lose_and_leave_nothing(
    untouched: Settled,
) -> None:
    report = untouched.report
    assert report.findings == [], "\n".join(map(str, report.runs))
    assert report.kills == SMALL.kills
    assert report.faults > 0
    assert report.originals > SMALL.media / 2


def _an_original(scene: Settled) -> Path:
    return next(path for path in sorted((scene.archive / "gopro-videos").rglob("*.*")))


def lose(scene: Settled) -> None:
    _an_original(scene).unlink()


def damage(scene: Settled) -> None:
    path = _an_original(scene)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(scene: Settled) -> None:
    path = _an_original(scene)
    path.write_bytes(path.read_bytes()[:-1])


def double(scene: Settled) -> None:
    path = _an_original(scene)
    shutil.copy(path, path.with_name(f"copy of {path.name}"))


def leave_a_part(scene: Settled) -> None:
    (scene.archive / ".cloud-sync/partial" / ("0" * 32 + ".part")).write_bytes(b"half")


def leave_a_temporary_file(scene: Settled) -> None:
    (scene.folder / "tmp/something").touch()


def leave_a_file_beside_the_tracker(scene: Settled) -> None:
    scene.tracker.with_suffix(".tmp").touch()


def say_the_login(scene: Settled) -> None:
    (scene.folder / "outputs/run-1.err").write_text(f"with {TOKEN}")


def write_the_login_down(scene: Settled) -> None:
    with (scene.folder / "user/cloud-sync/logs/cloud-sync.jsonl").open("a") as log:
        log.write(f'{{"message": "with {TOKEN}"}}\n')


def written(statement: str) -> Callable[[Settled], None]:
    def write(scene: Settled) -> None:
        with closing(sqlite3.connect(scene.tracker)) as database, database:
            assert database.execute(statement).rowcount > 0

    return write


_ONE = "media_id = (SELECT min(media_id) FROM media WHERE status = 'COMPLETED')"


@pytest.mark.parametrize(
    "harm",
    [
        lose,
        damage,
        cut,
        double,
        leave_a_part,
        leave_a_temporary_file,
        leave_a_file_beside_the_tracker,
        say_the_login,
        write_the_login_down,
        pytest.param(
            written(
                "INSERT INTO transfers (media_id, file_number, token, part_size, size) "
                "SELECT media_id, number, 't', 1, 1 FROM files LIMIT 1"
            ),
            id="an unfinished upload",
        ),
        pytest.param(
            written(f"UPDATE media SET lease_owner = 'a run that died' WHERE {_ONE}"),
            id="a claim",
        ),
        pytest.param(
            written(f"UPDATE files SET status = 'PENDING' WHERE {_ONE}"),
            id="an original that is not done",
        ),
    ],
)
def test_whatever_is_lost_damaged_doubled_or_left_is_found(
    untouched: Settled, tmp_path: Path, harm: Callable[[Settled], None]
) -> None:
    """The tracker knows its archive by its path, so the rows are those of the untouched one."""
    scene = Settled(tmp_path / "scene", untouched.report)
    shutil.copytree(untouched.folder, scene.folder)
    rows = untouched.rows()
    assert scene.findings(rows) == []
    harm(scene)
    assert scene.findings(_rows_of(scene, rows))


def _rows_of(scene: Settled, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows with the status that the scene's own tracker has."""
    with closing(sqlite3.connect(scene.tracker)) as database:
        found = database.execute("SELECT media_id, number, status FROM files").fetchall()
    status = {(media_id, number): state for media_id, number, state in found}
    return [
        {**row, "status": status.get((row["media_id"], row["file_number"]), row["status"])}
        for row in rows
    ]


def test_a_run_that_takes_too_long_is_ended_and_is_no_success(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = command_of_chaos.main(["--media", "50", "--kills", "1", "--seconds", "0"])
    told = capsys.readouterr().out
    assert code == 1
    assert "BROKEN: it did not end within 0 s" in told
    assert "BROKEN: 0 kills instead of 1" in told
    assert "Holds" not in told


def test_the_same_seed_gives_the_same_library_plan_and_kills() -> None:
    first, second = made(SMALL.make), made(SMALL.make)
    assert [medium.row() for medium in first.media()] == [medium.row() for medium in second.media()]
    assert plan_of(1, 0.1, 1.0) == plan_of(1, 0.1, 1.0) != plan_of(2, 0.1, 1.0)
    moments = [
        [drawn(chance, 100_000_000, kills, missed=False) for kills in range(10, 0, -1)]
        for chance in (Random(3), Random(3))
    ]
    assert moments[0] == moments[1]


def test_a_tenth_of_the_calls_of_every_endpoint_gets_a_fault() -> None:
    """The chances of all kinds of an endpoint together, by what the plan's file says."""
    plan = plan_of(1, 0.1, 1.0)
    load_plan(plan)
    for endpoint in ("user", "search", "download", "cdn"):
        healthy = 1.0
        for fault in plan["faults"]:
            if fault["endpoint"] == endpoint:
                healthy *= 1 - fault.get("probability", 0)
        assert healthy == pytest.approx(0.9)


@pytest.mark.parametrize(
    ("moment", "seen"),
    [
        (Moment(After.BYTES, 10), Seen(bytes=10)),
        (Moment(After.FILES, 2), Seen(files=2)),
        (Moment(After.PAGES, 3), Seen(pages=3)),
        (Moment(After.LARGE, 5), Seen(since_large=5)),
    ],
)
def test_a_moment_comes_with_what_it_counts_and_with_nothing_else(
    moment: Moment, seen: Seen
) -> None:
    assert moment.has_come(seen)
    assert not moment.has_come(Seen())
    others = dict.fromkeys(("bytes", "files", "pages", "since_large"), 100)
    counted = next(name for name in others if getattr(seen, name))
    assert not moment.has_come(Seen(**{**others, counted: 1}))


def test_all_kills_fit_in_what_is_left_to_fetch() -> None:
    chance = Random(5)
    for _ in range(500):
        moment = drawn(chance, 1_000_000, 1, missed=False)
        assert moment.after is not After.BYTES or moment.count <= 800_000
        assert drawn(chance, 1_000_000, 1, missed=True).after is After.PAGES
        assert drawn(chance, 0, 1, missed=False).after is After.PAGES
