"""What the DynamoDB tracker promises beside the contract: its items, its limits, its troubles."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

import pytest

from cloud_sync.errors import KeyTaken, LeaseHeld, Permanent, UsageError
from cloud_sync.model.tracking import Reason, SourceCheck, Status, TrackedFile
from cloud_sync.tracker.base import Entry, FileEntry
from cloud_sync.tracker.dynamodb import DynamoTracker
from cloud_sync.tracker.dynamodb_actions import size_of
from cloud_sync.tracker.dynamodb_items import form_key
from cloud_sync.tracker.repairs import AdoptedFile
from dynamodb_tables import looker, new_table
from ministack import shared
from tracker_stores import (
    LATER,
    NOW,
    OWNER,
    RUN,
    after,
    begin,
    checkpoint,
    entry,
    fail,
    finish,
    listed,
    part,
    remember,
    summary,
    take,
    the,
)

pytestmark = pytest.mark.xdist_group("ministack")

SPECIFIED = {
    "media_id",
    "filename",
    "s3_key",
    "file_size",
    "upload_date",
    "sync_timestamp",
    "status",
    "retry_count",
    "error_message",
    "duration_seconds",
}


@pytest.fixture
def table() -> str:
    return new_table(shared())


@pytest.fixture
def tracker(table: str) -> Iterator[DynamoTracker]:
    with closing(DynamoTracker(table, client_options=shared().options)) as tracker:
        yield tracker


def items(table: str) -> dict[str, dict[str, Any]]:
    """Everything in the table, by key."""
    pages = looker(shared()).get_paginator("scan").paginate(TableName=table)
    return {item["media_id"]["S"]: item for page in pages for item in page["Items"]}


def lived(tracker: DynamoTracker) -> None:
    """A run with every kind of item."""
    begin(tracker)
    remember(tracker, entry("a", "k/a"), entry("b", "k/b"), entry("c", "k/c"))
    finish(tracker, "a")
    fail(tracker, "b")
    take(tracker, "c")
    tracker.begin_transfer("c", OWNER, 1, checkpoint(part(1)))
    tracker.end_run(summary())


def adoptions(media: str, files: int, key: str = "k") -> list[AdoptedFile]:
    return [
        AdoptedFile(
            media_id,
            "x",
            "PhotoSet",
            None,
            TrackedFile(n, f"{key}/{media_id}/{n}", "x", Status.COMPLETED, 1, "c" * 12),
        )
        for media_id in media
        for n in range(1, files + 1)
    ]


def test_a_medium_has_the_specified_attributes_and_the_index_holds_media_alone(
    tracker: DynamoTracker, table: str
) -> None:
    lived(tracker)
    found = items(table)
    media = {key: item for key, item in found.items() if not key.startswith("#")}
    assert set(media) == {"a", "b", "c"}
    assert set(media["b"]) >= SPECIFIED
    assert "ttl" not in media["b"]
    assert media["b"]["retry_count"] == {"N": "0"}
    others = set(found) - set(media)
    assert {key.split("#")[1] for key in others} >= {"lease", "run", "key", "attempt", "part"}
    for key in others:
        assert "status" not in found[key], f"{key} would be in the index by status"


def test_ids_that_look_like_ours_are_media_all_the_same(tracker: DynamoTracker, table: str) -> None:
    begin(tracker)
    ids = ["#lease", "#key#x", "#media#lease", "##", "lease"]
    remember(tracker, *(entry(each, each) for each in ids))
    finish(tracker, "#lease")
    assert [medium.media_id for medium in tracker.media()] == sorted(ids)
    assert the(tracker, "#lease").status is Status.COMPLETED
    assert [each.media_id for each in tracker.media(status=Status.COMPLETED)] == ["#lease"]
    with pytest.raises(LeaseHeld, match=RUN):
        tracker.begin_run("run-2", "other", now=NOW, until=LATER)


def test_a_transfer_that_is_over_leaves_nothing_behind(tracker: DynamoTracker, table: str) -> None:
    begin(tracker)
    remember(tracker, entry("a", "k"))
    take(tracker, "a")
    before = set(items(table))
    tracker.begin_transfer("a", OWNER, 1, checkpoint(*(part(number) for number in range(1, 70))))
    tracker.record_part("a", OWNER, 1, part(200))
    assert len(set(items(table)) - before) == 5, "four chunks of parts and the upload's marker"
    tracker.end_transfer("a", OWNER, 1)
    assert set(items(table)) == before


def test_a_set_of_more_files_than_a_transaction_takes_gets_its_keys(
    tracker: DynamoTracker,
) -> None:
    begin(tracker)
    remember(tracker, entry("set"), entry("other", "k/150"))
    take(tracker, "set")
    files = [FileEntry(n, f"{n}.JPG", (f"k/{n}", f"k/{n}-set")) for n in range(1, 251)]
    given = tracker.give_keys("set", OWNER, files)
    assert [file.number for file in given] == list(range(1, 251))
    assert given[149].key == "k/150-set"
    assert the(tracker, "set").files == given
    assert len(tracker.holders([file.key for file in given])) == 250


def test_a_set_whose_keys_run_out_gets_none(tracker: DynamoTracker, table: str) -> None:
    begin(tracker)
    remember(tracker, entry("set"), entry("other", "k/200"))
    take(tracker, "set")
    files = [FileEntry(n, f"{n}.JPG", (f"k/{n}",)) for n in range(1, 251)]
    before = items(table)
    with pytest.raises(KeyTaken, match="file 200 of medium set"):
        tracker.give_keys("set", OWNER, files)
    assert items(table) == before


def test_keys_that_a_call_was_cut_off_with_stay_the_files_own(
    tracker: DynamoTracker, table: str
) -> None:
    begin(tracker)
    remember(tracker, entry("a"), entry("b"))
    looker(shared()).put_item(
        TableName=table,
        Item={
            "media_id": {"S": form_key("k")},
            "holder": {"S": "a"},
            "file_number": {"N": "1"},
        },
    )
    assert tracker.holders(["k"]) == {}, "no file has it yet"
    for media_id, expected in (("b", "k-b"), ("a", "k")):
        take(tracker, media_id)
        given = tracker.give_keys(media_id, OWNER, [FileEntry(1, "1", ("k", f"k-{media_id}"))])
        assert [file.key for file in given] == [expected]


def test_a_medium_that_no_item_can_hold_is_refused_with_both_numbers(
    tracker: DynamoTracker, table: str
) -> None:
    begin(tracker)
    remember(tracker, entry("set"))
    take(tracker, "set")
    before = items(table)
    long = "x" * 500
    files = [FileEntry(n, f"{n}.JPG", (f"k/{long}/{n}",)) for n in range(1, 801)]
    with pytest.raises(Permanent, match=r"800 files: it takes \d+ bytes.*409600"):
        tracker.give_keys("set", OWNER, files)
    assert items(table) == before
    tracker.settle("set", OWNER, Status.FAILED, now=NOW, reason=Reason("permanent", "too large"))


def test_media_of_many_files_are_adopted_and_lost_to_none(tracker: DynamoTracker) -> None:
    begin(tracker)
    files = adoptions("ab", 120)
    tracker.adopt(files, RUN, Reason("adopted", "found"), now=NOW)
    assert {len(medium.files) for medium in tracker.media()} == {120}
    assert len(tracker.holders([each.file.key for each in files])) == 240


def test_two_who_remember_at_once_give_no_key_twice(table: str) -> None:
    with ExitStack() as stack:
        trackers = [
            stack.enter_context(closing(DynamoTracker(table, client_options=shared().options)))
            for _ in range(4)
        ]

        def plan(worker: int) -> None:
            entries = [
                Entry(listed(f"{worker}-{n}"), Status.PENDING, None, (f"k/{n}", f"k/{n}-{worker}"))
                for n in range(40)
            ]
            trackers[worker].remember(entries, now=NOW)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(plan, range(4)))
        keys = [medium.s3_key for medium in trackers[0].media()]
    assert len(keys) == 160
    assert len(set(keys)) == 160
    assert {f"k/{n}" for n in range(40)} <= set(keys), "a first choice was left to nobody"


def test_nothing_is_written_for_a_medium_that_stays_as_it_is(
    tracker: DynamoTracker, table: str
) -> None:
    remember(tracker, entry("a", "k"))
    before = items(table)
    remember(tracker, entry("a", "k"), now=LATER)
    assert items(table) == before


def test_an_attempt_that_a_run_left_open_ended_with_it_however_late_one_looks(
    tracker: DynamoTracker,
) -> None:
    remember(tracker, entry("a"))
    begin(tracker, until=after(60))
    take(tracker, "a")
    tracker.begin_run("run-2", "bob", now=after(60), until=LATER)
    take(tracker, "a", run_id="run-2", owner="worker-2", now=after(70))
    tracker.end_run(summary("run-2", after(60)))
    tracker.begin_run("run-3", "carol", now=after(500), until=LATER)
    ended = [(each.run_id, each.outcome, each.ended_at) for each in tracker.attempts("a")]
    assert ended == [
        (RUN, "INTERRUPTED", after(60)),
        ("run-2", "INTERRUPTED", after(60 + 61.25)),
    ]


def test_a_part_is_refused_by_the_service_once_the_medium_is_another_s(
    tracker: DynamoTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even between the look at the lease and the write does a part slip in."""
    begin(tracker)
    remember(tracker, entry("a", "k"))
    take(tracker, "a", until=after(1))
    tracker.begin_transfer("a", OWNER, 1, checkpoint(part(1)))
    looked = tracker._media.held

    def held(media_id: str, owner: str) -> Any:
        answer = looked(media_id, owner)
        monkeypatch.undo()
        take(tracker, "a", owner="worker-2", now=after(2))
        return answer

    monkeypatch.setattr(tracker._media, "held", held)
    with pytest.raises(LeaseHeld, match="worker-2"):
        tracker.record_part("a", OWNER, 1, part(2))
    assert tracker.checkpoint("a", 1) == checkpoint(part(1))


