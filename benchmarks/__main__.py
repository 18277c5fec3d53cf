"""`python -m benchmarks [name …]`: run all benchmarks, or those named."""

from __future__ import annotations

import argparse
import platform
import signal
import sys
from collections.abc import Callable

from benchmarks import (
    aws_interpreted,
    aws_memory,
    aws_scale,
    cold_import,
    copies,
    discovery,
    large_copy,
    large_files,
    startup,
    verify,
)
from benchmarks.byte_path import run as byte_path
from benchmarks.byte_path.workloads import WORKLOADS


def main() -> int:
    """Run them; 0 when every figure is within its bound."""
    given = _arguments()
    # so that servers and contestants are ended, whatever ends the run
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    benchmarks: dict[str, Callable[[], bool]] = {
        "startup": startup.run,
        "cold_import": cold_import.run,
        "discovery": discovery.run,
        "verify": verify.run,
        "large_files": large_files.run,
        "copies": lambda: copies.run(given.rounds),
        "large_copy": large_copy.run,
        "aws_scale": lambda: aws_scale.run(given.media),
        "aws_interpreted": lambda: aws_interpreted.run(given.media),
        "aws_memory": aws_memory.run,
        "byte_path": lambda: byte_path.run(given.rounds, given.workload),
    }
    unknown = sorted(set(given.names) - set(benchmarks))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(benchmarks)}")
        return 2
    print(f"{platform.platform()}, {platform.machine()}, Python {platform.python_version()}")
    missed = [name for name in given.names or benchmarks if not benchmarks[name]()]
    for name in missed:
        print(f"MISSED: {name} is out of its bound")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("names", nargs="*", metavar="name", help="which; all where none is named")
    parser.add_argument(
        "--rounds",
        type=int,
        default=byte_path.LEAST_ROUNDS,
        help="of byte_path and copies; with fewer than %(default)s byte_path writes nothing into "
        "the documentation",
    )
    parser.add_argument(
        "--workload",
        action="append",
        default=[],
        choices=[workload.name for workload in WORKLOADS],
        help="of byte_path; all where none is named",
    )
    parser.add_argument(
        "--media",
        type=int,
        default=aws_scale.MEDIA,
        help="of aws_scale and aws_interpreted: how many (default: %(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
