"""Tables of the tracker on an emulator, one for each test."""

from __future__ import annotations

from functools import cache
from itertools import count
from typing import Any

from cloud_sync.tracker.dynamodb_items import INDEX, PROJECTED
from ministack import Ministack

_numbers = count(1)


@cache
def looker(server: Ministack) -> Any:
    """A client for looking behind the product's back."""
    return server.client("dynamodb")


def new_table(server: Ministack) -> str:
    """An empty table as the deployment makes it; its name."""
    name = f"gopro-sync-tracker-{next(_numbers)}"
    looker(server).create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "media_id", "KeyType": "HASH"}],
        AttributeDefinitions=[
            {"AttributeName": each, "AttributeType": "S"}
            for each in ("media_id", "status", "sync_timestamp")
        ],
        GlobalSecondaryIndexes=[
            {
                "IndexName": INDEX,
                "KeySchema": [
                    {"AttributeName": "status", "KeyType": "HASH"},
                    {"AttributeName": "sync_timestamp", "KeyType": "RANGE"},
                ],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": list(PROJECTED),
                },
            }
        ],
    )
    return name
