"""The functions around the file-copy workflow: the worker, the API, and the example beside it."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import Any

import pytest

from cloud_sync.errors import ServiceUnavailable
from cloud_sync.handlers import build_worker, replication_worker, step_function_invoker
from cloud_sync.handlers.copy_messages import MESSAGE_BYTES
from cloud_sync.handlers.messages import PermanentError, TransientError
from cloud_sync.handlers.object_copier import bounded
from cloud_sync.replicate.memory_store import MemoryStore
from copies_at_work import CopiesAtWork, record

ASKED = {
    "sourceBucket": "global-builds",
    "sourceKey": "build-123.zip",
    "destinationBuckets": ["region-a-builds", "region-b-builds"],
}


@pytest.fixture
def store() -> MemoryStore:
    made = MemoryStore()
    for bucket in ("global-builds", "region-a-builds", "region-b-builds"):
        made.make_bucket(bucket, versions=True)
    return made


@pytest.fixture
def work(store: MemoryStore) -> CopiesAtWork:
    return CopiesAtWork(store=store)


def call(work: CopiesAtWork, body: object, **headers: str) -> tuple[int, Any]:
    """`POST /step-function`, as the API hands it on."""
    text = body if isinstance(body, str) else json.dumps(body)
    event = {"body": text, "isBase64Encoded": False, "headers": headers}
    answer = step_function_invoker.handler.answer(event, work.wiring)
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("build-123.zip", "build-123.zip"),
        ("a+b/with+blank.zip", "a b/with blank.zip"),
        ("a%2Bb.zip", "a+b.zip"),
        ("gr%C3%BC%C3%9Fe+%26+mehr.zip", "grüße & mehr.zip"),
    ],
)
def test_a_new_object_starts_one_execution_for_its_very_version(
    work: CopiesAtWork, store: MemoryStore, written: str, key: str
) -> None:
    version = store.write("global-builds", key, b"data").version_id
    event = record(written, version=version)
    assert work.created(event) == {"objects": 1, "started": 1}
    assert work.created(event, event) == {"objects": 2, "started": 2}
    (document,) = work.started.values()
    assert document == {**ASKED, "sourceKey": key, "versionId": version}


def test_the_same_event_told_after_the_copies_were_made_starts_nothing(
    work: CopiesAtWork, store: MemoryStore
) -> None:
    version = store.write("global-builds", "build-123.zip", b"data").version_id
    work.created(record("build-123.zip", version=version))
    ((name, document),) = work.started.items()
    assert work.run(dict(document), name).status == "SUCCEEDED"
    work.created(record("build-123.zip", version=version))
    assert len(work.started) == 1


def test_another_change_of_the_same_key_starts_another(
    work: CopiesAtWork, store: MemoryStore
) -> None:
    """A bucket without versions tells changes apart by nothing but the sequencer."""
    store.write("global-builds", "build-123.zip", b"data")
    work.created(record("build-123.zip", sequencer="01"), record("build-123.zip", sequencer="02"))
    assert len(work.started) == 2


def test_a_copy_of_ours_that_lies_in_the_source_is_not_copied_on(
    work: CopiesAtWork, store: MemoryStore
) -> None:
    store.write("global-builds", "build-123.zip", b"data")
    assert work.run(ASKED).status == "SUCCEEDED"
    work.wiring.source, work.wiring.destinations = "region-a-builds", ("global-builds",)
    event = record("build-123.zip", bucket="region-a-builds")
    assert work.created(event) == {"objects": 1, "started": 0}
    assert work.started == {}


def test_an_event_of_another_bucket_starts_nothing(work: CopiesAtWork) -> None:
    assert work.created(record("k", bucket="other-bucket"))["started"] == 0


@pytest.mark.parametrize(
    "event",
    [
        {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "global-builds"},
        {"Records": [record("k") | {"eventName": "ObjectRemoved:Delete"}]},
        {"Records": []},
    ],
)
def test_an_event_without_a_new_object_starts_nothing(work: CopiesAtWork, event: Any) -> None:
    told = replication_worker.work(event, work.wiring)
    assert told == {"objects": 0, "started": 0}


@pytest.mark.parametrize("event", [[], {}, {"Records": [{"eventName": "ObjectCreated:Put"}]}])
def test_what_is_no_event_of_s3_is_an_error_and_no_silence(work: CopiesAtWork, event: Any) -> None:
    with pytest.raises(PermanentError, match="record"):
        replication_worker.work(event or {"no": "records"}, work.wiring)


def test_one_object_that_could_not_be_started_does_not_keep_the_others_back(
    work: CopiesAtWork, monkeypatch: pytest.MonkeyPatch, store: MemoryStore
) -> None:
    """The event as a whole fails, so that Lambda tells it again; what was started stays one."""
    for key in ("one", "two", "three"):
        store.write("global-builds", key, b"data")
    start, down = CopiesAtWork.start_once, True

    def flaky(self: CopiesAtWork, name: str, document: Any) -> str | None:
        if down and document["sourceKey"] == "one":
            raise ServiceUnavailable("starting an execution: no answer")
        return start(self, name, document)

    monkeypatch.setattr(CopiesAtWork, "start_once", flaky)
    records = [record(key) for key in ("one", "two", "three")]
    with pytest.raises(TransientError, match="1 of 3 copies could not be started"):
        work.created(*records)
    assert {each["sourceKey"] for each in work.started.values()} == {"two", "three"}
    down = False
    assert work.created(*records)["started"] == 3
    assert len(work.started) == 3


def test_the_api_starts_an_execution(work: CopiesAtWork) -> None:
    status, body = call(work, ASKED)
    assert status == 202
    ((name, document),) = work.started.items()
    assert body == {"executionArn": work.arn_of(name)}
    assert document == ASKED


def test_the_same_call_while_it_runs_gets_the_running_execution(work: CopiesAtWork) -> None:
    assert call(work, ASKED) == call(work, ASKED)
    assert len(work.started) == 1


def test_the_same_call_after_it_has_ended_starts_another_and_that_one_is_found_again(
    work: CopiesAtWork, store: MemoryStore
) -> None:
    store.write("global-builds", "build-123.zip", b"data")
    _, first = call(work, ASKED)
    work.run(ASKED, first["executionArn"].rpartition(":")[2])
    _, second = call(work, ASKED)
    assert second != first
    assert call(work, ASKED) == (202, second)


def test_the_same_idempotency_key_gets_the_same_execution_also_after_its_end(
    work: CopiesAtWork, store: MemoryStore
) -> None:
    store.write("global-builds", "build-123.zip", b"data")
    headers = {"idempotency-key": "deploy-17"}
    _, first = call(work, ASKED, **headers)
    work.run(ASKED, first["executionArn"].rpartition(":")[2])
    assert call(work, ASKED, **headers) == (202, first)
    assert len(work.started) == 1


def test_an_idempotency_key_of_another_request_is_a_conflict(work: CopiesAtWork) -> None:
    call(work, ASKED, **{"idempotency-key": "deploy-17"})
    other = ASKED | {"destinationBuckets": ["region-a-builds"]}
    status, body = call(work, other, **{"idempotency-key": "deploy-17"})
    assert status == 409
    assert "Idempotency-Key" in body["message"]
    assert len(work.started) == 1


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, ["sourceBucket", "sourceKey", "destinationBuckets"]),
        ("no json", ["request"]),
        ("", ["request"]),
        ("[" * 100_000, ["request"]),
        ({**ASKED, "destinationBuckets": ["a", "region-a-builds"]}, ["destinationBuckets[0]"]),
        ({**ASKED, "colour": 1}, ["colour"]),
        ({**ASKED, "destinationBuckets": ["global-builds"]}, ["destinationBuckets[0]"]),
    ],
)
def test_a_call_that_cannot_be_carried_out_names_each_field(
    work: CopiesAtWork, body: Any, fields: list[str]
) -> None:
    status, answer = call(work, body)
    assert status == 400
    assert [each["field"] for each in answer["problems"]] == fields
    assert all(each["reason"] for each in answer["problems"])
    assert work.started == {}


def test_a_service_that_is_away_is_an_answer_that_says_so(
    work: CopiesAtWork, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> str:
        raise ServiceUnavailable("starting an execution: no answer from AWS")

    monkeypatch.setattr(CopiesAtWork, "start_once", away)
    assert call(work, ASKED) == (503, {"message": "starting an execution: no answer from AWS"})


def test_a_build_puts_its_artefact_into_the_source(work: CopiesAtWork, store: MemoryStore) -> None:
    for content in (b"first", b"second"):
        body = json.dumps({"key": "b.zip", "content": b64encode(content).decode()})
        answer = build_worker.handler.answer({"body": body}, work.wiring)
        assert answer["statusCode"] == 201
        told = json.loads(answer["body"])
        at = next(store.versions("global-builds", "b.zip")).at
        assert (told["key"], told["versionId"]) == ("b.zip", at.version_id)


@pytest.mark.parametrize(
    ("body", "fields"),
    [({}, ["key", "content"]), ({"key": "", "content": "AA=="}, ["key"]), ([], ["key", "content"])],
)
def test_a_build_that_cannot_be_stored_names_each_field(
    work: CopiesAtWork, body: Any, fields: list[str]
) -> None:
    answer = build_worker.handler.answer({"body": json.dumps(body)}, work.wiring)
    assert answer["statusCode"] == 400
    assert [each["field"] for each in json.loads(answer["body"])["problems"]] == fields


@pytest.mark.parametrize("letter", ["k", "ü", "😀"])
def test_a_long_sentence_keeps_both_its_ends(letter: str) -> None:
    text = bounded("copying s3://bucket/" + letter * 2000 + ": access is denied")
    assert len(text.encode()) <= MESSAGE_BYTES
    assert text.startswith("copying s3://bucket/")
    assert text.endswith(": access is denied")


def test_a_short_sentence_stays_as_it_is() -> None:
    assert bounded("access is denied") == "access is denied"
