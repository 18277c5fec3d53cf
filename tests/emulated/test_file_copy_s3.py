"""The functions of the file-copy workflow over a real S3 server, under the real definition."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from cloud_sync.handlers import object_copier
from cloud_sync.replicate.mark import mark_of
from cloud_sync.replicate.s3_store import S3Store, connect
from cloud_sync.replicate.store import ObjectVersion
from copies import content, made_bucket
from copies_at_work import CopiesAtWork, record
from seaweedfs import S3Server

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

pytestmark = pytest.mark.xdist_group("seaweedfs")


@pytest.fixture
def store(s3_server: S3Server) -> Iterator[S3Store]:
    with closing(connect(client_options=s3_server.client_options)) as opened:
        yield opened


def test_ten_destinations_of_which_two_are_not_there(s3_client: S3Client, store: S3Store) -> None:
    """Eight copies byte for byte, two failures by name, one notice, and the end for it."""
    source = made_bucket(s3_client, versions=True)
    there = [made_bucket(s3_client) for _ in range(8)]
    gone = ["copies-gone-one", "copies-gone-two"]
    key, data = "große datei+1.zip", random.Random(1).randbytes(300_000)
    s3_client.put_object(Bucket=source, Key=key, Body=data)
    work = CopiesAtWork(store=store)
    ended = work.run(
        {
            "sourceBucket": source,
            "sourceKey": key,
            "destinationBuckets": [gone[0], *there, gone[1]],
        }
    )
    assert (ended.names[-1], ended.error) == ("SomeCopiesFailed", "SomeCopiesFailed")
    assert [content(s3_client, bucket, key) == data for bucket in there] == [True] * 8
    (told,) = work.told
    assert all(f"{bucket} [no_such_bucket]" in told["Message"] for bucket in gone)
    row = work.tracker.latest(key, source)
    assert row is not None
    assert row.results is not None
    assert list(row.results.successful_buckets) == there
    assert [each.bucket for each in row.results.failures] == gone


def test_starting_again_copies_only_what_is_missing(s3_client: S3Client, store: S3Store) -> None:
    source, there = made_bucket(s3_client, versions=True), made_bucket(s3_client, versions=True)
    s3_client.put_object(Bucket=source, Key="build.zip", Body=b"data")
    asked = {
        "sourceBucket": source,
        "sourceKey": "build.zip",
        "destinationBuckets": [there, "copies-made-later"],
    }
    work = CopiesAtWork(store=store)
    assert work.run(asked).error == "SomeCopiesFailed"
    first = s3_client.head_object(Bucket=there, Key="build.zip")["VersionId"]
    s3_client.create_bucket(Bucket="copies-made-later")
    assert work.run(asked, "run-2").names[-1] == "AllCopiesSuccessful"
    assert content(s3_client, "copies-made-later", "build.zip") == b"data"
    assert s3_client.head_object(Bucket=there, Key="build.zip")["VersionId"] == first


def test_a_thousand_events_in_a_burst_told_five_times_and_in_any_order(
    s3_client: S3Client, store: S3Store
) -> None:
    """Each version has one execution and lies at a destination once at most; the latest lies there
    in the end, whatever came last.
    """
    source = made_bucket(s3_client, versions=True)
    destinations = tuple(made_bucket(s3_client, versions=True) for _ in range(2))
    work = CopiesAtWork(store=store)
    work.wiring.source, work.wiring.destinations = source, destinations
    keys = [f"builds/file {number}.bin" for number in range(20)]
    events = []
    for round_ in range(10):
        for key in keys:
            answer = s3_client.put_object(Bucket=source, Key=key, Body=f"{key} {round_}".encode())
            written = key.replace(" ", "+")
            sequencer = f"{round_:04}"
            events.append(
                record(written, bucket=source, version=answer["VersionId"], sequencer=sequencer)
            )
    told = events * 5
    random.Random(7).shuffle(told)
    assert len(told) == 1000
    with ThreadPoolExecutor(8) as pool:
        assert {each["started"] for each in pool.map(work.created, told)} == {1}
    assert len(work.started) == 200

    def copies(document: dict[str, object]) -> None:
        for bucket in destinations:
            request = {**document, "destinationBuckets": [bucket]}
            object_copier.handler.answer({"request": request}, work.wiring, 900.0)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(copies, [dict(each) for each in work.started.values()]))
    for bucket in destinations:
        assert {key: content(s3_client, bucket, key) for key in keys} == {
            key: f"{key} 9".encode() for key in keys
        }
        seen: Counter[str] = Counter()
        for row in store.versions(bucket, ""):
            found = store.head(ObjectVersion(bucket, row.at.key, row.at.version_id))
            mark = mark_of(found.metadata) if found else None
            assert mark is not None
            seen[str(mark)] += 1
        assert len(seen) >= len(keys)
        assert set(seen.values()) == {1}
