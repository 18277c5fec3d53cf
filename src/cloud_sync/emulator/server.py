"""The emulator ministack in a process of its own: on loopback, started, awaited and ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cloud_sync.errors import CloudSyncError

REGION = "eu-central-1"
ACCOUNT = "000000000000"
HOST = "127.0.0.1"

HEALTHY_SECONDS = 20.0
"""It answers within a second; a busy machine gets this long."""

ENDING_SECONDS = 10.0
LOG = "ministack.log"

PROGRAM = Path(__file__).with_name("program.py")


@dataclass(frozen=True, slots=True)
class Emulator:
    """A running emulator at `url`; `log` is the file with what it says."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def options(self) -> dict[str, Any]:
        """What a client of the SDK needs to get here."""
        return {
            "endpoint_url": self.url,
            "region_name": REGION,
            "aws_access_key_id": "test",
            "aws_secret_access_key": "test",
        }

    def check(self) -> None:
        """Raises CloudSyncError when the process has ended by itself."""
        if self.process.poll() is not None:
            raise CloudSyncError(
                f"the emulator has ended by itself (status {self.process.returncode})",
                hint=f"what it said last: tail {self.log}",
            )


@contextmanager
def running(
    python: Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Iterator[Emulator]:
    """Run the emulator for the length of the block, with the interpreter of its own environment.

    Nothing is kept but its log in `folder`. Roles and policies are enforced. Waits of the state
    machine take no time. What is in `environment` goes to it as well. It gets a session of its own,
    so a Ctrl-C reaches only the caller; it and its children end with the block, and with a caller
    that is killed.
    CloudSyncError when it does not come up or ends midway.
    """
    with (
        tempfile.TemporaryDirectory(prefix="cloud-sync-emulator-") as scratch,
        (folder / LOG).open("wb") as log,
    ):
        port = _free_port()
        process = subprocess.Popen(  # noqa: S603 our own words
            # without our own folder among those that it imports from
            [str(python), "-P", str(PROGRAM), str(os.getpid())],
            env=_settings(port, scratch) | dict(environment or {}),
            cwd=scratch,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            emulator = Emulator(f"http://{HOST}:{port}", folder / LOG, process)
            _await_health(emulator)
            with _death_noticed(emulator):
                yield emulator
        finally:
            _end(process)


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as found:
        return int(found.getsockname()[1])


def _settings(port: int, scratch: str) -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "HOME": scratch,
        "TMPDIR": scratch,
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        "MINISTACK_REGION": REGION,
        "SFN_WAIT_SCALE": "0",
        "AUTH": "true",
    }


@contextmanager
def _death_noticed(emulator: Emulator) -> Iterator[None]:
    """Where calls fail because the emulator is gone, say so instead of what the calls say."""
    try:
        yield
    except Exception as error:
        try:
            emulator.check()
        except CloudSyncError as death:
            raise death from error
        raise


def _await_health(emulator: Emulator) -> None:
    until = time.monotonic() + HEALTHY_SECONDS
    without_proxy = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until:
        emulator.check()
        try:
            with without_proxy.open(f"{emulator.url}/_ministack/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise CloudSyncError(
        f"the emulator does not answer at {emulator.url} within {HEALTHY_SECONDS:.0f} s",
        hint=f"what it said last: tail {emulator.log}",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask the process to end, and end it and all that it started in any case."""
    process.terminate()
    try:
        process.wait(ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    finally:
        # its session is our own making, and so is the group that bears its number
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(ENDING_SECONDS)
