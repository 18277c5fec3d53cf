"""Where the emulator is installed: in an environment of its own, for it pins versions of its own.

In a clone `make` sets it up beside the command's; elsewhere it is made in the cache when it is
first needed, with the versions and hashes that are locked in `locked.txt` beside this file.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from pathlib import Path

from cloud_sync.errors import UsageError

LOCKED = Path(__file__).with_name("locked.txt")
BESIDE = "emulator"
"""The folder within the command's environment where `make` puts the emulator's."""

READY = ".ready"
"""Written last into an environment in the cache: without it, it is made anew."""


def interpreter_beside(prefix: Path) -> Path:
    """The emulator's interpreter as `make` sets it up in the environment at `prefix`."""
    return prefix / BESIDE / "bin" / "python"


def emulator_interpreter(prefix: Path, cache: Path, say: Callable[[str], None]) -> Path:
    """The emulator's interpreter; its environment is made in `cache` where there is none.

    UsageError where it is not there and cannot be made.
    """
    beside = interpreter_beside(prefix)
    if beside.is_file():
        return beside
    folder = cache / cache_name(LOCKED.read_bytes(), sys.version)
    python = folder / "bin" / "python"
    if not (folder / READY).is_file():
        say(f"Installing the emulator into {folder} (once) …")
        _make(folder, python)
    return python


def cache_name(locked: bytes, python: str) -> str:
    """Another folder for other locked versions, and for another Python."""
    return "emulator-" + hashlib.sha256(locked + python.encode()).hexdigest()[:12]


def _make(folder: Path, python: Path) -> None:
    try:
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, symlinks=True)
        _install(python)
        (folder / READY).touch()
    except (OSError, subprocess.CalledProcessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise UsageError(
            f"installing the AWS emulator into {folder}: Python's venv or pip failed",
            hint="python -m venv must work here, and pip reach a package registry; "
            "in a clone: make demo-aws",
        ) from error


def _install(python: Path) -> None:
    subprocess.run(  # noqa: S603 our own words
        [
            *(sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"),
            *("--quiet", "install", "--only-binary=:all:", "--require-hashes", "-r", str(LOCKED)),
        ],
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )
