"""What the two functions that see a whole library need of their 512 MB: 2,000 and 10,000 media.

Each is called once in a process of its own, with the AWS SDK, against the emulator's DynamoDB, S3
and secret, and a simulated camera cloud in another process. Their times are mostly the emulator's.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.aws_scale import simulated
from benchmarks.measured import Measured, clean_environment, measure
from cloud_sync.deployment.package import HERE, build_package
from cloud_sync.simulator.server import TOKEN
from deployed_functions import build, log_in
from emulated_machine import deploy
from ministack import REGION, Ministack, ministack

LIBRARIES = (2_000, 10_000)
BOUND_MIB = 512 * 10**6 / 2**20
"""The functions' memory. Lambda counts in MB that are MiB; the lower figure is on the safe side."""

RUN = {"correlation_id": "bench", "run_id": "bench", "provider": "gopro", "account": "default"}


def run() -> bool:
    """Print the figures; True when both functions stay within their memory and miss no medium."""
    with tempfile.TemporaryDirectory() as folder:
        within = [_measured(Path(folder) / str(media), media) for media in LIBRARIES]
    return all(within)


def _measured(folder: Path, media: int) -> bool:
    folder.mkdir()
    built = build(folder / "built", build_package(folder / "package", HERE).folder)
    with simulated(media, built.port), ministack(folder) as emulator:
        log_in(deploy(emulator, built.assembly), TOKEN)
        environment = _environment(folder, emulator)
        started = datetime.now(UTC).isoformat()
        lister = _call(
            "media_lister", {**RUN, "dry_run": False, "limit": None, "since": None}, environment
        )
        listed = _answer(lister)
        counts = {name: listed.get(name, 0) for name in ("total_found", "new_count")}
        event = {**RUN, **counts, "already_synced": 0, "execution_id": "-", "start_time": started}
        summary = _call("run_summary", event, environment)
    _tell("media-lister", media, lister)
    _tell("run-summary", media, summary)
    seen = (listed.get("new_count"), _answer(summary).get("pending"))
    return seen == (media, media) and all(
        each.code == 0 and each.peak_mib < BOUND_MIB for each in (lister, summary)
    )


def _call(module: str, event: dict[str, Any], environment: dict[str, str]) -> Measured:
    command = [sys.executable, "-m", "benchmarks.function_runner", module, json.dumps(event)]
    return measure(command, environment)


def _answer(measured: Measured) -> dict[str, Any]:
    lines = measured.out.splitlines()
    answer: dict[str, Any] = json.loads(lines[-1]) if lines else {}
    return answer


def _tell(name: str, media: int, measured: Measured) -> None:
    print(
        f"aws_memory: {name} with {media} media: peak {measured.peak_mib:.0f} MiB (bound "
        f"{BOUND_MIB:.0f} MiB), {measured.wall:.0f} s, CPU {measured.cpu:.1f} s",
        flush=True,
    )


def _environment(folder: Path, emulator: Ministack) -> dict[str, str]:
    """What the deployment gives both functions, and the way to the emulator."""
    deployed = emulator.client("lambda").get_function_configuration(FunctionName="media-lister-dev")
    return clean_environment(
        folder,
        **deployed["Environment"]["Variables"],
        PYTHONPATH=str(Path(__file__).parents[1]),
        AWS_ENDPOINT_URL=emulator.url,
        AWS_REGION=REGION,
        AWS_DEFAULT_REGION=REGION,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
    )
