"""The synthesised templates: made once a session, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from assemblies import Assemblies


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> Assemblies:
    """Every environment, synthesised."""
    folder = tmp_path_factory.mktemp("assemblies")
    code = tmp_path_factory.mktemp("function-code")
    (code / "package.py").write_text("answer = 42\n", encoding="utf-8")
    script = Path(__file__).with_name("synthesise.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder), str(code)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    return Assemblies(folder, done.stderr)
