"""The file-copy workflow's real package in its synthesised stack on an emulator.

The commands are those of `docs/how-to/copy-workflow-on-aws.md`, every block of `bash` in turn, run
by bash with the real curl and with `aws_command` for `aws`. The emulator enforces the functions'
roles and the signatures at the API. It gives all errors of a function one name, so by which name an
execution ended is held in `tests/infra`; and alarms hear only of what the tests themselves write.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cloudformation import deploy_assembly
from copies_at_work import record
from emulated_machine import queue_hearing
from ministack import Ministack, ministack

pytestmark = [pytest.mark.xdist_group("ministack-copies"), pytest.mark.timeout(300)]

PAGE = Path(__file__).parents[2] / "docs/how-to/copy-workflow-on-aws.md"
STACK = "CloudSync-prod-copies"
PAGES = ("region-a-builds", "region-b-builds")
EXTRA = tuple(f"extra-{number}-builds" for number in range(1, 9))
"""Buckets beside those of the page. Uploads are not copied to them, for every copy is a process."""


@dataclass(frozen=True)
class Deployed:
    """The stack in the emulator, and a queue that hears the topic."""

    emulator: Ministack
    outputs: dict[str, str]
    heard: str

    @property
    def machine(self) -> str:
        return self.outputs["StepFunctionArn"]

    def settled(self, least: int = 0) -> list[dict[str, Any]]:
        """All executions, the newest first, once there are so many and none runs any more."""
        client = self.emulator.client("stepfunctions")
        for _ in range(600):
            pages = client.get_paginator("list_executions").paginate(stateMachineArn=self.machine)
            found = [each for page in pages for each in page["executions"]]
            if len(found) >= least and all(each["status"] != "RUNNING" for each in found):
                return found
            time.sleep(0.1)
        raise AssertionError(f"{least} executions that have ended were expected: {found}")

    def states(self, arn: str) -> list[str]:
        client = self.emulator.client("stepfunctions")
        pages = client.get_paginator("get_execution_history").paginate(executionArn=arn)
        return [
            event["stateEnteredEventDetails"]["name"]
            for page in pages
            for event in page["events"]
            if "stateEnteredEventDetails" in event
        ]

    def run(self, document: dict[str, Any]) -> str:
        """The ARN of an execution that has ended."""
        client = self.emulator.client("stepfunctions")
        arn = client.start_execution(stateMachineArn=self.machine, input=json.dumps(document))
        self.settled(1)
        return str(arn["executionArn"])

    def messages(self) -> list[dict[str, Any]]:
        """Take every notice that came since the last look."""
        client = self.emulator.client("sqs")
        found: list[dict[str, Any]] = []
        while True:
            page = client.receive_message(QueueUrl=self.heard, MaxNumberOfMessages=10)
            if not page.get("Messages"):
                return found
            for message in page["Messages"]:
                found.append(json.loads(message["Body"]))
                client.delete_message(QueueUrl=self.heard, ReceiptHandle=message["ReceiptHandle"])

    def content(self, bucket: str, key: str) -> bytes:
        body = self.emulator.client("s3").get_object(Bucket=bucket, Key=key)["Body"]
        return bytes(body.read())

    def rows(self) -> list[dict[str, Any]]:
        return list(self.emulator.client("dynamodb").scan(TableName="FileCopyTracking")["Items"])


@pytest.fixture(scope="module")
def assembly(function_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copies")
    buckets = (*PAGES, *EXTRA)
    subprocess.run(
        [
            *(sys.executable, "-m", "cloud_sync.deployment.copies", "--name=prod"),
            *(f"--function-code={function_package}", f"--output={folder / 'assembly'}"),
            *("--source=global-builds", "--build-worker"),
            *(f"--destinations={bucket}" for bucket in buckets),
        ],
        check=True,
        timeout=110,
        stdout=subprocess.DEVNULL,
    )
    return folder / "assembly"


@pytest.fixture(scope="module")
def deployed(assembly: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    with ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        outputs = deploy_assembly(emulator, assembly, [STACK])
        heard = queue_hearing(emulator, outputs["FailuresTopicArn"], "heard")
        upload_to_the_pages_buckets(emulator)
        yield Deployed(emulator, outputs, heard)


def upload_to_the_pages_buckets(emulator: Ministack) -> None:
    """Have uploads copied to the buckets of the page alone."""
    client = emulator.client("lambda")
    told = client.get_function_configuration(FunctionName="replication-worker")
    variables = told["Environment"]["Variables"] | {"CLOUD_SYNC_DESTINATIONS": ",".join(PAGES)}
    client.update_function_configuration(
        FunctionName="replication-worker", Environment={"Variables": variables}
    )


def blocks() -> list[str]:
    """The page's commands, block by block."""
    return re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


