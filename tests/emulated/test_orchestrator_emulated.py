"""The synthesised stacks on an emulator, run with functions that play their parts.

What the engine does otherwise than the service is not looked at here: names of errors (a function's
error always arrives as one name), the result writer, waits, and limits of size.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from cloudformation import deploy_assembly
from ministack import ACCOUNT, REGION, Ministack, ministack

pytestmark = pytest.mark.xdist_group("ministack")

BUCKET = f"gopro-dev-{ACCOUNT}"

FUNCTIONS = (
    "token-validator",
    "media-lister",
    "video-downloader",
    "run-summary",
    "failure-marker",
)

PLAYED = """
import json, os, boto3

def token_validator(event, context):
    return {"valid": event["account"] != "expired", "statusCode": 200, "cookie_age_days": 1.0,
            "validation_method": "api_call", "duration_seconds": 0.1,
            "trouble": "expired", "message": "log in again"}

def media_lister(event, context):
    media = [each for each in event["account"].split(",") if each.startswith("m")]
    key = "runs/" + event["run_id"] + "/manifest.jsonl"
    body = "".join(json.dumps({"media_id": each}) + "\\n" for each in media)
    bucket = os.environ["CLOUD_SYNC_BUCKET"]
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=body.encode())
    manifest = {"bucket": bucket, "key": key} if media else None
    return {"total_found": len(media), "new_count": len(media), "already_synced": 0,
            "manifest": manifest}

def video_downloader(event, context):
    if event["media_id"].endswith("bad"):
        raise ValueError("this one fails")
    long = event["media_id"].endswith("long") and event["round"] < 3
    return {"media_id": event["media_id"], "status": "CONTINUE" if long else "DONE",
            "s3_key": "k", "bytes_transferred": 10, "transfer_duration_seconds": 1.0,
            "throughput_mbps": 0.1, "reason_code": ""}

def failure_marker(event, context):
    return {"media_id": event["media_id"], "status": "FAILED", "reason_code": "permanent",
            "message": "it failed", "attempts": 1}

def run_summary(event, context):
    failed = [each for each in event["account"].split(",") if each.endswith("bad")]
    new = event["new_count"]
    result = "completed_with_failures" if failed else "completed"
    return {"run_id": event["run_id"], "result": result, "found": new, "new": new,
            "already_archived": 0, "archived": new - len(failed), "failed": len(failed),
            "pending": 0, "gone": 0, "needs_attention": 0, "filtered": 0, "files_archived": 0,
            "bytes": 10, "duration_seconds": 1.0, "throughput_mbps": 0.1, "failed_ids": failed,
            "failed_ids_omitted": 0, "postponed": 0, "progressed": True, "message": ""}
"""


@dataclass(frozen=True)
class Deployed:
    """The state machine in the emulator, and the queues where alerts and failed media arrive."""

    emulator: Ministack
    machine: str
    alerts: str
    failed: str

    def run(self, document: dict[str, Any]) -> dict[str, Any]:
        """Start an execution and wait for its end."""
        states = self.emulator.client("stepfunctions")
        execution = states.start_execution(
            stateMachineArn=self.machine, input=json.dumps(document)
        )["executionArn"]
        for _ in range(300):
            told: dict[str, Any] = states.describe_execution(executionArn=execution)
            if told["status"] != "RUNNING":
                return told
            time.sleep(0.1)
        raise AssertionError("the execution does not end")

    def states(self, told: dict[str, Any]) -> list[str]:
        """The names of the states that an execution entered."""
        return [
            event["stateEnteredEventDetails"]["name"]
            for event in self.history(told)
            if "stateEnteredEventDetails" in event
        ]

    def history(self, told: dict[str, Any]) -> list[dict[str, Any]]:
        client = self.emulator.client("stepfunctions")
        pages = client.get_paginator("get_execution_history").paginate(
            executionArn=told["executionArn"]
        )
        return [event for page in pages for event in page["events"]]

    def messages(self, queue: str) -> list[Any]:
        """Take everything from a queue."""
        client = self.emulator.client("sqs")
        found: list[Any] = []
        while True:
            page = client.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
            if not page.get("Messages"):
                return found
            for message in page["Messages"]:
                found.append(json.loads(message["Body"]))
                client.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    code, assembly = played(tmp_path_factory.mktemp("code")), tmp_path_factory.mktemp("assembly")
    choices = {"name": "dev", "function-code": code, "output": assembly}
    subprocess.run(
        [
            *(sys.executable, "-m", "cloud_sync.deployment"),
            *(f"--{name}={value}" for name, value in choices.items()),
        ],
        check=True,
        timeout=110,
        stdout=subprocess.DEVNULL,
    )
    with ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        yield deploy(emulator, assembly)


def played(code: Path) -> Path:
    """A functions' package whose handlers lie where the real ones do."""
    handlers = code / "cloud_sync" / "handlers"
    handlers.mkdir(parents=True)
    for package in (handlers.parent, handlers):
        (package / "__init__.py").touch()
    (code / "played.py").write_text(PLAYED, encoding="utf-8")
    for name in FUNCTIONS:
        module = name.replace("-", "_")
        text = f"from played import {module} as handler\n"
        (handlers / f"{module}.py").write_text(text, encoding="utf-8")
    return code


