"""`cloud-sync simulator --faults`: a plan from a file is replayed, counted, or refused."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import urllib3

from command_line import CommandLine

TOKEN = "simulator-token"


@dataclass(slots=True)
class Served:
    """A simulator of the command line: its API's address, and what it printed once it ended."""

    api_url: str = ""
    out: list[str] = field(default_factory=list)
    err: str = ""


@contextmanager
def serving(bare: CommandLine, *arguments: str | Path) -> Iterator[Served]:
    process = bare.start("simulator", "--json", "--count", "12", *arguments)
    served = Served()
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.communicate(timeout=30)[1]
        served.api_url = json.loads(line)["api_url"]
        yield served
    finally:
        process.send_signal(signal.SIGINT)
        out, served.err = process.communicate(timeout=30)
        served.out = out.splitlines()


def plan_file(folder: Path, *faults: dict[str, Any], **more: Any) -> Path:
    file = folder / "plan.json"
    file.write_text(json.dumps({**more, "faults": list(faults)}), "utf-8")
    return file


def statuses(api_url: str, path: str, times: int) -> str:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with urllib3.PoolManager(retries=False, timeout=10) as pool:
        seen = [pool.request("GET", api_url + path, headers=headers).status for _ in range(times)]
        pool.clear()
    return "".join("x" if status == 503 else "." for status in seen)


def test_a_plan_is_followed_and_counted(bare: CommandLine, tmp_path: Path) -> None:
    plan = plan_file(tmp_path, {"kind": "status", "endpoint": "search", "nth": [2, 4]})
    with serving(bare, "--faults", plan) as served:
        assert statuses(served.api_url, "/media/search", 5) == ".x.x."
        assert statuses(served.api_url, "/media/user", 3) == "..."
    stopped = json.loads(served.out[-1])
    assert stopped["event"] == "stopped"
    assert stopped["faults"] == {"status": 2}
    assert {name: count for name, count in stopped["calls"].items() if count} == {
        "search": 5,
        "user": 3,
    }


def test_the_counts_are_told_in_words(bare: CommandLine, tmp_path: Path) -> None:
    plan = plan_file(tmp_path, {"kind": "status", "endpoint": "user", "nth": 1})
    process = bare.start("simulator", "--count", "3", "--faults", plan)
    assert process.stdout is not None
    api_url = process.stdout.readline().partition("=")[2].strip()
    assert statuses(api_url, "/media/user", 2) == "x."
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert err.splitlines()[-2:] == ["calls   2: 2 user", "faults  1: 1 status"]


def test_the_same_seed_gives_the_same_faults(bare: CommandLine, tmp_path: Path) -> None:
    chance = {"kind": "status", "endpoint": "search", "probability": 0.5}

    def pattern(option: str, **in_plan: int) -> str:
        plan = plan_file(tmp_path, chance, **in_plan)
        with serving(bare, "--faults", plan, "--seed", option) as served:
            return statuses(served.api_url, "/media/search", 30)

    first = pattern("1")
    assert set(first) == {"x", "."}
    assert pattern("2") != first
    assert pattern("2", seed=1) == first, "the plan's own seed comes first"


def test_a_run_goes_through_a_bad_cloud(bare: CommandLine, tmp_path: Path) -> None:
    """What a plan spoils once is archived all the same, and nothing is lost without a word."""
    plan = plan_file(
        tmp_path,
        {"kind": "truncate", "nth": 2},
        {"kind": "reset", "endpoint": "cdn", "nth": 4},
        {"kind": "expired_url", "nth": 6},
        {"kind": "gone", "endpoint": "download", "nth": 2},
    )
    with serving(bare, "--faults", plan) as served:
        command = bare.using(CLOUD_SYNC_GOPRO_API_URL=served.api_url, CLOUD_SYNC_GOPRO_TOKEN=TOKEN)
        run = command("sync", "--to", tmp_path / "archive", "--json")
    summary = run.summary
    assert summary["found"] == 12
    assert summary["archived"] == 11, run.err
    assert summary["gone"] + summary["failed"] == 1
    faults = json.loads(served.out[-1])["faults"]
    assert set(faults) == {"truncate", "reset", "expired_url", "gone"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"faults": [{"kind": "flip"}, {"kind": "stauts"}]}', "faults[1].kind: expected one of"),
        ('{"faults": [{"kind": "status", "status": 99}]}', "faults[0].status: expected a whole"),
        ('{"faults": ', "no valid JSON"),
    ],
)
def test_a_bad_plan_is_refused_before_anything_is_served(
    bare: CommandLine, tmp_path: Path, text: str, words: str
) -> None:
    file = tmp_path / "plan.json"
    file.write_text(text, "utf-8")
    run = bare("simulator", "--faults", file)
    assert run.code == 2
    assert run.out == ""
    assert str(file) in run.err
    assert words in run.err
    assert "Traceback" not in run.err


def test_a_plan_that_is_not_there_is_refused(bare: CommandLine, tmp_path: Path) -> None:
    run = bare("simulator", "--faults", tmp_path / "plan.json")
    assert run.code == 2
    assert "No such file" in run.err
