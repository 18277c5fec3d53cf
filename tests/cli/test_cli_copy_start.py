"""What a copy loads: an object is copied in less time than a program needs that loads all."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command_line import CommandLine
from copies import content, made_bucket
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HEAVY = (
    "aws_cdk",
    "apprise",
    "asyncio",
    "boto3",
    "click",
    "cloud_sync.deployment",
    "cloud_sync.emulator",
    "cloud_sync.handlers",
    "cloud_sync.model.report",
    "cloud_sync.pipeline",
    "cloud_sync.provider",
    "cloud_sync.simulator",
    "opentelemetry",
    "prometheus_client",
    "pydantic",
    "rich",
    "typer",
)
SHOWING = (
    "import sys\n"
    "from cloud_sync.cli.main import run\n"
    "try:\n"
    "    run()\n"
    "except SystemExit as ended:\n"
    "    print(*sys.modules)\n"
    "    raise SystemExit(ended.code)\n"
)


def loaded_by(home: Path, settings: dict[str, str], *arguments: str) -> set[str]:
    """The modules that are loaded when the command has ended well."""
    ended = subprocess.run(
        [sys.executable, "-c", SHOWING, *arguments],
        env=CommandLine(home, settings).environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return set(ended.stdout.splitlines()[-1].split())


def heavy_among(modules: set[str]) -> set[str]:
    return {name for name in modules if name.startswith(tuple(f"{each}." for each in HEAVY))} | (
        modules & set(HEAVY)
    )


@pytest.mark.xdist_group("seaweedfs")
def test_a_copy_loads_nothing_that_it_does_not_use(
    tmp_path: Path, s3_server: S3Server, s3_client: S3Client
) -> None:
    source, target = made_bucket(s3_client), made_bucket(s3_client)
    s3_client.put_object(Bucket=source, Key="clip.mp4", Body=b"bytes")
    line = ["copy", "--quiet", f"s3://{source}/clip.mp4", f"s3://{target}"]
    modules = loaded_by(tmp_path, s3_server.environment, *line)
    assert content(s3_client, target, "clip.mp4") == b"bytes"
    assert "botocore" in modules
    assert heavy_among(modules) == set()


def test_the_version_is_told_without_the_program(tmp_path: Path) -> None:
    modules = loaded_by(tmp_path, {}, "--version")
    assert heavy_among(modules) == set()
    assert not {"botocore", "logging", "sqlite3"} & modules


def test_the_program_itself_loads_what_is_missing_here(tmp_path: Path) -> None:
    """Or the names above are no longer those of what takes long."""
    assert "typer" in heavy_among(loaded_by(tmp_path, {}, "copy", "--help"))