def deploy(emulator: Ministack, assembly: Path) -> Deployed:
    """Both stacks as they were synthesised, and a queue that hears the topic."""
    outputs = deploy_assembly(emulator, assembly, ["CloudSync-dev-storage", "CloudSync-dev"])
    alerts = emulator.client("sqs").create_queue(QueueName="alerts")["QueueUrl"]
    emulator.client("sns").subscribe(
        TopicArn=outputs["AlertsTopicArn"],
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:alerts",
    )
    return Deployed(emulator, outputs["StateMachineArn"], alerts, outputs["FailedItemsQueueUrl"])


def test_a_run_with_good_long_and_bad_media(deployed: Deployed) -> None:
    """Every medium is called for, a long one is called again, a bad one is marked and queued."""
    told = deployed.run({"account": "m1,m2-long,m3-bad"})
    assert told["status"] == "SUCCEEDED", told
    assert deployed.states(told)[-4:] == [
        "CheckForFailures",
        "NotifyPartialFailure",
        "CheckForContinuation",
        "SyncComplete",
    ]
    assert json.loads(told["output"])["summary"]["failed_ids"] == ["m3-bad"]
    (queued,) = deployed.messages(deployed.failed)
    assert (queued["media_id"], queued["status"]) == ("m3-bad", "FAILED")
    (alert,) = deployed.messages(deployed.alerts)
    assert alert["Subject"] == "GoPro Sync Partial Failure"
    assert json.loads(alert["Message"])["failed"] == 1


def test_an_expired_login_is_told_and_ends_the_run(deployed: Deployed) -> None:
    told = deployed.run({"account": "expired"})
    assert told["status"] == "FAILED"
    assert deployed.states(told)[-2:] == ["NotifyTokensInvalid", "TokensInvalid"]
    (alert,) = deployed.messages(deployed.alerts)
    assert json.loads(alert["Message"])["error_cause"] == "AuthRequired"


def test_an_empty_input_finds_nothing_new(deployed: Deployed) -> None:
    told = deployed.run({})
    assert told["status"] == "SUCCEEDED"
    assert deployed.states(told)[-1] == "NoNewVideos"
    assert deployed.messages(deployed.alerts) == []


def test_a_hundred_media_travel_by_manifest(deployed: Deployed) -> None:
    """The list is in no state: a hundred media leave the same small documents as one."""
    told = deployed.run({"account": "m1"})
    few = size_of_largest_state(deployed, told)
    boto = deployed.emulator.client("s3")
    told = deployed.run({"account": ",".join(f"m{number}" for number in range(100))})
    assert told["status"] == "SUCCEEDED", told
    context = json.loads(told["output"])["context"]
    body = boto.get_object(Bucket=BUCKET, Key=f"runs/{context['run_id']}/manifest.jsonl")[
        "Body"
    ].read()
    assert len(body.splitlines()) == 100
    # the account's name, which carries the script of this test, is the only thing that grew
    assert size_of_largest_state(deployed, told) - few < 3 * len(context["account"])


def size_of_largest_state(deployed: Deployed, told: dict[str, Any]) -> int:
    details = [
        event[f"state{kind}EventDetails"].get("input" if kind == "Entered" else "output", "")
        for event in deployed.history(told)
        for kind in ("Entered", "Exited")
        if f"state{kind}EventDetails" in event
    ]
    largest = max(len(each) for each in details)
    assert largest < 10_000
    return largest
