"""Whatever happens, the functions on AWS and the command line leave the same behind.

The same rows, the same objects byte for byte, the same summary: the functions run under the state
machine's own definition, against a real cloud simulator and real stores.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from both_doors import through_the_command_line, through_the_functions
from parity import SCENARIOS


@pytest.mark.parametrize("name", SCENARIOS)
def test_both_doors_leave_the_same_rows_objects_and_summary(name: str, tmp_path: Path) -> None:
    scenario = SCENARIOS[name]
    there, aws = through_the_functions(tmp_path / "functions", scenario)
    answers = [answer for answer in aws.calls("video-downloader") if isinstance(answer, dict)]
    assert [answer["status"] for answer in answers].count("CONTINUE") >= scenario.rounds
    here = through_the_command_line(tmp_path / "command", scenario)
    assert there["rows"] == here["rows"]
    assert there["objects"] == here["objects"]
    assert there["runs"] == here["runs"]
