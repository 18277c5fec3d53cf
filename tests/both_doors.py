"""One scenario of `parity` through each door, and what it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from cloud_sync.archive.folder import FolderArchive
from cloud_sync.archive.run_files_memory import MemoryRunFiles
from cloud_sync.clock import SystemClock
from cloud_sync.config.quantities import parse_date
from cloud_sync.notify.silent import SilentNotifier
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.pipeline.run import sync
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.plan import Policy
from cloud_sync.tracker.sqlite import SqliteTracker
from cloud_sync.transfer.stopping import Stop
from functions_at_work import Aws, logged_in, run_options
from parity import Scenario, objects_seen, rows_seen, summary_seen


@contextmanager
def cloud_of(
    scenario: Scenario, port: int = 0, bytes_per_second: int | None = None
) -> Iterator[Simulator]:
    """The simulated cloud of a scenario, with its API on that port, each connection of its CDN as
    slow as given.
    """
    options = SimulatorOptions(
        faults=scenario.faults(),
        # above that size without the source's own checksums, so that parts are of our own size
        etag_limit=50_000_000,
        api_port=port,
        bytes_per_second=bytes_per_second,
    )
    with Simulator(scenario.library(), options) as cloud:
        yield cloud


def left_behind(folder: Path, scenario: Scenario) -> dict[str, Any]:
    """What a reader finds afterwards."""
    reasons = scenario.same_reasons
    with closing(SqliteTracker(folder / "tracker.db")) as tracker:
        return {
            "rows": rows_seen(tracker, reasons=reasons),
            "runs": [summary_seen(each, reasons=reasons) for each in tracker.runs()],
            "objects": objects_seen(FolderArchive(folder / "archive")),
        }


def through_the_command_line(folder: Path, scenario: Scenario) -> dict[str, Any]:
    archive = made_archive(folder / "archive")
    with cloud_of(scenario) as cloud:
        credentials = logged_in(cloud)
        if scenario.expired:
            cloud.expire_token()
        for number in range(scenario.runs):
            if number:
                scenario.between(cloud.library)
            with (
                closing(SqliteTracker(folder / "tracker.db")) as tracker,
                closing(GoProProvider(cloud.api_url, credentials)) as provider,
            ):
                rooms = Rooms(
                    provider,
                    tracker,
                    archive,
                    SilentNotifier(),
                    SystemClock(),
                )
                since = scenario.document.get("since")
                options = replace(
                    run_options(f"run-{number}"),
                    limit=scenario.document.get("limit"),
                    policy=Policy(since=parse_date(since) if since else None),
                )
                sync(rooms, options, Stop(SystemClock()), lambda _: None)
    return left_behind(folder, scenario)


def made_archive(path: Path) -> FolderArchive:
    """A folder that is an archive already, as a bucket that was deployed is."""
    path.mkdir(parents=True)
    archive = FolderArchive(path)
    archive.check()
    return archive


def through_the_functions(folder: Path, scenario: Scenario) -> tuple[dict[str, Any], Aws]:
    with cloud_of(scenario) as cloud:
        aws = Aws(
            cloud,
            folder / "tracker.db",
            made_archive(folder / "archive"),
            MemoryRunFiles(),
            logged_in(cloud),
            after_parts=scenario.after_parts,
        )
        if scenario.expired:
            cloud.expire_token()
        for number in range(scenario.runs):
            if number:
                scenario.between(cloud.library)
            ended = aws.run(f"run-{number}", scenario.document)
        assert tuple(ended.names[-len(scenario.states) :]) == scenario.states, ended.output
    return left_behind(folder, scenario), aws
