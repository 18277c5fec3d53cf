"""The tracker of copies on AWS: the DynamoDB table `FileCopyTracking`.

Its key is `fileKey` and `sourceBucket`. The item with an object's own bucket is its latest record;
each execution has an item of its own beside it, whose `sourceBucket` is `BUCKET#EXECUTION`. No
bucket's name holds a `#`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.aws.errors import Resource, code_of, translated
from cloud_sync.clock import from_text
from cloud_sync.replicate.outcome import CopyResults
from cloud_sync.replicate.request import CopyRequest
from cloud_sync.replicate.tracker import CopyRecord, CopyState, ended

Item = dict[str, dict[str, Any]]

_NEWER = (
    "attribute_not_exists(fileKey) OR startedAt < :at OR (startedAt = :at AND executionId {} :id)"
)
"""Whether an item is older than the record that is to take its place."""


class DynamoCopyTracker:
    """`CopyTracker` in the DynamoDB table of that name, which must be there; for any number of
    machines. Endpoint, region, profile and credentials are the AWS SDK's own, or `client_options`
    (as botocore's `create_client` takes them).

    An execution's own item is written first, then the latest one, each under a condition: a call
    that is cut off between the two is completed by the same call made again. Every read is strongly
    consistent. Any call may raise Throttled, ServiceUnavailable, ArchiveRefused (credentials, or an
    action that is not allowed), UsageError (the table is not there), and ValueError once closed.
    """

    def __init__(self, table: str, *, client_options: Mapping[str, Any] | None = None) -> None:
        self._table = table
        self._resource = Resource(
            f"the table of copies {table}",
            "dynamodb",
            "check the name and AWS_REGION: aws dynamodb list-tables; the deployment makes the"
            " table: cloud-sync aws copies deploy --env dev",
        )
        self._client: Any | None = client_of("dynamodb", self._resource, options=client_options)

    def started(self, request: CopyRequest, execution_id: str, now: datetime) -> None:
        begun = CopyRecord(request, execution_id, CopyState.IN_PROGRESS, now)
        self._show(self._known_or(begun))

    def finished(
        self, request: CopyRequest, execution_id: str, results: CopyResults, now: datetime
    ) -> None:
        known = self._known_or(CopyRecord(request, execution_id, CopyState.IN_PROGRESS, now))
        if known.results is None:
            over = ended(known, results, now)
            item = _item(over, _own_key(over))
            if not self._put(item, "attribute_not_exists(results)", {}):
                over = self._own(over) or over
            known = over
        self._show(known)

    def latest(self, file_key: str, source_bucket: str) -> CopyRecord | None:
        item = self._get(file_key, source_bucket)
        return None if item is None else _record(item)

    def history(self, file_key: str, source_bucket: str) -> list[CopyRecord]:
        prefix = f"{source_bucket}#"
        records = [
            _record(item)
            for item in self._begins_with(file_key, prefix)
            if item["sourceBucket"]["S"] == prefix + item["executionId"]["S"]
        ]
        return sorted(records, key=lambda one: (one.started_at, one.execution_id), reverse=True)

    def close(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()

    def _known_or(self, begun: CopyRecord) -> CopyRecord:
        """What is known of the execution; where that is nothing, `begun` is from now on."""
        if self._put(_item(begun, _own_key(begun)), "attribute_not_exists(fileKey)", {}):
            return begun
        return self._own(begun) or begun

    def _own(self, record: CopyRecord) -> CopyRecord | None:
        item = self._get(record.file_key, _own_key(record))
        return None if item is None else _record(item)

    def _show(self, record: CopyRecord) -> None:
        """Make it the latest, unless a later one is. One that runs never replaces itself: by then
        it may have ended.
        """
        condition = _NEWER.format("<=" if record.results else "<")
        values = {":at": {"S": _instant(record.started_at)}, ":id": {"S": record.execution_id}}
        self._put(_item(record, record.source_bucket), condition, values)

    def _put(self, item: Item, condition: str, values: Item) -> bool:
        """Write the item; False where the condition does not hold."""
        given: dict[str, Any] = {"ExpressionAttributeValues": values} if values else {}
        try:
            self._call("put_item", Item=item, ConditionExpression=condition, **given)
        except _ConditionFailed:
            return False
        return True

    def _get(self, file_key: str, sort_key: str) -> Item | None:
        key = {"fileKey": {"S": file_key}, "sourceBucket": {"S": sort_key}}
        found: Item | None = self._call("get_item", Key=key, ConsistentRead=True).get("Item")
        return found

    def _begins_with(self, file_key: str, prefix: str) -> Iterator[Item]:
        start: dict[str, Any] = {}
        while True:
            answer = self._call(
                "query",
                ConsistentRead=True,
                KeyConditionExpression="fileKey = :key AND begins_with(sourceBucket, :prefix)",
                ExpressionAttributeValues={":key": {"S": file_key}, ":prefix": {"S": prefix}},
                **start,
            )
            yield from answer["Items"]
            if not answer.get("LastEvaluatedKey"):
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _call(self, operation: str, **request: Any) -> dict[str, Any]:
        if self._client is None:
            raise ValueError("the tracker of copies is closed")
        doing = "writing to" if operation == "put_item" else "reading"
        with translated(doing, self._resource):
            try:
                answer: dict[str, Any] = getattr(self._client, operation)(
                    TableName=self._table, **request
                )
            except Exception as error:
                if code_of(error) == "ConditionalCheckFailedException":
                    raise _ConditionFailed from None
                raise
        return answer


class _ConditionFailed(Exception):
    """The item is not as the condition wants it; nothing was written."""


def _own_key(record: CopyRecord) -> str:
    return f"{record.source_bucket}#{record.execution_id}"


def _item(record: CopyRecord, sort_key: str) -> Item:
    """The record as an item. What is there for a person to read stands in attributes of its own;
    `request` and `results` are the whole of it, as JSON.
    """
    request = record.request
    item: Item = {
        "fileKey": {"S": record.file_key},
        "sourceBucket": {"S": sort_key},
        "executionId": {"S": record.execution_id},
        "status": {"S": record.state.value},
        "startedAt": {"S": _instant(record.started_at)},
        "destinationBuckets": _texts(request.destinations),
        "request": {"S": _json(request.to_json())},
    }
    if request.version_id is not None:
        item["versionId"] = {"S": request.version_id}
    if record.finished_at is not None:
        item["finishedAt"] = {"S": _instant(record.finished_at)}
    if record.results is not None:
        item |= _results(record.results)
    return item


def _results(results: CopyResults) -> Item:
    return {
        "totalBuckets": {"N": str(results.total)},
        "successfulCopies": {"N": str(results.successful)},
        "failedCopies": {"N": str(results.failed)},
        "successfulBuckets": _texts(results.successful_buckets),
        "failedBuckets": _texts(tuple(each.bucket for each in results.failures)),
        "results": {"S": _json(results.to_json())},
    }


def _record(item: Item) -> CopyRecord:
    finished = item.get("finishedAt")
    results = item.get("results")
    return CopyRecord(
        request=CopyRequest.from_json(json.loads(item["request"]["S"]), elsewhere=True),
        execution_id=item["executionId"]["S"],
        state=CopyState(item["status"]["S"]),
        started_at=from_text(item["startedAt"]["S"]),
        finished_at=from_text(finished["S"]) if finished else None,
        results=CopyResults.from_json(json.loads(results["S"])) if results else None,
    )


def _instant(moment: datetime) -> str:
    """Always with six digits, so that texts have the order of the instants."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _texts(values: tuple[str, ...]) -> dict[str, Any]:
    return {"L": [{"S": value} for value in values]}


def _json(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))
