"""Fixtures of the contract suites."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_sync.tracker.base import Tracker
from tracker_stores import STORES, Store, store_of


@pytest.fixture(
    params=[
        # one emulator for all of them
        pytest.param(kind, marks=pytest.mark.xdist_group("ministack"))
        if kind == "dynamodb"
        else kind
        for kind in STORES
    ]
)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    with store_of(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture
def tracker(store: Store) -> Tracker:
    return store.open()
