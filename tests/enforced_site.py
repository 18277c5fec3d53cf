"""The deployed stacks on an emulator that enforces roles, and calls of their functions.

The tests themselves act by the account's own rights, which nothing denies.
"""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import deployed_functions as media
from cloud_sync.errors import Interrupted
from cloud_sync.model.tracking import Checkpoint, Reason, Status, TrackedMedium
from cloud_sync.simulator.fault_plan import plan_from
from cloud_sync.simulator.library import Library, pattern_medium
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from cloud_sync.tracker.dynamodb import DynamoTracker
from deployed_functions import Built
from emulated_machine import Deployed, deploy
from ministack import Ministack
from s3_relay import Relay, relaying
from seaweedfs import S3Server

PART = 5 * 2**20
DENIED = "access is denied"
FAULTS = {
    "faults": [
        {"kind": "row", "medium": "*-bad", "set": {"file_size": 900_000_000}},
        {
            "kind": "status",
            "endpoint": "download",
            "medium": "*-shaky",
            "status": 503,
            "first": 3,
            "per": "medium",
        },
    ]
}
LOGGING = ("token-validator",)
"""Functions that may go on without a permission, and then warn of it in their log."""


@dataclass(frozen=True)
class Called:
    """How a call ended: `kind` is the error's class, the answer's status, or WARN."""

    kind: str
    words: str
    answer: dict[str, Any]
    media_id: str = ""

    @property
    def refused(self) -> bool:
        return DENIED in self.words and not self.warned

    @property
    def warned(self) -> bool:
        return self.kind == "WARN"


