"""`python -m benchmarks [name …]`: run all benchmarks, or those named."""

from __future__ import annotations

import platform
import sys

from benchmarks import discovery, startup

BENCHMARKS = {"startup": startup.run, "discovery": discovery.run}


def main(names: list[str]) -> int:
    """Run them; 0 when every figure is within its bound."""
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        print(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
        return 2
    print(f"{platform.platform()}, {platform.machine()}, Python {platform.python_version()}")
    missed = [name for name in names or BENCHMARKS if not BENCHMARKS[name]()]
    for name in missed:
        print(f"MISSED: {name} is out of its bound")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
