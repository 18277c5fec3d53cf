"""The real package in the synthesised stacks on an emulator: built, deployed, run, looked at."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloud_sync.archive.s3 import connect
from cloud_sync.credentials.secrets_manager import SecretsManagerCredentials
from cloud_sync.secret import Secret
from cloud_sync.tracker.dynamodb import DynamoTracker
from emulated_machine import Deployed, synthesise
from ministack import ACCOUNT
from parity import objects_seen, rows_seen, summary_seen

BUCKET = f"gopro-dev-{ACCOUNT}"
KEY_ID, SECRET_KEY = ACCOUNT, "test"
"""The account's own keys, which nothing denies; functions come with keys of their roles."""

WORKFLOW = "CloudSync-dev.template.json"
TABLE, SECRET = "gopro-sync-tracker-dev", "gopro/credentials-dev"


@dataclass(frozen=True)
class Built:
    """An assembly whose functions ask the camera cloud at `port` of this machine."""

    assembly: Path
    port: int


def build(folder: Path, package: Path, **choices: str) -> Built:
    """The assembly of `dev` around that package of the functions.

    By the plan that is the default nobody could read the objects back before they are restored, so
    they are kept in S3 Standard unless `storage_plan` says otherwise. Two media are in work at a
    time: the emulator starts a process for each, which takes longer than a small medium.
    """
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = int(found.getsockname()[1])
    synthesise(
        package,
        folder / "assembly",
        gopro_api_url=f"http://127.0.0.1:{port}",
        **{"storage_plan": "standard", "concurrency": "2", **choices},
    )
    return Built(folder / "assembly", port)


def with_function(
    assembly: Path, changed: Path, base: str, *, seconds: int, variables: dict[str, str]
) -> Path:
    """A copy of the assembly in which one function has another time limit and more variables."""

    def change(name: str, properties: dict[str, Any]) -> None:
        if properties.get("FunctionName") == f"{base}-dev":
            properties["Timeout"] = seconds
            properties["Environment"]["Variables"] |= variables

    return _changed(assembly, changed, change)


def with_deadline(assembly: Path, changed: Path, seconds: int) -> Path:
    """A copy of the assembly whose runs take no further work so soon after their start."""

    def change(name: str, properties: dict[str, Any]) -> None:
        if name == "AWS::StepFunctions::StateMachine":
            states = properties["Definition"]["States"]
            context = states["GenerateCorrelationId"]["Output"]["context"]
            context["deadline"] = context["deadline"].replace("43200000", str(seconds * 1000))

    return _changed(assembly, changed, change)


def one_at_a_time(assembly: Path, changed: Path) -> Path:
    """A copy of the assembly whose state machine has one medium in work, so that the order is
    certain.
    """

    def change(name: str, properties: dict[str, Any]) -> None:
        if name == "AWS::StepFunctions::StateMachine":
            properties["Definition"]["States"]["DownloadVideos"]["MaxConcurrency"] = 1

    return _changed(assembly, changed, change)


def _changed(assembly: Path, copy: Path, change: Callable[[str, dict[str, Any]], None]) -> Path:
    shutil.copytree(assembly, copy)
    path = copy / WORKFLOW
    before = path.read_text("utf-8")
    template = json.loads(before)
    for resource in template["Resources"].values():
        change(resource["Type"], resource.get("Properties", {}))
    assert template != json.loads(before), "nothing was there to change"
    path.write_text(json.dumps(template), "utf-8")
    return copy


def log_in(deployed: Deployed, token: str) -> None:
    """Store the login as `cloud-sync login` would."""
    store = SecretsManagerCredentials(SECRET, client_options=deployed.emulator.options)
    with closing(store):
        store.replace(Secret(token), datetime.now(UTC))


def left_behind(
    deployed: Deployed, archived_at: dict[str, Any] | None = None, *, reasons: bool = True
) -> dict[str, Any]:
    """What a reader finds afterwards: the originals in the emulator's bucket, or where
    `archived_at`, options for a client, leads to.
    """
    options = deployed.emulator.options
    with (
        closing(DynamoTracker(TABLE, client_options=options)) as tracker,
        closing(connect(BUCKET, client_options=archived_at or options)) as archive,
    ):
        objects = objects_seen(archive)
        return {
            "rows": sorted(rows_seen(tracker, reasons=reasons), key=lambda row: row["media_id"]),
            "runs": [summary_seen(each, reasons=reasons) for each in tracker.runs()],
            "objects": {k: v for k, v in objects.items() if not k.startswith("runs/")},
        }


@dataclass
class Travelled:
    """What an execution and the children of its Map have left in their histories.

    `largest` is the size in bytes of the largest document that travelled: an input, an output, or
    an event with its arguments or result. `leaks` are those that hold a secret. `statuses` are
    those of the executions, `events` how many each history has, the execution itself first.
    """

    largest: int = 0
    leaks: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    events: list[int] = field(default_factory=list)


def travelled(deployed: Deployed, told: dict[str, Any], secrets: Sequence[str] = ()) -> Travelled:
    """Read all histories, looking out for secrets."""
    states = deployed.emulator.client("stepfunctions")
    found = Travelled()
    for execution in [told["executionArn"], *children(states, told)]:
        described = states.describe_execution(executionArn=execution)
        history = history_of(states, execution)
        found.statuses.append(described["status"])
        found.events.append(len(history))
        documents = [described[name] for name in ("input", "output") if described.get(name)]
        for document in [*documents, *(json.dumps(event, default=str) for event in history)]:
            found.largest = max(found.largest, len(document.encode()))
            if any(secret in document for secret in secrets):
                found.leaks.append(document)
    return found


def children(states: Any, told: dict[str, Any]) -> Iterator[str]:
    """The ARNs of an execution's children."""
    for run in states.list_map_runs(executionArn=told["executionArn"])["mapRuns"]:
        pages = states.get_paginator("list_executions").paginate(mapRunArn=run["mapRunArn"])
        for page in pages:
            yield from (child["executionArn"] for child in page["executions"])


def history_of(states: Any, execution: str) -> list[dict[str, Any]]:
    """All events of an execution."""
    pages = states.get_paginator("get_execution_history").paginate(executionArn=execution)
    return [event for page in pages for event in page["events"]]