@dataclass
class Site:
    """The deployed stacks, the camera cloud that they ask, and the numbers of runs and media."""

    deployed: Deployed
    cloud: Simulator
    library: Library
    relay: Relay
    templates: list[dict[str, Any]]
    tracker: DynamoTracker
    numbers: Iterator[int] = field(default_factory=count)
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def emulator(self) -> Ministack:
        return self.deployed.emulator

    def add(self, media_id: str, *sizes: int) -> str:
        """One more medium in the camera cloud."""
        name = f"GX{next(self.numbers):06}.MP4"
        self.library.add(pattern_medium(media_id, *(sizes or (2_000,)), filename=name))
        return media_id

    def library_without(self, media_id: str) -> None:
        """The owner deletes a medium in the camera cloud."""
        self.library.remove(media_id)

    def row(self, media_id: str) -> TrackedMedium:
        """What the tracker says of a medium; it fails where no row is left."""
        return self.tracker.known([media_id])[media_id]

    def roles(self) -> dict[str, str]:
        """The deployed roles, by what acts in them: functions, state machine, schedule."""
        functions = self.client("lambda").list_functions()["Functions"]
        machine = self.client("stepfunctions").describe_state_machine(
            stateMachineArn=self.deployed.machine
        )
        scheduler = self.client("scheduler")
        named = {each["FunctionName"]: each["Role"] for each in functions}
        named[machine["name"]] = machine["roleArn"]
        for each in scheduler.list_schedules()["Schedules"]:
            schedule = scheduler.get_schedule(Name=each["Name"])
            named[each["Name"]] = schedule["Target"]["RoleArn"]
        return {name.removesuffix("-dev"): arn.rsplit("/", 1)[1] for name, arn in named.items()}

    def key(self) -> str:
        """The ARN of the key that encrypts what the stacks keep."""
        kms = self.client("kms")
        (key,) = (
            each["TargetKeyId"]
            for each in kms.list_aliases()["Aliases"]
            if each["AliasName"] == "alias/cloud-sync/dev"
        )
        arn: str = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
        return arn

    def template(self, kind: str) -> dict[str, Any]:
        """The properties of the only resource of a type."""
        (found,) = (
            resource["Properties"]
            for template in self.templates
            for resource in template["Resources"].values()
            if resource["Type"] == kind
        )
        properties: dict[str, Any] = found
        return properties

    def client(self, service: str) -> Any:
        """A client of the emulator's by the account's own rights; one for all calls."""
        if service not in self.clients:
            self.clients[service] = self.emulator.client(service)
        return self.clients[service]

    @contextmanager
    def made_anew(self, function: str, **variables: str) -> Iterator[None]:
        """The function in a process that remembers nothing, with further variables."""
        name = f"{function}-dev"
        client = self.client("lambda")
        before = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
        changed = {**before, "MADE_ANEW": str(next(self.numbers)), **variables}
        client.update_function_configuration(FunctionName=name, Environment={"Variables": changed})
        try:
            yield
        finally:
            client.update_function_configuration(
                FunctionName=name, Environment={"Variables": before}
            )

    def call(self, function: str, media_id: str = "", **message: Any) -> Called:
        """One call of a deployed function, by its own role."""
        run_id = message.pop("run_id", None) or self.new_run()
        event = {
            "correlation_id": run_id,
            "run_id": run_id,
            "provider": "gopro",
            "account": "default",
            **message,
        }
        if media_id:
            event["media_id"] = media_id
        since = int(time.time() * 1000)
        told = self.client("lambda").invoke(
            FunctionName=f"{function}-dev", Payload=json.dumps(event), LogType="Tail"
        )
        answer = json.loads(told["Payload"].read())
        if told.get("FunctionError"):
            trace = base64.b64decode(told["LogResult"]).decode().strip().splitlines()
            raised = [each for each in trace if each.startswith("cloud_sync.handlers.messages.")]
            kind = raised[-1].partition(":")[0].rpartition(".")[2] if raised else trace[-1]
            return Called(kind, answer["errorMessage"], {}, media_id)
        if answer.get("status") == "BLOCKED":
            reason = self.row(media_id).reason
            return Called("BLOCKED", reason.message if reason else "", answer, media_id)
        warnings = self._warnings(function, since, run_id) if function in LOGGING else []
        if warnings:
            return Called("WARN", "; ".join(warnings), answer, media_id)
        return Called(
            str(answer.get("status", "")), str(answer.get("message", "")), answer, media_id
        )

    def _warnings(self, function: str, since: int, run_id: str) -> list[str]:
        """Of what the call has logged, the warnings of refused access."""
        found = self.client("logs").filter_log_events(
            logGroupName=f"/cloud-sync/dev/{function}", startTime=since - 2_000
        )
        lines = [each["message"] for each in found["events"] if run_id in each["message"]]
        return [each for each in lines if '"WARN"' in each and DENIED in each]

    def new_run(self) -> str:
        return f"run-{next(self.numbers)}"

    def new_medium(self, kind: str = "") -> str:
        """One more medium, whose id ends in `kind`: what it meets is in `FAULTS`."""
        return self.add(f"medium-{next(self.numbers)}{kind}")

    @contextmanager
    def begun(self, *media_ids: str) -> Iterator[str]:
        """A run that the lister has begun; its lease is let go of, whatever came of it."""
        run_id = self.new_run()
        try:
            listed = self.list_media(run_id)
            assert listed.answer, listed
            assert set(media_ids) <= set(self.tracker.known(media_ids)), listed
            yield run_id
        finally:
            self.tracker.release_run(run_id, now=datetime.now(UTC))

    def leave_unfinished(self, media_id: str, run_id: str) -> None:
        """A medium whose upload an earlier call has begun, under the lease of the run."""
        now = datetime.now(UTC)
        until = now + timedelta(hours=1)
        assert self.tracker.claim(media_id, run_id, run_id, now=now, until=until)
        (file,) = self.row(media_id).files
        upload = self.client("s3").create_multipart_upload(Bucket=media.BUCKET, Key=file.key)
        begun = Checkpoint(upload["UploadId"], PART, 2 * PART, None)
        self.tracker.begin_transfer(media_id, run_id, file.number, begun)
        self.tracker.settle(
            media_id,
            run_id,
            Status.PENDING,
            now=now,
            reason=Reason(Interrupted.code, "time was up"),
            counts_as_attempt=False,
        )

    def list_media(self, run_id: str) -> Called:
        return self.call("media-lister", run_id=run_id, dry_run=False, limit=None, since=None)

    def download(self, media_id: str, run_id: str) -> Called:
        deadline = datetime.now(UTC) + timedelta(hours=1)
        return self.call(
            "video-downloader",
            media_id,
            run_id=run_id,
            round=1,
            deadline=deadline.isoformat(),
            listed={"media_id": media_id, "extension": "MP4", "file_count": 1},
        )


@contextmanager
def site_of(emulator: Ministack, built: Built) -> Iterator[Site]:
    """The stacks, deployed, with a login that is good, before a cloud without media."""
    deployed = deploy(emulator, built.assembly)
    library = Library()
    options = SimulatorOptions(faults=plan_from(FAULTS), etag_limit=50_000_000, api_port=built.port)
    templates = [
        json.loads(path.read_text("utf-8")) for path in built.assembly.glob("*.template.json")
    ]
    with (
        Simulator(library, options) as cloud,
        relaying(S3Server(emulator.url, "test", "test")) as relay,
        closing(DynamoTracker(media.TABLE, client_options=emulator.options)) as tracker,
    ):
        media.log_in(deployed, cloud.token)
        yield Site(deployed, cloud, library, relay, templates, tracker)