class Shell:
    """A bash in a folder with the page's files, in which one block follows the other."""

    def __init__(self, folder: Path, deployed: Deployed) -> None:
        self._folder = folder
        self._before: list[str] = []
        command = folder / "aws"
        stand_in = Path(__file__).parents[1] / "aws_command.py"
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{stand_in}" "$@"\n', "utf-8")
        command.chmod(0o755)
        options = deployed.emulator.options
        self._environment = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "AWS_ENDPOINT_URL": deployed.emulator.url,
            "AWS_REGION": options["region_name"],
            "AWS_DEFAULT_REGION": options["region_name"],
            "AWS_ACCESS_KEY_ID": options["aws_access_key_id"],
            "AWS_SECRET_ACCESS_KEY": options["aws_secret_access_key"],
        }

    def run(self, block: str) -> str:
        """What the block prints. Functions and variables of earlier blocks are there."""
        script = "set -euo pipefail\n" + "".join(self._before) + block
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self._folder,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
        if "=$(" in block:
            self._before.append(block)
        return done.stdout


def test_the_pages_own_commands_do_what_the_page_says(deployed: Deployed, tmp_path: Path) -> None:
    for name in ("test-file.zip", "build-123.zip"):
        (tmp_path / name).write_bytes(name.encode() * 1000)
    shell = Shell(tmp_path, deployed)
    read, upload, listing, start, call, look, failing, build = blocks()
    shell.run(read)

    shell.run(upload)
    uploaded = deployed.settled(2)
    assert {each["status"] for each in uploaded} == {"SUCCEEDED"}
    for bucket in ("region-a-builds", "region-b-builds"):
        for name in ("test-file.zip", "build-123.zip"):
            assert deployed.content(bucket, name) == (tmp_path / name).read_bytes()
    assert len(json.loads(shell.run(listing))["executions"]) == 2

    arn = json.loads(shell.run(start))["executionArn"]
    deployed.settled(3)
    assert deployed.states(arn)[-1] == "AllCopiesSuccessful"

    answer = json.loads(shell.run(call))
    assert answer["executionArn"].startswith(deployed.machine.replace("stateMachine", "execution"))
    deployed.settled(4)
    assert deployed.states(answer["executionArn"])[-1] == "AllCopiesSuccessful"

    scanned, item = (json.loads(line) for line in shell.run(look).splitlines())
    assert {"build-123.zip", "test-file.zip"} == {each["fileKey"]["S"] for each in scanned["Items"]}
    latest = item["Item"]
    assert latest["status"]["S"] == "COMPLETED"
    assert latest["executionId"]["S"] == answer["executionArn"]
    assert latest["destinationBuckets"]["L"] == [
        {"S": "region-a-builds"},
        {"S": "region-b-builds"},
    ]
    assert deployed.messages() == []

    arn = json.loads(shell.run(failing))["executionArn"]
    deployed.settled(5)
    assert deployed.states(arn)[-2:] == ["SendFailureNotification", "SomeCopiesFailed"]
    (told,) = deployed.messages()
    assert told["Subject"] == "1 of 2 copies failed: test-file.zip"
    for part in ("invalid-bucket [no_such_bucket]", arn, "FileCopyTracking", "❌ Failed: 1"):
        assert part in told["Message"]
    kept = deployed.content("region-a-builds", "test-file.zip")
    assert kept == (tmp_path / "test-file.zip").read_bytes()

    built = json.loads(shell.run(build))
    assert (built["bucket"], built["key"]) == ("global-builds", "build-124.zip")
    deployed.settled(6)
    assert deployed.content("region-b-builds", "build-124.zip")[:4] == b"PK\x05\x06"


