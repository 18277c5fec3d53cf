"""Outcomes fold into results that name every failure, and into a message that can be sent."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloud_sync.replicate.notice import LONGEST_BODY, notice
from cloud_sync.replicate.outcome import CopyOutcome, CopyResults, CopyStatus
from cloud_sync.replicate.request import CopyRequest
from cloud_sync.replicate.tracker import CopyState, state_of

REQUEST = CopyRequest("builds", "app/bündel 1.zip", ("region-a", "region-b", "region-c"))


def outcome(bucket: str, status: CopyStatus, code: str = "", message: str = "") -> CopyOutcome:
    return CopyOutcome(bucket, REQUEST.source_key, status, code, message)


MIXED = [
    outcome("region-b", CopyStatus.FAILED, "no_such_bucket", "there is no bucket region-b"),
    outcome("region-c", CopyStatus.SKIPPED, "already_there"),
    outcome("region-a", CopyStatus.COPIED),
]


def test_what_is_there_already_counts_as_success() -> None:
    results = CopyResults.of(REQUEST, MIXED)
    assert (results.total, results.successful, results.failed) == (3, 2, 1)
    assert results.successful_buckets == ("region-a", "region-c")
    assert results.failed_buckets == [
        {
            "bucket": "region-b",
            "code": "no_such_bucket",
            "message": "there is no bucket region-b",
        }
    ]


def test_a_destination_without_an_outcome_is_a_failure_by_name() -> None:
    results = CopyResults.of(REQUEST, MIXED[:2])
    assert results.failed_buckets[0]["bucket"] == "region-a"
    assert results.failed_buckets[0]["code"] == "not_tried"
    assert results.failed == 2


@pytest.mark.parametrize("extra", [MIXED[0], outcome("region-x", CopyStatus.COPIED)])
def test_an_outcome_too_many_is_an_error_and_never_counted(extra: CopyOutcome) -> None:
    with pytest.raises(ValueError, match="not to be expected"):
        CopyResults.of(REQUEST, [*MIXED, extra])


@given(
    st.dictionaries(st.sampled_from(REQUEST.destinations), st.sampled_from(CopyStatus)),
)
def test_results_do_not_depend_on_the_order_of_outcomes(statuses: dict[str, CopyStatus]) -> None:
    outcomes = [outcome(bucket, status) for bucket, status in statuses.items()]
    results = CopyResults.of(REQUEST, outcomes)
    assert results == CopyResults.of(REQUEST, reversed(outcomes))
    assert results.successful + results.failed == results.total == 3
    assert [each.bucket for each in results.outcomes] == list(REQUEST.destinations)
    assert CopyResults.from_json(json.loads(json.dumps(results.to_json()))) == results


def test_whole_numbers_may_come_back_as_fractions() -> None:
    """A state machine's own arithmetic may write 5 as 5.0."""
    document = CopyOutcome("b", "k", CopyStatus.COPIED, size=5).to_json() | {"size": 5.0}
    assert CopyOutcome.from_json(document).size == 5


@pytest.mark.parametrize(
    "change",
    [{"status": "DONE"}, {"bucket": None}, {"size": "5"}, {"size": 5.5}, {"size": True}],
)
def test_what_is_no_outcome_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"."):
        CopyOutcome.from_json(MIXED[2].to_json() | change)


def test_the_state_follows_the_counts() -> None:
    assert state_of(CopyResults.of(REQUEST, MIXED)) is CopyState.PARTLY_FAILED
    assert state_of(CopyResults.of(REQUEST, [])) is CopyState.FAILED
    good = [outcome(bucket, CopyStatus.SKIPPED) for bucket in REQUEST.destinations]
    assert state_of(CopyResults.of(REQUEST, good)) is CopyState.COMPLETED


def test_the_notice_has_all_that_a_person_needs() -> None:
    told = notice(CopyResults.of(REQUEST, MIXED), REQUEST, "e-42", "table FileCopyTracking")
    assert told.subject == "1 of 3 copies failed: bundel 1.zip"
    for expected in (
        "⚠️",
        "📁 File: app/bündel 1.zip",
        "Source bucket: builds",
        "Destinations: 3",
        "✅ Successful: 2",
        "❌ Failed: 1",
        "region-b [no_such_bucket] there is no bucket region-b",
        "Execution: e-42",
        "table FileCopyTracking",
    ):
        assert expected in told.body
    assert "region-a" not in told.body


@given(st.text(min_size=1, max_size=600), st.text(max_size=300))
def test_any_notice_can_be_sent(key: str, reason: str) -> None:
    request = CopyRequest("builds", key, tuple(f"region-{n}" for n in range(3)))
    outcomes = [
        CopyOutcome(bucket, key, CopyStatus.FAILED, "failed", reason)
        for bucket in request.destinations
    ]
    told = notice(CopyResults.of(request, outcomes), request, "e", "there")
    assert 0 < len(told.subject) <= 100
    assert all(" " <= char <= "~" for char in told.subject)
    assert len(told.body.encode()) < 256_000
    assert told.body.count("region-") == 3
    assert len(told.body.splitlines()) == told.body.count("\n")


def test_a_flood_of_reasons_is_cut_and_counted() -> None:
    request = CopyRequest("builds", "k", tuple(f"region-{n}" for n in range(100)))
    outcomes = [
        CopyOutcome(bucket, "k", CopyStatus.FAILED, "failed", "é" * 5000)
        for bucket in request.destinations
    ]
    told = notice(CopyResults.of(request, outcomes), request, "e", "there")
    assert len(told.body.encode()) < LONGEST_BODY + 1000
    assert "… and 81 more" in told.body