def test_a_run_that_loses_the_lease_while_it_claims_gets_nothing(
    tracker: DynamoTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    remember(tracker, entry("a"))
    begin(tracker, until=after(1))
    looked = tracker._media.one

    def one(media_id: str) -> Any:
        answer = looked(media_id)
        monkeypatch.undo()
        tracker.begin_run("run-2", "bob", now=after(2), until=LATER)
        return answer

    monkeypatch.setattr(tracker._media, "one", one)
    with pytest.raises(LeaseHeld, match="bob"):
        tracker.claim("a", RUN, OWNER, now=after(2), until=LATER)
    assert the(tracker, "a").status is Status.PENDING
    assert list(tracker.attempts("a")) == []


def test_more_media_than_a_page_of_the_index_are_counted_and_found(
    tracker: DynamoTracker,
) -> None:
    """A page of DynamoDB holds 1 MB, and a file's name may be long."""
    long = "x" * 1_000
    entries = [
        Entry(listed(f"m{n:04}", f"{long}{n}.MP4"), Status.PENDING, None, (f"k/{n}",))
        for n in range(1_300)
    ]
    tracker.remember(entries, now=NOW)
    tally = tracker.tallies()[Status.PENDING]
    assert (tally.media, tally.files) == (1_300, 1_300)
    assert sum(1 for _ in tracker.media(status=Status.PENDING)) == 1_300


def test_failures_of_one_instant_come_by_id_and_no_more_than_asked_for(
    tracker: DynamoTracker,
) -> None:
    begin(tracker)
    remember(tracker, *(entry(each) for each in "dbca"))
    for each in "dbca":
        fail(tracker, each, now=after(5))
    assert [medium.media_id for medium in tracker.recent_failures(3)] == ["a", "b", "c"]
    assert list(tracker.recent_failures(0)) == []


def test_a_table_that_is_not_there_is_named_with_the_way_to_it() -> None:
    options = shared().options
    with (
        closing(DynamoTracker("nowhere", client_options=options)) as tracker,
        pytest.raises(UsageError) as raised,
    ):
        tracker.known(["a"])
    assert "nowhere" in raised.value.message
    assert "cdk deploy" in raised.value.hint


def test_every_change_of_a_verdict_is_counted_once(tracker: DynamoTracker, table: str) -> None:
    """Also where a medium with a proof is put back or found anew."""
    begin(tracker)
    remember(tracker, entry("a", "k"))
    file = take(tracker, "a").files[0]
    done = replace(
        file,
        status=Status.COMPLETED,
        size=1,
        checksum="c",
        source_check=SourceCheck.MATCHED,
        source_rule="r",
    )
    for _ in range(3):
        tracker.record_file("a", OWNER, done)
    tracker.settle("a", OWNER, Status.COMPLETED, now=NOW)
    assert tracker.source_rules_matched() == {"r"}
    tracker.reopen("a", RUN, [1], Reason("missing", "gone"), now=NOW)
    assert tracker.source_rules_matched() == frozenset()


def test_of_two_files_that_are_recorded_at_once_none_is_lost(
    tracker: DynamoTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both stand in one item, and each writer read it before the other wrote."""
    begin(tracker)
    remember(tracker, entry("a", "one"))
    take(tracker, "a")
    first, second = tracker.give_keys("a", OWNER, [FileEntry(2, "2", ("two",))])
    looked = tracker._media.held

    def held(media_id: str, owner: str) -> Any:
        answer = looked(media_id, owner)
        monkeypatch.undo()
        tracker.record_file("a", OWNER, replace(second, size=2))
        return answer

    monkeypatch.setattr(tracker._media, "held", held)
    tracker.record_file("a", OWNER, replace(first, size=1))
    assert [file.size for file in the(tracker, "a").files] == [1, 2]


def test_of_two_runs_that_find_the_lease_free_at_once_one_gets_it(
    tracker: DynamoTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(tracker)
    tracker.end_run(summary())
    looked = tracker._table.get

    def get(keys: Any) -> Any:
        answer = looked(keys)
        monkeypatch.undo()
        begin(tracker, "run-2", "bob")
        return answer

    monkeypatch.setattr(tracker._table, "get", get)
    with pytest.raises(LeaseHeld, match="bob"):
        begin(tracker, "run-3", "carol")
    tracker.renew_run("run-2", until=after(900))


def test_an_adoption_that_is_overtaken_in_the_middle_goes_on_with_the_rest(
    tracker: DynamoTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(tracker)
    written = tracker._table.write
    calls = []

    def write(actions: Any) -> None:
        calls.append(len(actions))
        if len(calls) == 2:
            monkeypatch.undo()
            remember(tracker, entry("c"))
        written(actions)

    monkeypatch.setattr(tracker._table, "write", write)
    tracker.adopt(adoptions("abc", 40), RUN, Reason("adopted", "found"), now=NOW)
    assert len(calls) == 2, "the media should need two transactions"
    assert [len(medium.files) for medium in tracker.media()] == [40, 40, 40]
    assert the(tracker, "c").reason is None, "what was remembered meanwhile stays"


def test_no_transaction_is_larger_than_the_service_takes(
    tracker: DynamoTracker, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(tracker)
    written = tracker._table.write
    sizes = []

    def write(actions: Any) -> None:
        sizes.append(size_of(actions))
        written(actions)

    monkeypatch.setattr(tracker._table, "write", write)
    files = adoptions("abcdefghijkl", 2, "k" * 120_000)
    tracker.adopt(files, RUN, Reason("adopted", "found"), now=NOW)
    assert sum(sizes) > 4 * 2**20
    assert max(sizes) < 4 * 2**20


def test_a_medium_too_large_among_many_leaves_all_as_they_were(
    tracker: DynamoTracker, table: str
) -> None:
    begin(tracker)
    before = items(table)
    files = adoptions("abcdefghijkl", 2, "k" * 120_000) + adoptions("z", 2, "k" * 200_000)
    with pytest.raises(Permanent, match="medium z"):
        tracker.adopt(files, RUN, Reason("adopted", "found"), now=NOW)
    assert items(table) == before
