"""Every adapter of the copy tracker, opened for a test."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

from cloud_sync.replicate.tracker import CopyTracker
from cloud_sync.replicate.tracker_dynamodb import DynamoCopyTracker
from cloud_sync.replicate.tracker_memory import MemoryCopyTracker
from cloud_sync.replicate.tracker_sqlite import SqliteCopyTracker
from ministack import shared

_numbers = count(1)


def _dynamodb(_folder: Path) -> CopyTracker:
    """Over a table as the deployment makes it."""
    emulator = shared()
    name = f"FileCopyTracking-{next(_numbers)}"
    client = emulator.client("dynamodb")
    client.create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[
            {"AttributeName": "fileKey", "KeyType": "HASH"},
            {"AttributeName": "sourceBucket", "KeyType": "RANGE"},
        ],
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "S"} for each in ("fileKey", "sourceBucket")
        ],
    )
    client.close()
    return DynamoCopyTracker(name, client_options=emulator.options)


COPY_TRACKERS: dict[str, Callable[[Path], CopyTracker]] = {
    "memory": lambda _folder: MemoryCopyTracker(),
    "sqlite": lambda folder: SqliteCopyTracker(folder / "copies.sqlite"),
    "dynamodb": _dynamodb,
}
"""By name: makes an empty tracker, which may keep files in the folder."""
