"""Carries out `cloud-sync demo --aws`: the deployed stacks on an emulator, run and checked."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from cloud_sync.cli.demo_aws.cloud import demo_cloud
from cloud_sync.cli.demo_aws.display import shown
from cloud_sync.cli.demo_aws.events import Observe
from cloud_sync.cli.demo_aws.report import Facts, report
from cloud_sync.cli.interrupts import interrupted_by_sigterm
from cloud_sync.cli.terminal import result, result_json, say, set_up_logging
from cloud_sync.emulator.environment import emulator_interpreter
from cloud_sync.errors import CloudSyncError, ExitCode, Interrupted, MissingExtra, UsageError
from cloud_sync.simulator.server import Simulator
from cloud_sync.summary.render import count, size_text


@dataclass(frozen=True, slots=True)
class DemoRequest:
    """What was typed."""

    folder: Path
    library: Path | None
    json: bool
    quiet: bool
    verbose: bool


def run_demo_aws(request: DemoRequest) -> int:
    """Deploy into an emulator, run three executions, check everything; the exit code.

    Raises CloudSyncError when something is not as the demo says, Interrupted on a signal. The
    emulator and its children are gone then as well.
    """
    set_up_logging(verbose=request.verbose)
    _require_extras()
    try:
        with interrupted_by_sigterm():
            return _run(request)
    except KeyboardInterrupt:
        raise Interrupted(
            "the demo on AWS's emulator was stopped; the emulator is gone, with all it held",
            kept=f"the demo's media in {request.folder}",
            hint="the same command begins anew",
        ) from None


def _require_extras() -> None:
    for extra, package in (("aws", "botocore"), ("deploy", "aws_cdk")):
        if find_spec(package) is None:
            raise MissingExtra(extra, "the demo on AWS's emulator")


def _run(request: DemoRequest) -> int:
    from platformdirs import user_cache_path

    begun = time.monotonic()
    tell = (lambda _text: None) if request.quiet or request.json else say
    python = emulator_interpreter(Path(sys.prefix), user_cache_path("cloud-sync"), tell)
    work = _made(request.folder.absolute() / "aws")
    with shown(json=request.json, quiet=request.quiet) as observe:
        facts = _perform(request, python, work, observe)
    tell_facts(facts, time.monotonic() - begun, json=request.json)
    require_well(facts)
    return int(ExitCode.DONE)


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"making the demo's folder '{folder}': it cannot be made there",
            hint="name another: cloud-sync demo --aws --folder PATH",
        ) from error
    return folder


def require_well(facts: Facts) -> None:
    """Raises CloudSyncError, which names the first, where anything is not as it should be."""
    wrong = [difference for check in facts.checks for difference in check.differences]
    if wrong:
        raise CloudSyncError(
            f"the demo on AWS's emulator: {count(len(wrong), 'thing is', 'things are')} not as "
            f"they should be, the first: {wrong[0]}",
            hint=f"what the emulator said: tail {facts.log}",
        )


def tell_facts(facts: Facts, seconds: float, *, json: bool) -> None:
    """Print the result, for a person or as one JSON object."""
    if json:
        result_json(
            {
                "event": "demo_aws_verified",
                "seconds": round(seconds, 1),
                "checks": [
                    {"told": check.told, "differences": list(check.differences)}
                    for check in facts.checks
                ],
            }
        )
        return
    for line in report(facts, seconds):
        result(line)


def _perform(request: DemoRequest, python: Path, work: Path, observe: Observe) -> Facts:
    from cloud_sync.cli.demo_aws.play import play
    from cloud_sync.cli.demo_aws.stage import Stage, step

    with step(observe, "cloud", "making the camera cloud's media") as told:
        cloud = demo_cloud(request.folder.absolute() / "cloud", request.library)
        told.append(f"{count(cloud.media, 'medium', 'media')}, {size_text(cloud.bytes)}")
    stage = Stage(work, observe)
    with Simulator(cloud.library) as camera:
        stage.synthesise(camera)
        with stage.emulator(python) as emulator:
            return play(stage, emulator, camera, cloud)
