"""A simulator per test and the command pointed at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_sync.simulator.library import Library, generate
from cloud_sync.simulator.server import Simulator, SimulatorOptions
from command_line import CommandLine
from ministack import REGION, Ministack, ministack

CDK_UNPACKED = Path.home() / ".cache/aws/jsii/package-cache"


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


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ministack]:
    with ministack(tmp_path_factory.mktemp("ministack")) as running:
        yield running


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package that no function is called in."""
    folder = tmp_path_factory.mktemp("code")
    (folder / "package.py").write_text("answer = 42\n", encoding="utf-8")
    return folder


@pytest.fixture
def aws(bare: CommandLine, emulator: Ministack) -> CommandLine:
    """The command with credentials of the emulator's account."""
    return bare.using(
        AWS_ENDPOINT_URL=emulator.url,
        AWS_ACCESS_KEY_ID="test",
        AWS_SECRET_ACCESS_KEY="test",
        AWS_REGION=REGION,
        # else the CDK unpacks itself anew in each test's home
        JSII_RUNTIME_PACKAGE_CACHE_ROOT=str(CDK_UNPACKED),
    )
