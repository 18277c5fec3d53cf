"""`cloud-sync demo --aws` as a user runs it: everything is deployed, run, checked, and gone."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cloud_sync.simulator.library import pattern_medium
from command_line import COMMAND, CommandLine, Ended

pytestmark = [pytest.mark.xdist_group("ministack-demo"), pytest.mark.timeout(400)]

FILES = ("GX010001.MP4", "GX020001.MP4", "GOPR0002.JPG", "IMG_2044.jpeg")
"""Two chapters of one recording, and two photos."""

ELSEWHERE = {
    "AWS_PROFILE": "of-nobody",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:9",
}
"""Settings of a user's own, under which any call that heeded them would fail."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("movies")
    for number, name in enumerate(FILES):
        (original,) = pattern_medium(f"m{number}", 50_000 + number).originals
        (folder / name).write_bytes(original.read(0, original.size))
    return folder


def started(folder: Path, library: Path) -> subprocess.Popen[str]:
    """The command in `folder`, where its temporary files lie as well.

    The package registry is reached with the machine's own settings.
    """
    ours = ("CLOUD_SYNC_", "AWS_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return subprocess.Popen(
        [COMMAND, "demo", "--aws", "--library", str(library)],
        cwd=folder,
        env={**kept, **ELSEWHERE, "TMPDIR": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo")


@pytest.fixture(scope="module")
def demo(folder: Path, library: Path) -> Ended:
    """The whole demo, once."""
    with started(folder, library) as process:
        try:
            out, err = process.communicate(timeout=280)
        finally:
            process.kill()
    return Ended(process.returncode, out, err)


def assert_nothing_is_left_running(err: str, folder: Path) -> None:
    """The emulator's port is closed, its functions have ended, its scratch folder is gone."""
    found = re.search(r"ministack at http://127\.0\.0\.1:(\d+)", err)
    assert found, err
    with socket.socket() as asked:
        asked.settimeout(2)
        assert asked.connect_ex(("127.0.0.1", int(found[1]))) != 0
    for _ in range(50):
        shown = subprocess.run(["ps", "-A", "-o", "args="], capture_output=True, check=True)
        left = [line for line in shown.stdout.decode().splitlines() if f"{folder}/" in line]
        if not left:
            break
        time.sleep(0.1)
    assert left == []
    assert not list(folder.glob("cloud-sync-emulator-*"))


def test_it_deploys_runs_three_executions_and_ends_well(demo: Ended) -> None:
    assert demo.code == 0, demo.err + demo.out
    assert "DIFFERENT" not in demo.out
    stacks = re.findall(r"^stack +(\S+), (\d+) resources", demo.err, re.MULTILINE)
    assert [name for name, _ in stacks] == ["CloudSync-dev-storage", "CloudSync-dev"]
    assert all(int(number) > 5 for _, number in stacks)
    ends = re.findall(r"SUCCEEDED: (.+)$", demo.err, re.MULTILINE)
    assert ends == [
        "3 media archived (4 files, 200 kB)",
        "nothing left to do, 3 media archived before",
        "1 medium archived (1 file, 400 kB), 1 failed",
    ]
    assert "cloud-sync aws deploy --env dev" in demo.out


def test_it_tells_states_and_media_while_they_happen(demo: Ended) -> None:
    first = demo.err.split("Execution demo-1")[1].split("Execution demo-2")[0]
    states = re.findall(r"^ +\d+\.\d s  (\w+)$", first, re.MULTILINE)
    assert states[:2] == ["GenerateCorrelationId", "ValidateTokens"]
    assert states[-1] == "SyncComplete"
    archived = re.findall(r"archived (gopro-videos/\S+) \(", first)
    assert len(archived) == 3
    assert {key.rsplit("/", 1)[1] for key in archived} == {FILES[0], FILES[2], FILES[3]}


def test_it_compares_every_byte_row_and_notice(demo: Ended) -> None:
    checked = re.findall(r"^ok +(.+)$", demo.out, re.MULTILINE)
    assert len(checked) == 6
    assert "5 originals (600 kB) in the bucket, byte for byte" in checked
    assert "5 rows in the tracker: 4 COMPLETED, 1 FAILED" in checked


def test_one_alert_comes_for_the_one_medium_that_is_meant_to_fail(demo: Ended) -> None:
    alerts = [line for line in demo.err.splitlines() if line.startswith("  alert")]
    assert len(alerts) == 1
    assert "1 archived, 1 failed (demoLateBad)" in alerts[0]


def test_nothing_of_it_is_left_running(demo: Ended, folder: Path) -> None:
    assert_nothing_is_left_running(demo.err, folder)


def test_after_a_ctrl_c_midway_nothing_is_left_running(tmp_path: Path, library: Path) -> None:
    lines = []
    with started(tmp_path, library) as process:
        try:
            assert process.stderr is not None
            for line in process.stderr:
                lines.append(line)
                if "ListMedia" in line:
                    process.send_signal(signal.SIGINT)
                    break
            _, err = process.communicate(timeout=100)
        finally:
            process.kill()
    assert process.returncode == 130, "".join(lines) + err
    assert "was stopped" in err
    assert "Traceback" not in err
    assert_nothing_is_left_running("".join(lines) + err, tmp_path)


def test_without_the_emulator_and_without_a_registry_it_says_what_to_type(
    tmp_path: Path, library: Path
) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    (packages,) = environment.glob("lib/python3*/site-packages")
    ours = next(path for path in sys.path if path.endswith("site-packages"))
    (packages / "ours.pth").write_text(f"import site; site.addsitedir({ours!r})\n")
    cache = tmp_path / "cache"
    nowhere = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path), "PIP_CONFIG_FILE": os.devnull}
    places = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "XDG_CACHE_HOME": str(cache)}
    ended = subprocess.run(
        [environment / "bin/python", "-m", "cloud_sync", "demo", "--aws", "--library", library],
        cwd=tmp_path,
        env={**places, **nowhere},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert ended.returncode == 2, ended.stderr
    assert "error: installing the AWS emulator" in ended.stderr
    assert "make demo-aws" in ended.stderr
    assert not list(cache.rglob("python*"))


def test_a_folder_that_cannot_be_made_is_named(bare: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ended = bare("demo", "--aws", "--folder", tmp_path / "file")
    assert ended.code == 2, ended.err
    assert str(tmp_path / "file") in ended.err
    assert "--folder PATH" in ended.err
