"""A simulator per test and the command pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_sync.simulator.library import Library, generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine


@pytest.fixture
def library() -> Library:
    """Every medium type, with small files."""
    return generate(60, 7, file_bytes=(200, 20_000))


@pytest.fixture
def cloud(library: Library) -> Iterator[Simulator]:
    with Simulator(library, SimulatorOptions()) as simulator:
        yield simulator


@pytest.fixture
def bare(tmp_path: Path) -> CommandLine:
    """The command on a machine that was never set up."""
    home = tmp_path / "user"
    home.mkdir()
    return CommandLine(home)


@pytest.fixture
def cloud_sync(bare: CommandLine, cloud: Simulator) -> CommandLine:
    """The command with a working login."""
    return bare.using(CLOUD_SYNC_GOPRO_API_URL=cloud.api_url, CLOUD_SYNC_GOPRO_TOKEN=cloud.token)
