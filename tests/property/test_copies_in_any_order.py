"""Whatever the order of events, the latest version of a source ends up at every destination."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud_sync.replicate.copying import CopyPolicy, copy_to
from cloud_sync.replicate.memory_store import MemoryStore
from cloud_sync.replicate.outcome import CopyStatus
from cloud_sync.replicate.request import CopyRequest
from cloud_sync.replicate.writing import WriteLimits
from cloud_sync.transfer.retry import RetryPolicy

POLICY = CopyPolicy(RetryPolicy(tries=2, first_wait=0.001, longest_wait=0.002))
IN_PARTS = CopyPolicy(POLICY.retries, WriteLimits(largest_copy=0, copied_part=2, workers=2))

CONTENTS = st.lists(st.sampled_from([b"a", b"b", b"longer"]), min_size=1, max_size=5)


@settings(max_examples=300, deadline=None)
@given(contents=CONTENTS, data=st.data(), kept=st.booleans(), parts=st.booleans())
def test_events_that_come_late_or_twice_never_bring_an_old_version_back(
    contents: list[bytes], data: st.DataObject, kept: bool, parts: bool
) -> None:
    """Contents repeat on purpose: equal bytes of an older version must not hide which it is."""
    store = MemoryStore()
    store.make_bucket("source", versions=True)
    store.make_bucket("copies", versions=kept)
    written = [store.write("source", "key", content) for content in contents]
    events = data.draw(st.permutations(written)) + data.draw(st.lists(st.sampled_from(written)))
    for version in events:
        request = CopyRequest("source", "key", ("copies",), version_id=version.version_id)
        outcome = copy_to(
            request,
            "copies",
            source=store,
            destination=store,
            policy=IN_PARTS if parts else POLICY,
        )
        assert outcome.status is not CopyStatus.FAILED, outcome.message
    assert store.content("copies", "key") == contents[-1]
    assert store.unfinished() == 0


@settings(max_examples=100, deadline=None)
@given(contents=CONTENTS, data=st.data())
def test_a_copy_by_another_program_is_replaced_by_newer_versions_only(
    contents: list[bytes], data: st.DataObject
) -> None:
    """Without a mark of ours, the ETag says which version lies there."""
    store = MemoryStore()
    store.make_bucket("source", versions=True)
    store.make_bucket("copies")
    written = [store.write("source", "key", content) for content in contents]
    store.write("copies", "key", contents[-1])
    for version in data.draw(st.permutations(written)):
        request = CopyRequest("source", "key", ("copies",), version_id=version.version_id)
        copy_to(request, "copies", source=store, destination=store, policy=POLICY)
    assert store.content("copies", "key") == contents[-1]


@pytest.mark.parametrize("policy", [POLICY, IN_PARTS], ids=["whole", "in parts"])
def test_workers_that_race_leave_the_latest_version(policy: CopyPolicy) -> None:
    for _ in range(20):
        store = MemoryStore()
        store.make_bucket("source", versions=True)
        store.make_bucket("copies")
        versions = [store.write("source", "key", b"%d" % number * 9) for number in range(6)]
        with ThreadPoolExecutor(6) as pool:
            futures = [
                pool.submit(
                    copy_to,
                    CopyRequest("source", "key", ("copies",), version_id=version.version_id),
                    "copies",
                    source=store,
                    destination=store,
                    policy=CopyPolicy(policy.retries, policy.limits, rounds=50),
                )
                for version in versions
            ]
            outcomes = [future.result() for future in futures]
        assert {outcome.status for outcome in outcomes} <= {CopyStatus.COPIED, CopyStatus.SKIPPED}
        assert store.content("copies", "key") == b"5" * 9
        assert store.unfinished() == 0
