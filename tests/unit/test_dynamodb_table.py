"""A table whose service is busy, refuses, or is at odds with itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    NoRegionError,
    ProfileNotFound,
)

from cloud_sync.aws.errors import Resource, understood
from cloud_sync.errors import (
    ArchiveRefused,
    CloudSyncError,
    Permanent,
    ServiceUnavailable,
    Throttled,
    UsageError,
)
from cloud_sync.tracker.dynamodb_media import MediaItems
from cloud_sync.tracker.dynamodb_table import Overtaken, Table, persistently

SECRET = "eyJsecret.a.b.c.d"


def refusal(
    code: str,
    status: int = 400,
    operation: str = "BatchGetItem",
    reasons: Sequence[str] = (),
) -> ClientError:
    answer: Any = {
        "Error": {"Code": code, "Message": SECRET},
        "ResponseMetadata": {"HTTPStatusCode": status},
        "CancellationReasons": [{"Code": reason} for reason in reasons],
    }
    return ClientError(answer, operation)


class Service:
    """Answers as it is told, one thing after another; the last one for ever."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def _answer(self, **request: Any) -> Any:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    batch_get_item = transact_write_items = scan = query = _answer

    def close(self) -> None:
        self.answers = []


def found(*keys: str, left: Sequence[str] = ()) -> dict[str, Any]:
    answer: dict[str, Any] = {"Responses": {"t": [{"media_id": {"S": key}} for key in keys]}}
    if left:
        answer["UnprocessedKeys"] = {"t": {"Keys": [{"media_id": {"S": key}} for key in left]}}
    return answer


def test_keys_that_an_answer_leaves_out_are_asked_for_again() -> None:
    service = Service(found("a", left=["b", "c"]), found(left=["b", "c"]), found("b", "c"))
    assert set(Table(service, "t").get(["a", "b", "c"])) == {"a", "b", "c"}
    assert all(asked["RequestItems"]["t"]["ConsistentRead"] for asked in service.asked)


def test_a_service_that_leaves_everything_out_is_no_empty_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    service = Service(found(left=["a"]))
    with pytest.raises(Throttled):
        Table(service, "t").get(["a"])
    assert 1 < len(service.asked) < 20


def test_a_key_is_asked_for_once_and_a_hundred_at_a_time() -> None:
    service = Service(found())
    Table(service, "t").get([f"{n % 150}" for n in range(300)])
    sizes = [len(asked["RequestItems"]["t"]["Keys"]) for asked in service.asked]
    assert sizes == [100, 50]


def test_pages_go_on_until_the_service_says_that_it_is_over() -> None:
    one = {"Items": [{"media_id": {"S": "a"}}], "LastEvaluatedKey": {"media_id": {"S": "a"}}}
    empty = {"Items": [], "LastEvaluatedKey": {"media_id": {"S": "b"}}}
    last = {"Items": [{"media_id": {"S": "c"}}]}
    service = Service(one, empty, last)
    assert list(Table(service, "t").media_keys()) == ["a", "c"]
    assert [asked.get("ExclusiveStartKey") for asked in service.asked] == [
        None,
        one["LastEvaluatedKey"],
        empty["LastEvaluatedKey"],
    ]


@pytest.mark.parametrize(
    ("reasons", "meaning"),
    [
        (["None", "ConditionalCheckFailed"], Overtaken),
        (["TransactionConflict", "None"], Overtaken),
        (["ConditionalCheckFailed", "ThrottlingError"], Throttled),
        (["None", "ProvisionedThroughputExceeded"], Throttled),
        (["ValidationError", "None"], Permanent),
        (["SomethingElse"], CloudSyncError),
    ],
)
def test_a_cancelled_transaction_is_told_by_its_reasons(
    reasons: list[str], meaning: type[CloudSyncError]
) -> None:
    service = Service(refusal("TransactionCanceledException", reasons=reasons))
    with pytest.raises(CloudSyncError) as raised:
        Table(service, "t").write([])
    assert type(raised.value) is meaning
    assert SECRET not in raised.value.message


def test_who_is_always_overtaken_is_told_that_the_service_is_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    tries = []

    def work() -> None:
        tries.append(1)
        raise Overtaken("others keep changing it")

    with pytest.raises(ServiceUnavailable):
        persistently(work)
    assert 2 < len(tries) < 100


