"""Runs the real command `cloud-sync` in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

COMMAND = str(Path(sys.executable).with_name("cloud-sync"))


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output as JSON lines."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def summary(self) -> dict[str, Any]:
        """The last line of `sync --json`."""
        last = self.lines[-1]
        assert last["event"] == "run_summary", f"the last line is no run_summary: {last}"
        return last


@dataclass(frozen=True, slots=True)
class CommandLine:
    """The command with an environment that holds nothing of the machine's own settings."""

    home: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return {
            **kept,
            "HOME": str(self.home),
            "CLOUD_SYNC_HOME": str(self.home / "cloud-sync"),
            **self.settings,
        }

    def __call__(self, *arguments: str | Path, stdin: str | None = None) -> Ended:
        """Run it to its end."""
        process = subprocess.run(
            [COMMAND, *map(str, arguments)],
            env=self.environment,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return Ended(process.returncode, process.stdout, process.stderr)

    def start(self, *arguments: str | Path) -> subprocess.Popen[str]:
        """Start it, for tests that interrupt or kill it."""
        return subprocess.Popen(
            [COMMAND, *map(str, arguments)],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def using(self, **settings: str) -> CommandLine:
        """The same with other settings."""
        return CommandLine(self.home, {**self.settings, **settings})
