"""The synthesised templates: made once a session, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assemblies import Assemblies


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep what looks at synthesised templates in one worker: making them takes far longer."""
    made_once = {"assemblies", "copies_assemblies"}
    for item in items:
        if made_once & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.xdist_group("assemblies"))


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Assemblies:
    """Every environment, synthesised."""
    folder = tmp_path_factory.mktemp("assemblies")
    return Assemblies(folder, synthesised(folder, "synthesise.py"))


@pytest.fixture(scope="session")
def copies_assemblies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file-copy workflow of two environments, a folder for each."""
    folder = tmp_path_factory.mktemp("copies")
    assert synthesised(folder, "synthesise_copies.py") == ""
    return folder


def synthesised(folder: Path, script: str) -> str:
    """Run a script that writes assemblies into the folder; what it told on standard error."""
    code = folder.with_name(f"{folder.name}-code")
    code.mkdir()
    (code / "package.py").write_text("answer = 42\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name(script)), str(folder), str(code)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return done.stderr
