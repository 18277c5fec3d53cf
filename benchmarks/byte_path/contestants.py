"""How each contestant is started: commands and environments, with default settings throughout."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.byte_path.workloads import Who, Workload
from benchmarks.measured import COMMAND, clean_environment
from cloud_sync.simulator.server import TOKEN

RCLONE = str(Path(sys.executable).with_name("rclone"))
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Stage:
    """Where bytes come from and go to in one workload.

    `bucket` is of this run alone. `s3` are the environment variables of the target.
    `api_url` is the listing's, for the whole command only. `home` is a folder of this run alone.
    `sparse` is a file in memory as large as the first of the workload, for the floor.
    `dialect` is the target's row in `cloud_sync.archive.s3_dialects`.
    """

    source_url: str
    authority: Path
    s3: Mapping[str, str]
    bucket: str
    home: Path
    api_url: str
    sparse: Path
    dialect: str


@dataclass(frozen=True, slots=True)
class Task:
    """Commands that run one after the other and count as one."""

    commands: tuple[tuple[str, ...], ...]
    environment: Mapping[str, str]


def task(who: Who, workload: Workload, stage: Stage) -> Task:
    """What `who` has to run."""
    made = {
        Who.CLOUD_SYNC: _cloud_sync,
        Who.SYNC: _sync,
        Who.RCLONE: _rclone,
        Who.FOUNDING: _founding,
        Who.FLOOR: _floor,
    }
    return Task(made[who](workload, stage), _environment(stage))


def _environment(stage: Stage) -> dict[str, str]:
    authority = str(stage.authority)
    return clean_environment(
        stage.home,
        PYTHONPATH=str(ROOT),
        SSL_CERT_FILE=authority,
        AWS_CA_BUNDLE=authority,
        REQUESTS_CA_BUNDLE=authority,
        CURL_CA_BUNDLE=authority,
        **stage.s3,
        CLOUD_SYNC_S3_DIALECT=stage.dialect,
        CLOUD_SYNC_GOPRO_API_URL=stage.api_url,
        CLOUD_SYNC_GOPRO_TOKEN=TOKEN,
        RCLONE_CONFIG=str(stage.home / "rclone.conf"),
        RCLONE_LOG_LEVEL="ERROR",
        RCLONE_CA_CERT=authority,
        RCLONE_CONFIG_FROM_TYPE="http",
        RCLONE_CONFIG_FROM_URL=stage.source_url,
        RCLONE_CONFIG_TO_TYPE="s3",
        RCLONE_CONFIG_TO_PROVIDER="Other",
        RCLONE_CONFIG_TO_ENV_AUTH="true",
        RCLONE_CONFIG_TO_ENDPOINT=stage.s3["AWS_ENDPOINT_URL_S3"],
        RCLONE_CONFIG_TO_REGION=stage.s3["AWS_REGION"],
        # without it rclone asks for the bucket before each run, as none of the others does
        RCLONE_CONFIG_TO_NO_CHECK_BUCKET="true",
    )


def _urls(workload: Workload, stage: Stage) -> list[str]:
    return [stage.source_url + path for path in workload.paths]


def _cloud_sync(workload: Workload, stage: Stage) -> tuple[tuple[str, ...], ...]:
    command = (
        sys.executable,
        "-m",
        "benchmarks.transfer_runner",
        *("--to", f"s3://{stage.bucket}/archive"),
        *("--concurrency", str(workload.at_a_time)),
        *("--dialect", stage.dialect),
        *("--source", *_urls(workload, stage)),
    )
    return (command,)


def _sync(workload: Workload, stage: Stage) -> tuple[tuple[str, ...], ...]:
    to = f"s3://{stage.bucket}/archive"
    command = (COMMAND, "sync", "--to", to, "--concurrency", str(workload.at_a_time), "--json")
    return (command,)


def _rclone(workload: Workload, stage: Stage) -> tuple[tuple[str, ...], ...]:
    if len(workload.sizes) == 1 and not workload.capped:
        (url,) = _urls(workload, stage)
        return ((RCLONE, "copyurl", url, f"TO:{stage.bucket}/archive/file-001.mp4"),)
    command = (
        RCLONE,
        "copy",
        *("--transfers", str(workload.at_a_time)),
        *("--multi-thread-streams", "4"),
        f"FROM:{workload.name}",
        f"TO:{stage.bucket}/archive",
    )
    return (command,)


def _founding(workload: Workload, stage: Stage) -> tuple[tuple[str, ...], ...]:
    (url,) = _urls(workload, stage)
    key = f"s3://{stage.bucket}/archive/file-001.mp4"
    return ((sys.executable, "-m", "benchmarks.founding_design", url, key),)


def _floor(workload: Workload, stage: Stage) -> tuple[tuple[str, ...], ...]:
    """Down and up again with nothing in between; what goes up comes from a file in memory."""
    curl = shutil.which("curl")
    if curl is None:
        raise RuntimeError("the floor is measured with curl, which is not installed")
    (url,) = _urls(workload, stage)
    to = f"{stage.s3['AWS_ENDPOINT_URL_S3']}/{stage.bucket}/archive/file-001.mp4"
    quiet = (curl, "--silent", "--show-error", "--fail", "--output", "/dev/null")
    return ((*quiet, url), (*quiet, "--upload-file", str(stage.sparse), to))
