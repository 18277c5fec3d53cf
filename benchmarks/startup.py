"""How long the command line takes to start, against an empty Python process in the same run."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.measured import COMMAND, clean_environment, measure

ROUNDS = 7


def run() -> bool:
    """Print the medians; True when `--help` stays under 0.3 s."""
    with tempfile.TemporaryDirectory() as folder:
        environment = clean_environment(Path(folder))
        contestants = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "import cloud_sync": [sys.executable, "-c", "import cloud_sync"],
            "cloud-sync --help": [COMMAND, "--help"],
            "cloud-sync sync --help": [COMMAND, "sync", "--help"],
        }
        times: dict[str, list[float]] = {name: [] for name in contestants}
        for _ in range(ROUNDS):
            for name, command in contestants.items():
                times[name].append(measure(command, environment).wall)
    empty = median(times["python -c pass"])
    print(f"start-up, medians of {ROUNDS}")
    for name, taken in times.items():
        print(
            f"  {name:<24} {median(taken) * 1000:6.0f} ms   +{(median(taken) - empty) * 1000:.0f}"
        )
    return median(times["cloud-sync --help"]) < 0.3
