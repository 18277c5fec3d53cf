"""A real S3 server on loopback: seaweedfs, with its data in a folder that the test session owns."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

HOST = "127.0.0.1"
START_LIMIT_SECONDS = 60.0
STOP_LIMIT_SECONDS = 2.0
"""A graceful stop takes the server half a minute; its data is thrown away anyway."""

ACCESS_KEY = "AKIATESTTESTTESTTEST"
SECRET_KEY = "made-up-secret-of-the-test-server"


@dataclass(frozen=True, slots=True)
class S3Server:
    """A running server: where it listens, and the one identity that it knows."""

    endpoint: str
    access_key: str = ACCESS_KEY
    secret_key: str = SECRET_KEY

    @property
    def client_options(self) -> dict[str, Any]:
        """What boto3's `client` takes to reach this server and no other."""
        return {
            "endpoint_url": self.endpoint,
            "aws_access_key_id": self.access_key,
            "aws_secret_access_key": self.secret_key,
            "region_name": "us-east-1",
        }

    @property
    def environment(self) -> dict[str, str]:
        """The same as environment variables, for a child process or `monkeypatch.setenv`."""
        return {
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": self.access_key,
            "AWS_SECRET_ACCESS_KEY": self.secret_key,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self) -> S3Client:
        """A plain client for looking behind an archive's back; close it after use."""
        import boto3
        from botocore.config import Config

        config = Config(
            s3={"addressing_style": "path"},
            retries={"total_max_attempts": 2},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        return boto3.Session().client("s3", config=config, **self.client_options)


@contextmanager
def running(
    folder: Path,
    access_key: str = ACCESS_KEY,
    secret_key: str = SECRET_KEY,
    *,
    volumes: int = 3_000,
    to_anybody: bool = False,
) -> Iterator[S3Server]:
    """A server with its data under `folder` that knows one identity, stopped at the end.

    `to_anybody`: it takes every key, for a caller whose key is not known beforehand. It takes
    `volumes` times 64 MB at most. What is deleted counts until its bucket is deleted.
    """
    port = _free_ports(1)[0]
    server = S3Server(f"http://{HOST}:{port}", access_key, secret_key)
    with (folder / "weed.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *_command(folder, port, volumes),
                *([] if to_anybody else [f"-s3.config={_identities(folder, server)}"]),
            ],
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            cwd=folder,
        )
        try:
            _wait_until_healthy(process, port, folder / "weed.log")
            yield server
        finally:
            _stop(process)


def _identities(folder: Path, server: S3Server) -> Path:
    identity = {
        "name": "tests",
        "credentials": [{"accessKey": server.access_key, "secretKey": server.secret_key}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": [identity]}))
    return config


def _command(folder: Path, s3_port: int, volumes: int) -> list[str]:
    data = folder / "data"
    data.mkdir()
    names = ("master", "volume", "filer")
    ports = iter(_free_ports(2 * len(names) + 1))
    services = [f"-{name}.port{kind}={next(ports)}" for name in names for kind in ("", ".grpc")]
    return [
        str(Path(sys.executable).parent / "weed"),
        "server",
        f"-dir={data}",
        f"-ip={HOST}",
        f"-ip.bind={HOST}",
        *services,
        "-filer",
        "-s3",
        f"-s3.port={s3_port}",
        f"-s3.port.grpc={next(ports)}",
        "-s3.port.iceberg=0",
        "-s3.port.lance=0",
        # a write to a bucket that does not exist must fail, as on S3
        "-s3.autoCreateBucket=false",
        # each bucket takes several volumes of its own
        f"-volume.max={volumes}",
        "-master.volumeSizeLimitMB=64",
        "-master.telemetry=false",
    ]


def _free_ports(count: int) -> list[int]:
    """Ports that nobody listens on at this moment, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def _wait_until_healthy(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    end = time.monotonic() + START_LIMIT_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        if _is_healthy(port):
            return
        time.sleep(0.1)
    raise RuntimeError(f"the S3 server did not start:\n{log.read_text(errors='replace')[-2000:]}")


def _is_healthy(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/status")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
