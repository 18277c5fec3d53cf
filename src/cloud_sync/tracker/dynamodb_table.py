"""One DynamoDB table: strongly consistent reads, transactions, and its errors in our own words."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from cloud_sync.aws.errors import Resource, answered, code_of, translated
from cloud_sync.errors import CloudSyncError, Permanent, ServiceUnavailable, Throttled
from cloud_sync.model.tracking import Status
from cloud_sync.tracker.dynamodb_actions import KEY, Action, Item
from cloud_sync.tracker.dynamodb_items import INDEX

T = TypeVar("T")

KEYS_IN_READ = 100
"""The most keys of one BatchGetItem."""

ACTIONS_IN_WRITE = 100
"""The most actions of one transaction."""

TRIES = 20
"""How often a write that others were quicker than is decided anew."""

IDLE_READS = 8
"""How many answers in a row may leave every asked key out before that is an error."""


class Overtaken(ServiceUnavailable):
    """Somebody else changed an item between its reading and its writing; nothing was written."""


class Table:
    """The tracker's table, for any number of threads. ValueError once it is closed."""

    def __init__(self, client: Any, name: str) -> None:
        self._client: Any | None = client
        self._name = name
        self._resource = table_resource(name)

    def get(self, keys: Sequence[str]) -> dict[str, Item]:
        """The items of those keys that there are, as they are now."""
        found: dict[str, Item] = {}
        asked = list(dict.fromkeys(keys))
        for start in range(0, len(asked), KEYS_IN_READ):
            for item in self._batch(asked[start : start + KEYS_IN_READ]):
                found[item[KEY]["S"]] = item
        return found

    def _batch(self, keys: list[str]) -> Iterator[Item]:
        idle = 0
        while keys:
            wanted = {"Keys": [{KEY: {"S": key}} for key in keys], "ConsistentRead": True}
            answer = self._call("reading", "batch_get_item", RequestItems={self._name: wanted})
            items = answer["Responses"].get(self._name, [])
            yield from items
            left = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            keys = [key[KEY]["S"] for key in left]
            idle = 0 if items else idle + 1
            if keys and idle >= IDLE_READS:
                raise Throttled(f"reading {self._resource.name}: the service asks for fewer calls")
            if keys and idle:
                time.sleep(min(2.0, 0.05 * 2**idle))

    def media_keys(self) -> Iterator[str]:
        """The keys of all media as they are now, in no order: the whole table is read."""
        request = {
            "ConsistentRead": True,
            "FilterExpression": "attribute_exists(#status)",
            "ProjectionExpression": KEY,
            "ExpressionAttributeNames": {"#status": "status"},
        }
        for page in self._pages("scan", request):
            yield from (item[KEY]["S"] for item in page)

    def by_status(
        self, status: Status, attributes: str, *, newest_first: bool = False
    ) -> Iterator[list[Item]]:
        """Pages of the index. It follows the table by a moment, well below a second as a rule."""
        request = {
            "IndexName": INDEX,
            "KeyConditionExpression": "#status = :status",
            "ProjectionExpression": attributes,
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": {":status": {"S": status.value}},
            "ScanIndexForward": not newest_first,
        }
        yield from self._pages("query", request)

    def _pages(self, operation: str, request: dict[str, Any]) -> Iterator[list[Item]]:
        start: dict[str, Any] = {}
        while True:
            answer = self._call("reading", operation, TableName=self._name, **request, **start)
            yield answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def write(self, actions: Sequence[Action]) -> None:
        """All of at most `ACTIONS_IN_WRITE` actions, or none: Overtaken where a condition fails.

        The SDK gives every transaction a token, so that one it sends twice counts once.
        """
        items = [
            {kind: {"TableName": self._name, **request} for kind, request in action.items()}
            for action in actions
        ]
        self._call("writing to", "transact_write_items", TransactItems=items)

    def close(self) -> None:
        """Let go of connections; a second call does nothing."""
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _call(self, doing: str, operation: str, **request: Any) -> dict[str, Any]:
        client = self._client
        if client is None:
            raise ValueError("the tracker is closed")
        with translated(doing, self._resource):
            try:
                answer: dict[str, Any] = getattr(client, operation)(**request)
            except Exception as error:
                cancelled = _cancelled(error, self._resource)
                if cancelled is None:
                    raise
                raise cancelled from error
        return answer


def table_resource(name: str) -> Resource:
    """The table as messages name it."""
    return Resource(
        f"the tracker's table {name}",
        "dynamodb",
        "check the name and AWS_REGION: aws dynamodb list-tables; the deployment makes the table:"
        " cdk deploy --app cdk.out --all",
    )


def persistently(work: Callable[[], T]) -> T:
    """What `work` gives, done anew while others are quicker; Overtaken when they always are."""
    for attempt in Retrying(
        retry=retry_if_exception_type(Overtaken),
        stop=stop_after_attempt(TRIES),
        wait=wait_random_exponential(multiplier=0.01, max=0.5),
        reraise=True,
    ):
        with attempt:
            return work()
    raise AssertionError("unreachable: the last attempt raises")


def _cancelled(error: Exception, resource: Resource) -> CloudSyncError | None:
    """What a cancelled transaction means, by the reasons that the service gives for each action."""
    code = code_of(error)
    what = f"writing to {resource.name}: "
    overtaken = Overtaken(
        what + "others keep changing the same items", kept="what was recorded before stays"
    )
    if code == "TransactionConflictException":
        return overtaken
    if code != "TransactionCanceledException":
        return None
    response = getattr(error, "response", {})
    codes = {reason.get("Code") for reason in response.get("CancellationReasons", [])}
    if "ValidationError" in codes:
        return Permanent(what + "the service does not take the item", kept="what it was before")
    others = codes - {"None", None, "ConditionalCheckFailed", "TransactionConflict"}
    if others:
        return answered(str(others.pop()), 400, "TransactWriteItems", what, resource)
    return overtaken
