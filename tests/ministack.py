"""An AWS emulator on loopback, in a process of its own: a second opinion on the state machine."""

from __future__ import annotations

import atexit
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3

PYTHON = Path(sys.prefix) / "emulator/bin/python"
"""The emulator's own environment, which `make` sets up: it pins versions that are not ours."""

REGION = "eu-central-1"
ACCOUNT = "000000000000"


class Ministack:
    """A running emulator."""

    def __init__(self, url: str) -> None:
        self.url = url

    @property
    def options(self) -> dict[str, Any]:
        """What a client of the SDK needs to get here."""
        return {
            "endpoint_url": self.url,
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }

    def client(self, service: str) -> Any:
        """A client of one of its services."""
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]
            **self.options,
        )


@contextmanager
def ministack(folder: Path) -> Iterator[Ministack]:
    """Run the emulator for the length of the block; its log stays in the folder."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": str(folder),
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "SFN_WAIT_SCALE": "0",
    }
    with (folder / "ministack.log").open("wb") as log:
        process = subprocess.Popen(
            [str(PYTHON), "-m", "ministack"],
            env=environment,
            cwd=folder,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _await(url, process)
            yield Ministack(url)
        finally:
            _stop(process)


@cache
def shared() -> Ministack:
    """An emulator that lives as long as this process: tests keep apart by names."""
    resources = ExitStack()
    atexit.register(resources.close)
    folder = resources.enter_context(tempfile.TemporaryDirectory())
    return resources.enter_context(ministack(Path(folder)))


def _await(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            raise RuntimeError(
                f"ministack ended with {process.returncode}; run: make .venv/.emulator"
            )
        try:
            with urllib.request.urlopen(f"{url}/_ministack/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise RuntimeError("ministack does not answer")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)
