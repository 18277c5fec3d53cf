"""`cloud-sync watch -- --env dev`: a deployed environment's archive, looked after from here."""

from __future__ import annotations

import signal
import subprocess
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from builders import summary
from cloud_sync.simulator.library import Library
from cloud_sync.simulator.server import Simulator
from cloud_sync.tracker.dynamodb import DynamoTracker
from command_line import CommandLine
from library_checks import wanted
from ministack import Ministack

pytestmark = [pytest.mark.xdist_group("ministack-watch"), pytest.mark.timeout(300)]

TABLE = "gopro-sync-tracker-dev"
RUN = "20260530T020000Z-0a1b2c3d"
WATCH = ("watch", "--at", "02:00", "--tz", "UTC", "--", "--env", "dev")


def announced(process: subprocess.Popen[str]) -> tuple[list[str], str]:
    """What it says until it waits for the next night, and its results; it is ended then."""
    assert process.stderr
    told = []
    for line in process.stderr:
        told.append(line)
        if "The next run starts at" in line:
            break
    process.send_signal(signal.SIGTERM)
    out, rest = process.communicate(timeout=60)
    assert process.returncode == 0, "".join(told) + rest
    return told, out


def ran_on_aws(emulator: Ministack, started_at: datetime) -> None:
    """What the functions leave of a run in the environment's table."""
    with closing(DynamoTracker(TABLE, client_options=emulator.options)) as tracker:
        tracker.begin_run(RUN, "aws", now=started_at, until=started_at + timedelta(minutes=5))
        tracker.end_run(summary(run_id=RUN, started_at=started_at))


def test_the_watch_makes_up_for_a_night_in_which_nobody_ran_and_for_no_other(
    aws: CommandLine,
    emulator: Ministack,
    code: Path,
    cloud: Simulator,
    library: Library,
    tmp_path: Path,
) -> None:
    """Whether a night was missed is told by the environment's own history, whoever ran: its own
    functions, this machine or another."""
    deploy = ("aws", "deploy", "--env", "dev", "--function-code", code, "--bootstrap")
    made = aws(*deploy, "--gopro-api-url", cloud.api_url, "--storage-plan", "standard")
    assert made.code == 0, made.err
    login = aws("aws", "login", "--env", "dev", "--stdin", stdin=cloud.token)
    assert login.code == 0, login.err
    ran_on_aws(emulator, datetime.now(UTC) - timedelta(days=3))

    missed, out = announced(aws.start(*WATCH))
    assert "did not take place; it starts now." in missed[0]
    assert "02:00 UTC" in missed[-1]
    assert f"archived  {len(wanted(library))} media" in out
    listed = aws("list", "--env", "dev", "--status", "COMPLETED", "--json").lines
    assert len({row["media_id"] for row in listed}) == len(wanted(library))
    assert not list((aws.home / "cloud-sync").glob("archives/*")), "an archive of this machine"
    sent = cloud.snapshot().bytes_sent

    elsewhere = CommandLine(tmp_path / "another", aws.settings)
    elsewhere.home.mkdir()
    again, out = announced(elsewhere.start(*WATCH))
    assert len(again) == 1, f"a run took place since the last start: {again}"
    assert out == ""
    assert cloud.snapshot().bytes_sent == sent
