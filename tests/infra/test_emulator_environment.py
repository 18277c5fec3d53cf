"""The emulator has an environment of its own, found beside the command's or made when missing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from cloud_sync.emulator.environment import (
    LOCKED,
    cache_name,
    emulator_interpreter,
    interpreter_beside,
)
from cloud_sync.errors import UsageError

pytestmark = pytest.mark.xdist_group("package")


def test_the_one_that_make_sets_up_is_taken_and_nothing_is_made(tmp_path: Path) -> None:
    beside = interpreter_beside(tmp_path / "prefix")
    beside.parent.mkdir(parents=True)
    beside.touch()
    said: list[str] = []
    assert emulator_interpreter(tmp_path / "prefix", tmp_path / "cache", said.append) == beside
    assert said == []
    assert not (tmp_path / "cache").exists()


def test_elsewhere_it_is_made_once_in_the_cache_and_can_be_started(tmp_path: Path) -> None:
    said: list[str] = []
    made = emulator_interpreter(tmp_path / "prefix", tmp_path / "cache", said.append)
    assert len(said) == 1
    shown = subprocess.run(
        [made, "-c", "import importlib.metadata as m, ministack; print(m.version('ministack'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"ministack=={shown.stdout.strip()}" in LOCKED.read_text("ascii")
    again = emulator_interpreter(tmp_path / "prefix", tmp_path / "cache", said.append)
    assert (again, len(said)) == (made, 1)


def test_one_that_was_cut_off_while_it_was_made_is_made_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    half = tmp_path / cache_name(LOCKED.read_bytes(), sys.version) / "bin"
    half.mkdir(parents=True)
    (half / "half-installed").touch()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    with pytest.raises(UsageError, match="installing the AWS emulator"):
        emulator_interpreter(tmp_path / "prefix", tmp_path, lambda _text: None)
    assert not half.exists()


def test_other_versions_and_another_python_get_another_folder() -> None:
    names = {cache_name(b"a", "3.11"), cache_name(b"b", "3.11"), cache_name(b"a", "3.12")}
    assert len(names) == 3


def test_every_version_is_locked_with_hashes() -> None:
    text = LOCKED.read_text("ascii")
    locked = re.findall(
        r"^\S+==\S+(?: ;.*)? \\\n    --hash=sha256:[0-9a-f]{64}", text, re.MULTILINE
    )
    assert len(locked) == len(re.findall(r"^\w", text, re.MULTILINE)) > 1
