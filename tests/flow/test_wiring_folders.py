"""A folder as one machine sees it, before the first byte of a run moves."""

from __future__ import annotations

import sys
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from cloud_sync.config.load import load_config
from cloud_sync.wiring.local import LocalWiring
from cloud_sync.wiring.trackers import made_tracker

_connected: list[str] = []


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if event == "sqlite3.connect":
        _connected.append(str(arguments[0]))


sys.addaudithook(_watch)


@pytest.fixture
def wiring(tmp_path: Path) -> LocalWiring:
    environment = {"CLOUD_SYNC_HOME": str(tmp_path / "home"), "CLOUD_SYNC_GOPRO_TOKEN": "t"}
    config = load_config({"to": str(tmp_path / "archive")}, environment)
    return LocalWiring(config, environment)


def connections_of(opened: AbstractContextManager[object]) -> int:
    """How often SQLite was connected to on the way in."""
    before = len(_connected)
    with opened:
        return len(_connected) - before


def test_a_run_connects_to_its_tracker_once(wiring: LocalWiring) -> None:
    made_tracker(wiring.place).close()
    needed = connections_of(wiring.existing_tracker())
    assert needed > 0
    assert connections_of(wiring.rooms()) == needed, "a run opens its tracker more than once"
    assert connections_of(wiring.vault()) == needed, "a check opens its tracker more than once"
