"""The file-copy workflow on an emulator that enforces roles, and calls of its functions.

The tests themselves act by the account's own rights, which nothing denies.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from cloudformation import deploy_assembly
from enforced_site import DENIED
from ministack import ACCOUNT, Ministack, ministack
from s3_relay import Relay, relaying
from seaweedfs import S3Server

STACK = "CloudSync-dev-copies"
SOURCE, DESTINATION = f"global-builds-dev-{ACCOUNT}", f"region-a-builds-dev-{ACCOUNT}"
LEFT_OVER = ("an incomplete upload is left behind", "could not be removed (access_denied)")
"""What a copy says where it could not clear up after itself."""


@dataclass(frozen=True)
class Called:
    """How a call ended: the error's class, or the answer's status; and all that it said."""

    kind: str
    words: str

    @property
    def refused(self) -> bool:
        return any(each in self.words for each in (DENIED, '"access_denied"', *LEFT_OVER))


@dataclass
class CopySite:
    """The deployed stack, and numbers for what the tests make."""

    emulator: Ministack
    outputs: dict[str, str]
    relay: Relay
    template: dict[str, Any]
    numbers: Iterator[int] = field(default_factory=count)
    clients: dict[str, Any] = field(default_factory=dict)

    @property
    def machine(self) -> str:
        return self.outputs["StepFunctionArn"]

    def client(self, service: str) -> Any:
        """A client of the emulator's by the account's own rights; one for all calls."""
        if service not in self.clients:
            self.clients[service] = self.emulator.client(service)
        return self.clients[service]

    def roles(self) -> dict[str, str]:
        """The deployed roles, by what acts in them: functions and the state machine."""
        functions = self.client("lambda").list_functions()["Functions"]
        told = self.client("stepfunctions").describe_state_machine(stateMachineArn=self.machine)
        named = {each["FunctionName"]: each["Role"] for each in functions}
        named[told["name"]] = told["roleArn"]
        return {name.removesuffix("-dev"): arn.rsplit("/", 1)[1] for name, arn in named.items()}

    def key(self) -> str:
        """The ARN of the key that encrypts what the stack keeps."""
        kms = self.client("kms")
        (key,) = (
            each["TargetKeyId"]
            for each in kms.list_aliases()["Aliases"]
            if each["AliasName"] == "alias/cloud-sync/dev-copies"
        )
        arn: str = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
        return arn

    def properties(self, kind: str) -> dict[str, Any]:
        """The properties of the only resource of a type."""
        (found,) = (
            each["Properties"]
            for each in self.template["Resources"].values()
            if each["Type"] == kind
        )
        properties: dict[str, Any] = found
        return properties

    def upload(self, content: bytes = b"content", key: str = "") -> tuple[str, str | None]:
        """A new object in the source, of which nobody is told: key and version."""
        key = key or f"build-{next(self.numbers)}.zip"
        told = self.client("s3").put_object(Bucket=SOURCE, Key=key, Body=content)
        version = told.get("VersionId")
        return key, None if version == "null" else version

    @contextmanager
    def without_versions(self) -> Iterator[None]:
        """The source, as long as it keeps no versions."""
        s3 = self.client("s3")

        def keep(status: str) -> None:
            s3.put_bucket_versioning(Bucket=SOURCE, VersioningConfiguration={"Status": status})

        keep("Suspended")
        try:
            yield
        finally:
            keep("Enabled")

    @contextmanager
    def through_the_relay(self, function: str) -> Iterator[Relay]:
        """The function asks the relay for S3; disturbances end with the block."""
        with self.made_anew(function, AWS_ENDPOINT_URL_S3=self.relay.url):
            try:
                yield self.relay
            finally:
                self.relay.before.clear()
                self.relay.after.clear()

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

    def call(self, function: str, event: dict[str, Any]) -> Called:
        """One call of a deployed function, by its own role."""
        told = self.client("lambda").invoke(
            FunctionName=f"{function}-dev", Payload=json.dumps(event)
        )
        answer = json.loads(told["Payload"].read())
        if told.get("FunctionError"):
            return Called(answer["errorType"], answer["errorMessage"])
        if "statusCode" in answer:
            return Called(str(answer["statusCode"]), answer["body"])
        outcome = answer.get("outcome", {})
        return Called(str(outcome.get("status", "OK")), json.dumps(answer))


@contextmanager
def copy_site(folder: Path, package: Path) -> Iterator[CopySite]:
    """The real package in the synthesised stack. New objects are told to nobody by themselves."""
    assembly = folder / "assembly"
    subprocess.run(
        [
            *(sys.executable, "-m", "cloud_sync.deployment.copies", "--name=dev"),
            *(f"--function-code={package}", f"--output={assembly}", "--build-worker"),
        ],
        check=True,
        timeout=110,
        stdout=subprocess.DEVNULL,
    )
    template = json.loads((assembly / f"{STACK}.template.json").read_text("utf-8"))
    with ministack(folder) as emulator:
        outputs = deploy_assembly(emulator, assembly, [STACK])
        emulator.client("s3").put_bucket_notification_configuration(
            Bucket=SOURCE, NotificationConfiguration={}
        )
        with relaying(S3Server(emulator.url, "test", "test")) as relay:
            yield CopySite(emulator, outputs, relay, template)
