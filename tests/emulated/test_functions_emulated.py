"""The real package in the synthesised stacks on an emulator: Lambda, DynamoDB, S3, a secret.

What both doors must leave alike is the table of `parity`. Two things are not as on AWS. The
emulator gives every error of a function one name, so that no retry of the state machine fires: what
would be tried again is FAILED at once. And its S3 keeps no checksum of a whole that came in parts,
so the parts of a large file go to another S3 server, which does.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from asl_interpreter import MOST_BYTES
from both_doors import cloud_of, through_the_command_line
from cloud_sync.credentials.history_dynamodb import DynamoLoginHistory
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from deployed_functions import (
    BUCKET,
    KEY_ID,
    SECRET_KEY,
    TABLE,
    Built,
    build,
    children,
    history_of,
    left_behind,
    log_in,
    one_at_a_time,
    travelled,
    with_function,
)
from emulated_machine import Deployed, deploy
from ministack import ministack
from parity import SCENARIOS, Scenario
from seaweedfs import S3Server, running
from service_faults import CDN, Faulty

pytestmark = [pytest.mark.xdist_group("ministack-functions"), pytest.mark.timeout(600)]

PROVEN = (
    "two hundred media",
    "chapters and bursts",
    "names that clash",
    "one medium that is another size",
    "a login that is dead",
    "a second run with one more",
)
SECOND = "a-second-token"
LARGE = "a file that needs three rounds"


@pytest.fixture(scope="module")
def built(function_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(tmp_path_factory.mktemp("built"), function_package)


@pytest.fixture
def deployed(built: Built, tmp_path: Path) -> Iterator[Deployed]:
    """Stacks of their own for each test."""
    with ministack(tmp_path) as emulator:
        yield deploy(emulator, built.assembly)


@pytest.fixture
def bucket_elsewhere(tmp_path: Path) -> Iterator[S3Server]:
    folder = tmp_path / "weed"
    folder.mkdir()
    # the functions come with keys of their roles
    with (
        running(folder, KEY_ID, SECRET_KEY, to_anybody=True) as server,
        closing(server.client()) as client,
    ):
        client.create_bucket(Bucket=BUCKET)
        yield server


def run(deployed: Deployed, scenario: Scenario, cloud: Simulator) -> dict[str, Any]:
    log_in(deployed, cloud.token)
    if scenario.expired:
        cloud.expire_token()
    told: dict[str, Any] = {}
    for number in range(scenario.runs):
        if number:
            scenario.between(cloud.library)
        told = deployed.run(dict(scenario.document), f"run-{number}", seconds=300)
    return told


@pytest.mark.parametrize("name", PROVEN)
def test_the_deployed_functions_leave_what_the_command_line_leaves(
    name: str, deployed: Deployed, built: Built, tmp_path: Path
) -> None:
    scenario = SCENARIOS[name]
    with cloud_of(scenario, built.port) as cloud:
        told = run(deployed, scenario, cloud)
        assert_all_that_travelled_is_small_and_clean(deployed, told, cloud)
    names = deployed.states(told)
    assert tuple(names[-len(scenario.states) :]) == scenario.states, told
    there = left_behind(deployed, reasons=scenario.same_reasons)
    assert_alike(there, through_the_command_line(tmp_path / "command", scenario))
    if scenario.expired:
        return
    logins = DynamoLoginHistory(TABLE, client_options=deployed.emulator.options)
    assert (len(logins.records()), logins.trouble) == (1, "")


def test_a_login_that_dies_in_mid_run_leaves_what_the_command_line_leaves(
    built: Built, tmp_path: Path
) -> None:
    """One medium after the other, so that both doors meet it at the same one."""
    scenario = SCENARIOS["a login that dies in mid-run"]
    assembly = one_at_a_time(built.assembly, tmp_path / "assembly")
    with ministack(tmp_path) as emulator, cloud_of(scenario, built.port) as cloud:
        deployed = deploy(emulator, assembly)
        told = run(deployed, scenario, cloud)
        assert_all_that_travelled_is_small_and_clean(deployed, told, cloud)
        assert tuple(deployed.states(told)[-len(scenario.states) :]) == scenario.states, told
        there = left_behind(deployed, reasons=scenario.same_reasons)
    assert_alike(there, through_the_command_line(tmp_path / "command", scenario))


def test_a_large_file_goes_on_in_further_calls_of_the_deployed_function(
    built: Built, bucket_elsewhere: S3Server, tmp_path: Path
) -> None:
    """The function stops before its own limit, which is cut to seconds, and is called again."""
    scenario = SCENARIOS[LARGE]
    assembly = with_function(
        built.assembly,
        tmp_path / "assembly",
        "video-downloader",
        # six seconds of work: time for one part by each connection, on a busy machine too
        seconds=66,
        variables={"AWS_ENDPOINT_URL_S3": bucket_elsewhere.endpoint},
    )
    with ministack(tmp_path) as emulator, cloud_of(scenario, built.port, 2_400_000) as cloud:
        deployed = deploy(emulator, assembly)
        told = run(deployed, scenario, cloud)
        assert_all_that_travelled_is_small_and_clean(deployed, told, cloud)
        states = deployed.emulator.client("stepfunctions")
        (child,) = children(states, told)
        statuses = [
            json.loads(event["taskSucceededEventDetails"]["output"])["Payload"]["status"]
            for event in history_of(states, child)
            if event["type"] == "TaskSucceeded"
        ]
        assert statuses == ["CONTINUE"] * (len(statuses) - 1) + ["DONE"]
        assert len(statuses) > scenario.rounds
        there = left_behind(deployed, bucket_elsewhere.client_options)
    assert_alike(there, through_the_command_line(tmp_path / "command", scenario))


def assert_alike(there: dict[str, Any], here: dict[str, Any]) -> None:
    assert there["rows"] == here["rows"]
    assert there["objects"] == here["objects"]
    assert there["runs"] == here["runs"]


def assert_all_that_travelled_is_small_and_clean(
    deployed: Deployed, told: dict[str, Any], cloud: Simulator
) -> None:
    """It stays for 90 days for all to read who may look at executions. Children count too."""
    seen = travelled(deployed, told, (cloud.token, cloud.cdn_url, cloud.api_url))
    assert seen.leaks == []
    assert seen.largest < MOST_BYTES
    # a child that fails would be one whose medium nobody accounts for
    assert set(seen.statuses[1:]) <= {"SUCCEEDED"}


def test_a_person_hears_once_of_each_change_of_state(built: Built, deployed: Deployed) -> None:
    """Two nights with a failed medium, and two with a dead login; a good one after each."""
    bad, library = {"m01"}, Library(pattern_medium(f"m{n:02}", 2_000) for n in range(3))
    faults = Faulty(lambda call: call.endpoint in CDN and call.medium_id in bad, 400)
    options = SimulatorOptions(faults=faults, etag_limit=10**7, api_port=built.port)
    heard: list[list[tuple[str, str]]] = []
    with Simulator(library, options) as cloud:
        log_in(deployed, cloud.token)
        for night in range(6):
            if night == 2:
                bad.clear()
            if night == 3:
                cloud.expire_token()
            if night == 5:
                cloud.accept_token(SECOND)
                log_in(deployed, SECOND)
            deployed.run({}, f"night-{night}", seconds=120)
            alerts = deployed.messages(deployed.alerts)
            told = [json.loads(each["Message"]) for each in alerts]
            heard.append(
                [
                    (each["Subject"], said.get("error_cause", said.get("failed_ids")))
                    for each, said in zip(alerts, told, strict=True)
                ]
            )
            if night == 0:
                assert [(said["failed"], said["archived"]) for said in told] == [(1, 2)]
    partial, critical = "GoPro Sync Partial Failure", "GoPro Sync Critical Failure"
    assert heard == [
        [(partial, ["m01"])],
        [],
        [("GoPro Sync Recovered", [])],
        [(critical, "AuthRequired")],
        [],
        [("GoPro Sync Recovered", [])],
    ]
