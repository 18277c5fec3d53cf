"""Sets the stage of `cloud-sync demo --aws`: package, stacks, their deployment, the login."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cloud_sync.aws.stack_changes import StackEvent
from cloud_sync.aws.stacks import Stacks
from cloud_sync.cli.demo_aws.events import Observe, StepBegun, StepDone
from cloud_sync.deployment.package import HERE, build_package
from cloud_sync.emulator.apart import aws_is
from cloud_sync.emulator.server import Emulator, running
from cloud_sync.emulator.template import LeftOut, accepted
from cloud_sync.errors import CloudSyncError
from cloud_sync.model.environments import storage_stack, workflow_stack
from cloud_sync.secret import Secret
from cloud_sync.simulator.server import Simulator
from cloud_sync.summary.render import count, size_text
from cloud_sync.wiring.aws import AwsWiring
from cloud_sync.wiring.deployed import Deployed, find_deployed

ENVIRONMENT = "dev"
STORAGE_PLAN = "standard"
"""By the default plan nobody could read the objects back before they are restored."""

SYNTHESIS_SECONDS = 240
"""It takes five; the first time, and on a busy machine, a good deal more."""


@contextmanager
def step(observe: Observe, name: str, doing: str) -> Iterator[list[str]]:
    """A step of the demo: what the block puts into the list is told when it is over."""
    observe(StepBegun(doing))
    begun = time.monotonic()
    told: list[str] = []
    yield told
    observe(StepDone(name, ", ".join(told), time.monotonic() - begun))


@dataclass(slots=True)
class Stage:
    """What is built in `work` and then deployed into an emulator."""

    work: Path
    observe: Observe
    alerts_topic: str = ""
    left_out: list[LeftOut] = field(default_factory=list)

    @property
    def assembly(self) -> Path:
        return self.work / "cdk.out"

    def synthesise(self, cloud: Simulator) -> None:
        """Build the functions' package, and the stacks whose functions ask that camera cloud."""
        with step(self.observe, "package", "building the functions' package") as told:
            package = build_package(self.work / "package", HERE)
            told.append(f"five functions in {size_text(package.bytes)}, for this machine's Python")
        with step(self.observe, "synthesis", "synthesising the stacks with the CDK") as told:
            shutil.rmtree(self.assembly, ignore_errors=True)
            self._synthesise(package.folder, cloud.api_url)
            told.append(f"the stacks of the environment {ENVIRONMENT}, in {self.assembly}")

    def _synthesise(self, package: Path, api_url: str) -> None:
        """In a process of its own: the CDK starts a node, which ends with it."""
        log = self.work / "synthesis.log"
        command = [
            *(sys.executable, "-m", "cloud_sync.deployment", f"--name={ENVIRONMENT}"),
            *(f"--function-code={package}", f"--output={self.assembly}"),
            *(f"--gopro-api-url={api_url}", f"--storage-plan={STORAGE_PLAN}"),
        ]
        try:
            with log.open("wb") as said:
                subprocess.run(  # noqa: S603 our own words
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=subprocess.STDOUT,
                    timeout=SYNTHESIS_SECONDS,
                    check=True,
                )
        except subprocess.TimeoutExpired as error:
            raise CloudSyncError(
                f"synthesising the stacks: the CDK is not done after {SYNTHESIS_SECONDS} s",
                hint="the same again when this machine has less to do; a first time takes longest",
            ) from error
        except subprocess.CalledProcessError as error:
            raise CloudSyncError(
                f"synthesising the stacks: the CDK ended with status {error.returncode}",
                hint=f"what it said: tail {log}",
            ) from error

    @contextmanager
    def emulator(self, python: Path) -> Iterator[Emulator]:
        """A running emulator, which is all of AWS to this process until the block ends."""
        self.observe(StepBegun("starting the emulator"))
        begun = time.monotonic()
        with running(python, self.work) as emulator, aws_is(emulator.url):
            told = f"ministack at {emulator.url}, its log {emulator.log}"
            self.observe(StepDone("emulator", told, time.monotonic() - begun))
            yield emulator

    def deploy(self) -> Deployed:
        """Both stacks, with the product's own deployer; the environment as its outputs tell it."""
        stacks = Stacks()
        with closing(stacks):
            with step(self.observe, "bucket", "making the bucket for deployments") as told:
                made = Made()
                stacks.bootstrap(made.observe)
                told += ["that packages go through", made.told(0)]
            for name in (storage_stack(ENVIRONMENT), workflow_stack(ENVIRONMENT)):
                with step(self.observe, "stack", f"deploying {name}") as told:
                    made, before = Made(), len(self.left_out)
                    outputs = stacks.deploy(
                        self.assembly, name, made.observe, prepare=self._prepare
                    )
                    told += [name, made.told(len(self.left_out) - before)]
            self.alerts_topic = outputs["AlertsTopicArn"]
            return find_deployed(ENVIRONMENT, stacks)

    def _prepare(self, template: dict[str, Any]) -> dict[str, Any]:
        taken = accepted(template)
        self.left_out += taken.left_out
        return taken.template

    def log_in(self, wiring: AwsWiring, token: str) -> None:
        """Put the camera cloud's login into the secret."""
        with step(self.observe, "login", "storing the login") as told:
            wiring.stored_login.replace(Secret(token), datetime.now(UTC))
            told.append(f"stored in the secret {wiring.secret}")


@dataclass(slots=True)
class Made:
    """Counts the resources that a deployment has made."""

    resources: set[str] = field(default_factory=set)

    def observe(self, event: StackEvent) -> None:
        """Look at what happened to a resource."""
        if event.status == "CREATE_COMPLETE" and event.kind != "AWS::CloudFormation::Stack":
            self.resources.add(event.resource)

    def told(self, left_out: int) -> str:
        """How many there are, and how many the emulator does not know."""
        made = count(len(self.resources), "resource", "resources")
        return f"{made} ({left_out} more that the emulator does not know)" if left_out else made


def reading(deployed: Deployed) -> AwsWiring:
    """The deployed environment's table, bucket and secret."""
    return AwsWiring(
        table=deployed.storage.table,
        bucket=deployed.storage.bucket,
        secret=deployed.storage.secret,
        storage_plan=STORAGE_PLAN,
        concurrency=1,
        gopro_api_url="",
    )
