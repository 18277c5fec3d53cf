"""The real package in the synthesised stacks on an emulator: Lambda, DynamoDB, S3, a secret.

What both doors must leave alike is the table of `parity`. Not looked at here: parts of large files,
for the emulator keeps no checksum of a whole that came in parts, and names of errors, for it gives
all errors of a function one name.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from both_doors import cloud_of, through_the_command_line
from cloud_sync.archive.s3 import connect
from cloud_sync.credentials.history_dynamodb import DynamoLoginHistory
from cloud_sync.credentials.secrets_manager import SecretsManagerCredentials
from cloud_sync.deployment.package import HERE, build_package
from cloud_sync.secret import Secret
from cloud_sync.simulator.server import Simulator
from cloud_sync.tracker.dynamodb import DynamoTracker
from emulated_machine import Deployed, deploy, synthesise
from ministack import ACCOUNT, ministack
from parity import SCENARIOS, Scenario, objects_seen, rows_seen, summary_seen

pytestmark = [pytest.mark.xdist_group("ministack-functions"), pytest.mark.timeout(300)]

BUCKET = f"gopro-dev-{ACCOUNT}"
TABLE, SECRET = "gopro-sync-tracker-dev", "gopro/credentials-dev"

PROVEN = (
    "ten media",
    "names that clash",
    "one medium that is another size",
    "a login that is dead",
    "a second run with one more",
)


@dataclass(frozen=True)
class Built:
    """An assembly whose functions ask the camera cloud at `port` of this machine."""

    assembly: Path
    port: int


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    package = build_package(tmp_path_factory.mktemp("code") / "package", HERE)
    assembly = tmp_path_factory.mktemp("assembly")
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = int(found.getsockname()[1])
    # by the plan that is the default nobody could read the objects back before they are restored
    url = f"http://127.0.0.1:{port}"
    synthesise(package.folder, assembly, gopro_api_url=url, storage_plan="standard")
    return Built(assembly, port)


@pytest.fixture
def deployed(built: Built, tmp_path: Path) -> Iterator[Deployed]:
    """Stacks of their own for each test."""
    with ministack(tmp_path) as emulator:
        yield deploy(emulator, built.assembly)


def log_in(deployed: Deployed, token: str) -> None:
    store = SecretsManagerCredentials(SECRET, client_options=deployed.emulator.options)
    with closing(store):
        store.replace(Secret(token), datetime.now(UTC))


def left_behind(deployed: Deployed) -> dict[str, Any]:
    options = deployed.emulator.options
    with (
        closing(DynamoTracker(TABLE, client_options=options)) as tracker,
        closing(connect(BUCKET, client_options=options)) as archive,
    ):
        objects = objects_seen(archive)
        return {
            "rows": sorted(rows_seen(tracker, reasons=True), key=lambda row: row["media_id"]),
            "runs": [summary_seen(each, reasons=True) for each in tracker.runs()],
            "objects": {k: v for k, v in objects.items() if not k.startswith("runs/")},
        }


def run(deployed: Deployed, scenario: Scenario, cloud: Simulator) -> dict[str, Any]:
    log_in(deployed, cloud.token)
    if scenario.expired:
        cloud.expire_token()
    told: dict[str, Any] = {}
    for number in range(scenario.runs):
        if number:
            scenario.between(cloud.library)
        told = deployed.run(dict(scenario.document), f"run-{number}")
    return told


@pytest.mark.parametrize("name", PROVEN)
def test_the_deployed_functions_leave_what_the_command_line_leaves(
    name: str, deployed: Deployed, built: Built, tmp_path: Path
) -> None:
    scenario = SCENARIOS[name]
    with cloud_of(scenario, built.port) as cloud:
        told = run(deployed, scenario, cloud)
        assert_history_is_small_and_clean(deployed, told, cloud)
    names = deployed.states(told)
    assert tuple(names[-len(scenario.states) :]) == scenario.states, told
    there = left_behind(deployed)
    if scenario.expired:
        assert there == {"rows": [], "runs": [], "objects": {}}
        return
    here = through_the_command_line(tmp_path / "command", scenario)
    assert there["rows"] == here["rows"]
    assert there["objects"] == here["objects"]
    assert there["runs"] == here["runs"]
    logins = DynamoLoginHistory(TABLE, client_options=deployed.emulator.options)
    assert (len(logins.records()), logins.trouble) == (1, "")


def assert_history_is_small_and_clean(
    deployed: Deployed, told: dict[str, Any], cloud: Simulator
) -> None:
    """It stays for 90 days for all to read who may look at executions."""
    history = [json.dumps(event, default=str) for event in deployed.history(told)]
    secrets = (cloud.token, cloud.cdn_url, cloud.api_url)
    assert not [event for event in history if any(secret in event for secret in secrets)]
    assert max(map(len, history)) < 10_000