def test_a_lease_that_was_read_before_it_changed_hands_is_read_again() -> None:
    """The items of one read may be of different moments: the medium is leased in a later epoch."""

    def lease(epoch: int) -> dict[str, Any]:
        return {
            "media_id": {"S": "#lease"},
            "run_id": {"S": "run"},
            "owner": {"S": "o"},
            "since": {"S": "2024-06-01T12:00:00.000000Z"},
            "until": {"S": "2024-06-01T13:00:00.000000Z"},
            "is_open": {"BOOL": True},
            "epoch": {"N": str(epoch)},
            "serial": {"N": "1"},
            "orders": {"N": "1"},
        }

    medium = {
        "media_id": {"S": "a"},
        "filename": {"S": "a.MP4"},
        "status": {"S": "IN_PROGRESS"},
        "lease_owner": {"S": "worker-2"},
        "lease_until": {"S": "2024-06-01T13:00:00.000000Z"},
        "lease_epoch": {"N": "6"},
        "files": {"L": []},
        "transfers": {"M": {}},
        "revision": {"N": "9"},
        "tries": {"N": "2"},
    }
    service = Service(
        {"Responses": {"t": [lease(5), medium]}}, {"Responses": {"t": [lease(6), medium]}}
    )
    _, row = MediaItems(Table(service, "t")).one("a")
    assert row is not None
    assert row.medium.lease_owner == "worker-2", "the medium would have been taken from its holder"


def test_a_closed_table_says_so() -> None:
    table = Table(Service(found()), "t")
    table.close()
    table.close()
    with pytest.raises(ValueError, match="closed"):
        table.get(["a"])


PLACE = Resource("the table t", "dynamodb", "aws dynamodb list-tables")
LOGINS = Resource("the secret s", "secretsmanager", "make it", UsageError)


@pytest.mark.parametrize(
    ("error", "meaning"),
    [
        (refusal("ProvisionedThroughputExceededException"), Throttled),
        (refusal("ThrottlingException"), Throttled),
        (refusal("RequestLimitExceeded"), Throttled),
        (refusal("TransactionConflictException"), ServiceUnavailable),
        (refusal("InternalServerError", 500), ServiceUnavailable),
        (refusal("Whatever", 503), ServiceUnavailable),
        (refusal("AccessDeniedException"), ArchiveRefused),
        (refusal("UnrecognizedClientException"), ArchiveRefused),
        (refusal("ExpiredTokenException"), ArchiveRefused),
        (refusal("ResourceNotFoundException"), UsageError),
        (refusal("ValidationException"), CloudSyncError),
        (NoCredentialsError(), ArchiveRefused),
        (NoRegionError(), UsageError),
        (ProfileNotFound(profile=SECRET), UsageError),
        (EndpointConnectionError(endpoint_url=f"https://x/?{SECRET}"), ServiceUnavailable),
    ],
)
def test_errors_of_the_service_and_its_sdk_have_our_words(
    error: ClientError | BotoCoreError, meaning: type[CloudSyncError]
) -> None:
    told = understood(error, "reading", PLACE)
    assert type(told) is meaning
    assert told.message.startswith("reading the table t: ")
    assert SECRET not in f"{told.message} {told.kept} {told.hint}"


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("BatchGetItem", "dynamodb:BatchGetItem"),
        ("Scan", "dynamodb:Scan"),
        ("TransactWriteItems", "dynamodb:ConditionCheckItem"),
    ],
)
def test_refused_access_names_the_action_that_is_missing(operation: str, action: str) -> None:
    told = understood(refusal("AccessDeniedException", operation=operation), "writing", PLACE)
    assert told is not None
    assert operation in told.message
    assert action in told.hint
    assert "dynamodb:TransactWriteItems" not in told.hint, "IAM knows no such action"


def test_a_secret_that_may_not_be_read_is_a_usage_error() -> None:
    told = understood(refusal("AccessDeniedException", operation="GetSecretValue"), "r", LOGINS)
    assert isinstance(told, UsageError)
    assert "secretsmanager:GetSecretValue" in told.hint


def test_what_is_no_answer_of_the_sdk_is_not_explained_away() -> None:
    assert understood(KeyError("x"), "reading", PLACE) is None
