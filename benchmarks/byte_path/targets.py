"""Where contestants write to: the null sink, and a real S3 server."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from benchmarks.byte_path.contestants import RCLONE
from benchmarks.byte_path.sink import Sink, SinkSettings
from benchmarks.byte_path.source import File
from benchmarks.byte_path.tls_server import Certificate, Served, serving
from seaweedfs import running


class S3Target(Protocol):
    """A running S3. `environment` lets a contestant reach it; `dialect` as in `Stage`."""

    @property
    def environment(self) -> Mapping[str, str]: ...

    @property
    def dialect(self) -> str: ...

    def make(self, bucket: str) -> None:
        """Make the bucket."""
        ...

    def problem(self, bucket: str, files: list[File], *, with_bytes: bool) -> str:
        """What is wrong with what a run left in the bucket, empty when nothing is.

        `with_bytes`: content is compared too, where the target knows it.
        """
        ...

    def clear(self, bucket: str) -> None:
        """Free the space."""
        ...


@dataclass(frozen=True, slots=True)
class NullSink:
    """The discarding S3 of `benchmarks.byte_path.sink`. It speaks as AWS does."""

    environment: Mapping[str, str]
    settings: SinkSettings
    served: Served
    dialect: str = "aws"

    def make(self, bucket: str) -> None:
        """Nothing: its buckets are there as soon as they are named."""

    def problem(self, bucket: str, files: list[File], *, with_bytes: bool) -> str:
        stored = self.settings.objects(bucket).values()
        came = sorted((each["size"], each["checksum"]) for each in stored)
        due = sorted((file.size, file.checksum) for file in files)
        if not with_bytes:
            came, due = [(size, "") for size, _ in came], [(size, "") for size, _ in due]
        return "" if came == due else f"{len(came)} objects came, not the {len(due)} that were due"

    def clear(self, bucket: str) -> None:
        """Nothing: it kept none of it."""


@dataclass(frozen=True, slots=True)
class Seaweedfs:
    """A real server, over plain http. Sizes are compared; it verifies checksums itself."""

    environment: Mapping[str, str]
    dialect: str = "generic"

    def make(self, bucket: str) -> None:
        self._rclone("mkdir", f"TO:{bucket}")

    def problem(self, bucket: str, files: list[File], *, with_bytes: bool) -> str:
        found = json.loads(self._rclone("size", "--json", f"TO:{bucket}"))
        due = (len(files), sum(file.size for file in files))
        came = (found["count"], found["bytes"])
        return "" if came == due else f"objects and bytes that came: {came}, due: {due}"

    def clear(self, bucket: str) -> None:
        self._rclone("purge", f"TO:{bucket}")

    def _rclone(self, *arguments: str) -> str:
        ran = subprocess.run(
            [RCLONE, *arguments],
            env={
                **self.environment,
                "RCLONE_CONFIG": "/nonexistent",
                "RCLONE_LOG_LEVEL": "ERROR",
                "RCLONE_CONFIG_TO_TYPE": "s3",
                "RCLONE_CONFIG_TO_PROVIDER": "Other",
                "RCLONE_CONFIG_TO_ENV_AUTH": "true",
                "RCLONE_CONFIG_TO_ENDPOINT": self.environment["AWS_ENDPOINT_URL_S3"],
                "RCLONE_CONFIG_TO_REGION": self.environment["AWS_REGION"],
            },
            check=True,
            capture_output=True,
            text=True,
        )
        return ran.stdout


@contextmanager
def null_sink(folder: Path, certificate: Certificate) -> Iterator[NullSink]:
    """The sink, with its small files under `folder`."""
    settings = SinkSettings.make(folder)
    with serving(Sink, settings, certificate) as served:
        environment = {
            "AWS_ENDPOINT_URL_S3": served.url,
            "AWS_ACCESS_KEY_ID": "AKIABENCHBENCHBENCH0",
            "AWS_SECRET_ACCESS_KEY": "made-up-secret-of-the-sink",
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }
        yield NullSink(environment, settings, served)


@contextmanager
def seaweedfs(folder: Path) -> Iterator[Seaweedfs]:
    """The real server with its data under `folder`."""
    folder.mkdir()
    with running(folder) as server:
        yield Seaweedfs(server.environment)
