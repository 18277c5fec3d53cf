"""Runs a command and measures it: wall time, CPU time, peak memory."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("cloud-sync"))


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command took: seconds on the wall and on the CPU, peak memory in MiB."""

    code: int
    wall: float
    cpu: float
    peak_mib: float
    out: str


def measure(command: Sequence[str], environment: Mapping[str, str]) -> Measured:
    """Run `command` to its end. Its children count too; of memory the largest process counts.

    Peak memory is never told as less than the caller's own peak: a process that is about to become
    another one counts as the one that it comes from.
    """
    with tempfile.TemporaryFile("w+b") as out:
        started = time.perf_counter()
        pid = os.posix_spawn(
            command[0],
            list(command),
            dict(environment),
            file_actions=[(os.POSIX_SPAWN_DUP2, out.fileno(), 1)],
        )
        try:
            _, status, usage = os.wait4(pid, 0)
        except BaseException:
            # the measuring was broken off: leave nothing behind
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            raise
        wall = time.perf_counter() - started
        out.seek(0)
        text = out.read().decode()
    # Linux counts in KiB, macOS in bytes
    unit = 1024 if sys.platform == "linux" else 1024 * 1024
    return Measured(
        code=os.waitstatus_to_exitcode(status),
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        peak_mib=usage.ru_maxrss / unit,
        out=text,
    )


def clean_environment(home: Path, **settings: str) -> dict[str, str]:
    """An environment with nothing of the machine's own cloud-sync settings."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(home),
        "CLOUD_SYNC_HOME": str(home / "cloud-sync"),
        **settings,
    }
