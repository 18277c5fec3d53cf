"""Figures that the documentation states, measured anew: `make bench`."""

import sys
from pathlib import Path

# servers and deployments that the tests have are the benchmarks' too
sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
