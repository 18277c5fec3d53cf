"""What every copy tracker promises."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from cloud_sync.replicate.outcome import CopyOutcome, CopyResults, CopyStatus
from cloud_sync.replicate.request import CopyRequest, PrefixMapping
from cloud_sync.replicate.tracker import CopyState, CopyTracker
from copy_trackers import COPY_TRACKERS

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
REQUEST = CopyRequest("builds", "a/ü 1.zip", ("region-a", "region-b"), "v1")


@pytest.fixture(
    params=[
        # one emulator for all of them
        pytest.param(kind, marks=pytest.mark.xdist_group("ministack"))
        if kind == "dynamodb"
        else kind
        for kind in COPY_TRACKERS
    ]
)
def copies(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CopyTracker]:
    with closing(COPY_TRACKERS[request.param](tmp_path)) as tracker:
        yield tracker


def results(request: CopyRequest, *failed: str) -> CopyResults:
    return CopyResults.of(
        request,
        [
            CopyOutcome(
                bucket,
                request.source_key,
                CopyStatus.FAILED if bucket in failed else CopyStatus.COPIED,
                "access_denied" if bucket in failed else "",
                "copying: ünïcödé reasons",
                7,
                "CRC64NVME=AAAAAAAAAAA=",
                "v9",
            )
            for bucket in request.destinations
        ],
    )


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_what_was_never_copied_is_not_known(copies: CopyTracker) -> None:
    assert copies.latest("a", "builds") is None
    assert copies.history("a", "builds") == []


def test_an_execution_is_remembered_from_its_beginning_to_its_end(copies: CopyTracker) -> None:
    copies.started(REQUEST, "e1", NOW)
    begun = copies.latest(REQUEST.source_key, "builds")
    assert begun is not None
    assert (begun.request, begun.execution_id, begun.state) == (
        REQUEST,
        "e1",
        CopyState.IN_PROGRESS,
    )
    assert (begun.started_at, begun.finished_at, begun.results) == (NOW, None, None)
    copies.finished(REQUEST, "e1", results(REQUEST), later(5))
    done = copies.latest(REQUEST.source_key, "builds")
    assert done is not None
    assert (done.state, done.started_at, done.finished_at) == (
        CopyState.COMPLETED,
        NOW,
        later(5),
    )
    assert done.results == results(REQUEST)


@pytest.mark.parametrize(
    ("failed", "state"),
    [
        ((), CopyState.COMPLETED),
        (("region-a",), CopyState.PARTLY_FAILED),
        (("region-a", "region-b"), CopyState.FAILED),
    ],
)
def test_the_state_says_how_many_destinations_hold_the_object(
    copies: CopyTracker, failed: tuple[str, ...], state: CopyState
) -> None:
    copies.started(REQUEST, "e1", NOW)
    copies.finished(REQUEST, "e1", results(REQUEST, *failed), later(1))
    latest = copies.latest(REQUEST.source_key, "builds")
    assert latest is not None
    assert latest.state is state


def test_a_later_upload_of_the_same_key_keeps_the_history(copies: CopyTracker) -> None:
    newer = CopyRequest("builds", REQUEST.source_key, ("region-a",), "v2")
    copies.started(REQUEST, "e1", NOW)
    copies.finished(REQUEST, "e1", results(REQUEST), later(1))
    copies.started(newer, "e2", later(2))
    latest = copies.latest(REQUEST.source_key, "builds")
    assert latest is not None
    assert latest.request.version_id == "v2"
    history = copies.history(REQUEST.source_key, "builds")
    assert [(each.execution_id, each.state) for each in history] == [
        ("e2", CopyState.IN_PROGRESS),
        ("e1", CopyState.COMPLETED),
    ]


def test_what_is_told_late_never_comes_in_front_of_a_later_execution(copies: CopyTracker) -> None:
    copies.started(REQUEST, "e2", later(10))
    copies.finished(REQUEST, "e2", results(REQUEST), later(11))
    copies.started(REQUEST, "e1", NOW)
    copies.finished(REQUEST, "e1", results(REQUEST, "region-a"), later(60))
    latest = copies.latest(REQUEST.source_key, "builds")
    assert latest is not None
    assert latest.execution_id == "e2"
    assert [each.execution_id for each in copies.history(REQUEST.source_key, "builds")] == [
        "e2",
        "e1",
    ]


def test_fractions_of_a_second_count(copies: CopyTracker) -> None:
    copies.started(REQUEST, "b", NOW)
    copies.started(REQUEST, "a", later(0.000_001))
    latest = copies.latest(REQUEST.source_key, "builds")
    assert latest is not None
    assert latest.execution_id == "a"


def test_of_executions_that_began_at_once_one_is_the_latest_for_all(copies: CopyTracker) -> None:
    for name in ("e2", "e1", "e3"):
        copies.started(REQUEST, name, NOW)
    assert [each.execution_id for each in copies.history(REQUEST.source_key, "builds")] == [
        "e3",
        "e2",
        "e1",
    ]


def test_telling_again_changes_nothing(copies: CopyTracker) -> None:
    for moment in (NOW, later(5)):
        copies.started(REQUEST, "e1", moment)
    for moment, failed in ((later(6), ()), (later(7), ("region-a",))):
        copies.finished(REQUEST, "e1", results(REQUEST, *failed), moment)
    copies.started(REQUEST, "e1", later(8))
    (record,) = copies.history(REQUEST.source_key, "builds")
    assert (record.started_at, record.finished_at) == (NOW, later(6))
    assert record.state is CopyState.COMPLETED


def test_an_end_without_a_beginning_is_remembered(copies: CopyTracker) -> None:
    copies.finished(REQUEST, "e1", results(REQUEST), later(3))
    latest = copies.latest(REQUEST.source_key, "builds")
    assert latest is not None
    assert (latest.started_at, latest.finished_at) == (later(3), later(3))


def test_objects_are_told_apart_by_key_and_by_bucket(copies: CopyTracker) -> None:
    same_key = CopyRequest("other", REQUEST.source_key, ("region-a",))
    same_bucket = CopyRequest("builds", "a", ("region-a",))
    for number, request in enumerate((REQUEST, same_key, same_bucket)):
        copies.started(request, f"e{number}", later(number))
    assert [each.execution_id for each in copies.history(REQUEST.source_key, "builds")] == ["e0"]
    assert [each.execution_id for each in copies.history(REQUEST.source_key, "other")] == ["e1"]
    assert [each.execution_id for each in copies.history("a", "builds")] == ["e2"]


def test_a_request_comes_back_as_it_was(copies: CopyTracker) -> None:
    request = CopyRequest(
        "builds",
        "/lead//" + "ü" * 508,
        ("region-a",),
        "v/+1=",
        "STANDARD_IA",
        PrefixMapping("/lead", ""),
    )
    copies.started(request, "e1", NOW)
    latest = copies.latest(request.source_key, "builds")
    assert latest is not None
    assert latest.request == request


def test_a_hundred_failures_with_long_reasons_fit(copies: CopyTracker) -> None:
    request = CopyRequest("builds", "many", tuple(f"region-{n}" for n in range(100)))
    outcomes = [
        CopyOutcome(bucket, "many", CopyStatus.FAILED, "store_unavailable", "w" * 600)
        for bucket in request.destinations
    ]
    told = CopyResults.of(request, outcomes)
    copies.finished(request, "e1", told, NOW)
    latest = copies.latest("many", "builds")
    assert latest is not None
    assert latest.results == told


def test_several_at_once_lose_nothing(copies: CopyTracker) -> None:
    def work(number: int) -> None:
        name = f"e{number:02}"
        copies.started(REQUEST, name, later(number))
        copies.finished(REQUEST, name, results(REQUEST), later(number + 1))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(24)))
    history = copies.history(REQUEST.source_key, "builds")
    assert [each.execution_id for each in history] == [f"e{n:02}" for n in range(23, -1, -1)]
    assert {each.state for each in history} == {CopyState.COMPLETED}
    latest = copies.latest(REQUEST.source_key, "builds")
    assert latest is not None
    assert latest.execution_id == "e23"
