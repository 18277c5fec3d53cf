"""The synthesised stacks on an emulator, and executions of their state machine."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloudformation import deploy_assembly
from ministack import ACCOUNT, REGION, Ministack


@dataclass(frozen=True)
class Deployed:
    """The state machine in the emulator, and the queues where alerts and failed media arrive."""

    emulator: Ministack
    machine: str
    alerts: str
    failed: str

    def run(
        self, document: dict[str, Any], name: str | None = None, *, seconds: float = 60
    ) -> dict[str, Any]:
        """Start an execution and wait for its end, for so many seconds at most."""
        states = self.emulator.client("stepfunctions")
        named = {"name": name} if name else {}
        execution = states.start_execution(
            stateMachineArn=self.machine, input=json.dumps(document), **named
        )["executionArn"]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
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


def synthesise(code: Path, assembly: Path, **choices: str) -> None:
    """Write the assembly of an environment for that code; `choices` are further options."""
    chosen = {"name": "dev", "function-code": code, "output": assembly, **choices}
    subprocess.run(
        [
            *(sys.executable, "-m", "cloud_sync.deployment"),
            *(f"--{name.replace('_', '-')}={value}" for name, value in chosen.items()),
        ],
        check=True,
        timeout=110,
        stdout=subprocess.DEVNULL,
    )


def deploy(emulator: Ministack, assembly: Path) -> Deployed:
    """Both stacks as they were synthesised, and a queue that hears the topic."""
    outputs = deploy_assembly(emulator, assembly, ["CloudSync-dev-storage", "CloudSync-dev"])
    alerts = queue_hearing(emulator, outputs["AlertsTopicArn"], "alerts")
    return Deployed(emulator, outputs["StateMachineArn"], alerts, outputs["FailedItemsQueueUrl"])


def queue_hearing(emulator: Ministack, topic: str, name: str) -> str:
    """The URL of a queue of the tests' own that the topic may write to, and does."""
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": "*",
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    queue = emulator.client("sqs").create_queue(QueueName=name, Attributes={"Policy": policy})
    emulator.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"
    )
    return str(queue["QueueUrl"])