def test_a_call_that_nobody_signed_is_refused(deployed: Deployed) -> None:
    url = f"{deployed.outputs['ApiGatewayUrl']}/step-function"
    done = subprocess.run(
        ["curl", "-s", "-w", "%{http_code}", "-o", os.devnull, "-X", "POST", "-d", "{}", url],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert done.stdout in ("401", "403")


def test_ten_destinations_of_which_two_fail(deployed: Deployed) -> None:
    """Eight copies byte for byte, two failures by name, one notice, and the end for it."""
    before = len(deployed.settled())
    content = bytes(range(256)) * 4096
    deployed.emulator.client("s3").put_object(
        Bucket="global-builds", Key="ten/große datei+1.zip", Body=content
    )
    deployed.settled(before + 1)
    deployed.messages()
    gone = ("gone-one-builds", "gone-two-builds")
    arn = deployed.run(
        {
            "sourceBucket": "global-builds",
            "sourceKey": "ten/große datei+1.zip",
            "destinationBuckets": [gone[0], *EXTRA, gone[1]],
            "prefixMapping": {"from": "ten/", "to": "kept/"},
        }
    )
    assert deployed.states(arn)[-1] == "SomeCopiesFailed"
    for bucket in EXTRA:
        assert deployed.content(bucket, "kept/große datei+1.zip") == content
    (told,) = deployed.messages()
    assert all(f"{bucket} [no_such_bucket]" in told["Message"] for bucket in gone)
    (row,) = (each for each in deployed.rows() if each["sourceBucket"]["S"].endswith(f"#{arn}"))
    assert row["status"]["S"] == "PARTLY_FAILED"
    assert [each["S"] for each in row["failedBuckets"]["L"]] == list(gone)
    assert [each["S"] for each in row["successfulBuckets"]["L"]] == list(EXTRA)


def test_an_input_that_cannot_be_carried_out_writes_nothing(deployed: Deployed) -> None:
    deployed.messages()
    before = len(deployed.rows())
    arn = deployed.run({"sourceBucket": "global-builds", "destinationBuckets": []})
    assert deployed.states(arn) == ["ValidateInput", "CheckInput", "InputRefused"]
    told = deployed.emulator.client("stepfunctions").describe_execution(executionArn=arn)
    assert told["error"] == "InputRefused"
    assert "sourceKey" in told["cause"]
    assert "destinationBuckets" in told["cause"]
    assert (len(deployed.rows()), deployed.messages()) == (before, [])


def test_a_burst_of_events_told_twice_starts_each_once(deployed: Deployed) -> None:
    """Six events, each told twice at the same time: far fewer than over a real S3 server, for the
    emulator starts a process for every call. Which copy is the last is shown over that server only:
    the emulator ignores the conditions of a copy, by which an older version gives way.
    """
    before = len(deployed.settled())
    s3, functions = deployed.emulator.client("s3"), deployed.emulator.client("lambda")
    notified = s3.get_bucket_notification_configuration(Bucket="global-builds")
    assert notified["LambdaFunctionConfigurations"][0]["Events"] == ["s3:ObjectCreated:*"]
    s3.put_bucket_notification_configuration(Bucket="global-builds", NotificationConfiguration={})
    versions = [
        s3.put_object(Bucket="global-builds", Key="burst.bin", Body=b"%d" % number)["VersionId"]
        for number in range(6)
    ]
    events = [
        {"Records": [record("burst.bin", version=version, sequencer=f"{number:04}")]}
        for number, version in enumerate(versions)
    ]

    def tell(event: dict[str, Any]) -> Any:
        answer = functions.invoke(
            FunctionName="replication-worker", Payload=json.dumps(event).encode()
        )
        assert "FunctionError" not in answer
        return json.loads(answer["Payload"].read())

    with ThreadPoolExecutor(4) as pool:
        told = list(pool.map(tell, [*reversed(events), *events]))
    assert told == [{"objects": 1, "started": 1}] * 12
    assert len(deployed.settled(before + 6)) == before + 6
    last = deployed.content("region-a-builds", "burst.bin")
    assert last in {b"%d" % number for number in range(6)}


def test_every_alarm_goes_off_and_the_topic_hears_what_to_type(deployed: Deployed) -> None:
    """Also those of events that never became an execution, of which no notice could tell."""
    deployed.messages()
    client = deployed.emulator.client("cloudwatch")
    pages = client.get_paginator("describe_alarms").paginate(AlarmNamePrefix="file-copy-")
    alarms = {each["AlarmName"]: each for page in pages for each in page["MetricAlarms"]}
    assert {"file-copy-failed-events", "file-copy-copies-failed"} < set(alarms)
    for each in alarms.values():
        datum = {"MetricName": each["MetricName"], "Dimensions": each["Dimensions"], "Value": 6}
        client.put_metric_data(Namespace=each["Namespace"], MetricData=[datum])
    told = {
        content["AlarmName"]: content
        for content in (json.loads(each["Message"]) for each in deployed.messages())
        if content["NewStateValue"] == "ALARM"
    }
    assert set(told) == set(alarms)
    for each in told.values():
        assert "cloud-sync explain " in each["AlarmDescription"]
        assert each["AlarmDescription"].count("--env prod") == 1
