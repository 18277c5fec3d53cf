"""The history of logins in one item of the tracker's DynamoDB table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.aws.errors import Resource, code_of, translated
from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import LoginRecord, after_refusal, after_success
from cloud_sync.credentials.history_text import records_in, records_text
from cloud_sync.errors import CloudSyncError

ITEM = "#login#history"
"""The key of the item; no medium's item has such a key."""

TRIES = 20
"""How often a note that another one was quicker than is made anew."""

_QUICKER = "ConditionalCheckFailedException"

Change = Callable[[Sequence[LoginRecord], StoredCredential, datetime], tuple[LoginRecord, ...]]


class DynamoLoginHistory:
    """Keeps the records as JSON in one item, with a number that no two writes share.

    So no note is lost between machines. What cannot be read as such is told by `trouble`, and the
    next note begins it anew. A refusal never makes the item: only a login that worked is worth
    remembering. Its constructor raises MissingExtra and UsageError as `client_of` does.
    """

    def __init__(self, table: str, *, client_options: Mapping[str, Any] | None = None) -> None:
        self._table = table
        self._resource = Resource(
            f"the history of logins in the table {table}", "dynamodb", "aws dynamodb list-tables"
        )
        self._trouble = ""
        self._client = client_of(
            "dynamodb", self._resource, options=client_options, connections=2, attempts=3
        )

    @property
    def trouble(self) -> str:
        return self._trouble

    def records(self) -> Sequence[LoginRecord]:
        read = self._read()
        return read[0] if read else ()

    def worked(self, credential: StoredCredential, now: datetime) -> None:
        self._note(after_success, credential, now)

    def refused(self, credential: StoredCredential, now: datetime) -> None:
        self._note(after_refusal, credential, now)

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def _note(self, change: Change, credential: StoredCredential, now: datetime) -> None:
        for _ in range(TRIES):
            read = self._read()
            if read is None:
                return
            before, serial = read
            after = change(before, credential, now)
            if after == tuple(before) or self._written(after, serial):
                return
        self._trouble = f"{self._resource.name} cannot be written: others keep changing it"

    def _read(self) -> tuple[Sequence[LoginRecord], int] | None:
        """What the item holds and its number, 0 where there is none; None where it is not told."""
        try:
            with translated("reading", self._resource):
                answer = self._client.get_item(
                    TableName=self._table, Key={"media_id": {"S": ITEM}}, ConsistentRead=True
                )
        except CloudSyncError as error:
            self._trouble = error.message
            return None
        item = answer.get("Item")
        if item is None:
            return (), 0
        serial = int(item.get("serial", {}).get("N", "0"))
        try:
            return records_in(item["records"]["S"]), serial
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError):
            self._trouble = (
                f"{self._resource.name} is damaged; it begins anew, and how long logins last must"
                " be learned again"
            )
        return (), serial

    def _written(self, records: Sequence[LoginRecord], serial: int) -> bool:
        """False where somebody else was quicker; trouble of any other kind is told and over."""
        condition = "serial = :serial" if serial else "attribute_not_exists(serial)"
        values = {"ExpressionAttributeValues": {":serial": {"N": str(serial)}}} if serial else {}
        try:
            with translated("writing", self._resource):
                try:
                    self._client.put_item(
                        TableName=self._table,
                        Item={
                            "media_id": {"S": ITEM},
                            "records": {"S": records_text(records)},
                            "serial": {"N": str(serial + 1)},
                        },
                        ConditionExpression=condition,
                        **values,
                    )
                except Exception as error:
                    if code_of(error) != _QUICKER:
                        raise
                    return False
        except CloudSyncError as error:
            self._trouble = error.message
        return True
