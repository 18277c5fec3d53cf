"""An AWS emulator on loopback, in a process of its own: a second opinion on the state machine."""

from __future__ import annotations

import atexit
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3

from cloud_sync.emulator.environment import interpreter_beside
from cloud_sync.emulator.server import ACCOUNT, REGION, Emulator, running

__all__ = ["ACCOUNT", "PYTHON", "REGION", "Ministack", "ministack", "shared"]

PYTHON = interpreter_beside(Path(sys.prefix))
"""The emulator's own environment, which `make` sets up: it pins versions that are not ours."""


class Ministack:
    """A running emulator."""

    def __init__(self, emulator: Emulator) -> None:
        self.url = emulator.url
        self.process = emulator.process
        self.options = emulator.options

    def client(self, service: str) -> Any:
        """A client of one of its services."""
        return boto3.session.Session().client(
            service,  # type: ignore[call-overload]
            **self.options,
        )


@contextmanager
def ministack(folder: Path, **environment: str) -> Iterator[Ministack]:
    """Run the emulator, which enforces roles and policies, for the length of the block.

    Its log stays in the folder; `environment` goes to it as it is.
    """
    with running(PYTHON, folder, environment) as emulator:
        yield Ministack(emulator)


@cache
def shared() -> Ministack:
    """An emulator that lives as long as this process: tests keep apart by names."""
    resources = ExitStack()
    atexit.register(resources.close)
    folder = resources.enter_context(tempfile.TemporaryDirectory())
    return resources.enter_context(ministack(Path(folder)))
