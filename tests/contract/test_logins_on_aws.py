"""What the stores of logins on AWS add to their contracts."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import fingerprint
from cloud_sync.credentials.history_dynamodb import ITEM, DynamoLoginHistory
from cloud_sync.credentials.secrets_manager import SecretsManagerCredentials
from cloud_sync.errors import UsageError
from cloud_sync.secret import Secret
from dynamodb_tables import looker, new_table
from ministack import shared

pytestmark = pytest.mark.xdist_group("ministack")

NOW = datetime(2024, 5, 2, 10, 30, tzinfo=UTC)
OLD, NEW = Secret("eyJold.a.b.c.d"), Secret("eyJnew.a.b.c.d")
LOGIN = StoredCredential(OLD, NOW, "a test")
OTHER = StoredCredential(NEW, NOW, "a test")


@pytest.fixture
def resources() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.fixture
def secrets(resources: ExitStack) -> Any:
    return resources.enter_context(closing(shared().client("secretsmanager")))


@pytest.fixture
def name(secrets: Any) -> str:
    name = f"gopro/credentials-{uuid.uuid4().hex}"
    secrets.create_secret(Name=name)
    return name


@pytest.fixture
def store(name: str, resources: ExitStack) -> SecretsManagerCredentials:
    made = SecretsManagerCredentials(name, client_options=shared().options)
    return resources.enter_context(closing(made))


def test_a_login_put_in_by_hand_is_as_old_as_its_version(
    store: SecretsManagerCredentials, secrets: Any, name: str
) -> None:
    secrets.put_secret_value(
        SecretId=name, SecretString=json.dumps({"gp_access_token": OLD.reveal()})
    )
    stored = store.read()
    assert stored is not None
    assert stored.token == OLD
    assert stored.stored_at is not None
    assert abs(datetime.now(UTC) - stored.stored_at) < timedelta(minutes=5)


@pytest.mark.parametrize("content", ["SECRET", "[]", "{}", '{"gp_access_token": 5}', "[" * 60_000])
def test_what_is_no_login_is_named_and_a_new_login_mends_it(
    store: SecretsManagerCredentials, secrets: Any, name: str, content: str
) -> None:
    secrets.put_secret_value(SecretId=name, SecretString=content)
    with pytest.raises(UsageError) as raised:
        store.read()
    assert name in raised.value.message
    assert "SECRET" not in raised.value.message
    assert raised.value.hint
    store.replace(NEW, NOW)
    stored = store.read()
    assert stored is not None
    assert stored.token == NEW


def test_a_secret_that_is_not_there_is_named_with_the_way_to_it(resources: ExitStack) -> None:
    store = SecretsManagerCredentials("gopro/nowhere", client_options=shared().options)
    resources.enter_context(closing(store))
    assert store.read() is None
    with pytest.raises(UsageError) as raised:
        store.replace(NEW, NOW)
    assert "gopro/nowhere" in raised.value.message
    assert NEW.reveal() not in raised.value.message
    assert "cdk deploy" in raised.value.hint


@pytest.fixture
def table() -> str:
    return new_table(shared())


@pytest.fixture
def history(table: str, resources: ExitStack) -> Callable[[], DynamoLoginHistory]:
    def another() -> DynamoLoginHistory:
        made = DynamoLoginHistory(table, client_options=shared().options)
        return resources.enter_context(closing(made))

    return another


def test_another_machine_reads_what_was_noted_and_no_token_is_in_it(
    history: Callable[[], DynamoLoginHistory], table: str
) -> None:
    history().worked(LOGIN, NOW)
    history().worked(OTHER, NOW)
    assert [record.fingerprint for record in history().records()] == [
        fingerprint(OLD),
        fingerprint(NEW),
    ]
    kept = looker(shared()).scan(TableName=table)["Items"]
    assert OLD.reveal() not in json.dumps(kept)
    assert "status" not in kept[0], "the index by status is for media"


@pytest.mark.parametrize(
    "damage", [{}, {"records": {"N": "5"}}, {"records": {"S": "["}, "serial": {"N": "7"}}]
)
def test_a_damaged_history_is_told_and_begins_anew(
    history: Callable[[], DynamoLoginHistory], table: str, damage: dict[str, Any]
) -> None:
    looker(shared()).put_item(TableName=table, Item={"media_id": {"S": ITEM}, **damage})
    damaged = history()
    assert list(damaged.records()) == []
    assert table in damaged.trouble
    assert "damaged" in damaged.trouble
    damaged.worked(LOGIN, NOW)
    again = history()
    assert len(again.records()) == 1
    assert again.trouble == ""


def test_a_refusal_alone_makes_no_item(
    history: Callable[[], DynamoLoginHistory], table: str
) -> None:
    history().refused(LOGIN, NOW)
    assert looker(shared()).scan(TableName=table)["Items"] == []


def test_a_table_that_is_not_there_is_told_and_stops_nothing(resources: ExitStack) -> None:
    made = DynamoLoginHistory("nowhere", client_options=shared().options)
    history = resources.enter_context(closing(made))
    history.worked(LOGIN, NOW)
    assert list(history.records()) == []
    assert "nowhere: it is not there" in history.trouble
