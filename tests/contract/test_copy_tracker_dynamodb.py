"""What the copy tracker in DynamoDB promises of two processes at once, and of its table."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cloud_sync.errors import UsageError
from cloud_sync.replicate.outcome import CopyOutcome, CopyResults, CopyStatus
from cloud_sync.replicate.request import CopyRequest
from cloud_sync.replicate.tracker import CopyRecord, CopyState
from cloud_sync.replicate.tracker_dynamodb import DynamoCopyTracker
from copy_trackers import COPY_TRACKERS
from ministack import shared

pytestmark = pytest.mark.xdist_group("ministack")

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
REQUEST = CopyRequest("builds", "build.zip", ("region-a",))


def results(status: CopyStatus) -> CopyResults:
    return CopyResults.of(REQUEST, [CopyOutcome("region-a", "build.zip", status)])


class Overtaken(DynamoCopyTracker):
    """Something else happens between its reading and its writing."""

    between: Callable[[], None] | None = None

    def _known_or(self, begun: CopyRecord) -> CopyRecord:
        known = super()._known_or(begun)
        if self.between:
            self.between()
        return known


def test_the_first_end_stays_when_two_processes_tell_it_at_once(tmp_path: Path) -> None:
    with closing(COPY_TRACKERS["dynamodb"](tmp_path)) as first:
        assert isinstance(first, DynamoCopyTracker)
        with closing(Overtaken(first._table, client_options=shared().options)) as second:
            first.started(REQUEST, "run-1", NOW)
            second.between = lambda: first.finished(
                REQUEST, "run-1", results(CopyStatus.FAILED), NOW
            )
            second.finished(REQUEST, "run-1", results(CopyStatus.COPIED), NOW)
        latest = first.latest("build.zip", "builds")
        assert latest is not None
        assert latest.state is CopyState.FAILED
        assert first.history("build.zip", "builds") == [latest]


def test_a_start_that_is_told_late_does_not_undo_the_end(tmp_path: Path) -> None:
    with closing(COPY_TRACKERS["dynamodb"](tmp_path)) as first:
        assert isinstance(first, DynamoCopyTracker)
        with closing(Overtaken(first._table, client_options=shared().options)) as second:
            second.between = lambda: first.finished(
                REQUEST, "run-1", results(CopyStatus.COPIED), NOW
            )
            second.started(REQUEST, "run-1", NOW)
        latest = first.latest("build.zip", "builds")
        assert latest is not None
        assert latest.state is CopyState.COMPLETED


def test_a_table_that_is_not_there_is_named() -> None:
    missing = DynamoCopyTracker("NoSuchTable", client_options=shared().options)
    with closing(missing) as tracker, pytest.raises(UsageError, match="NoSuchTable"):
        tracker.latest("build.zip", "builds")


def test_a_closed_tracker_says_so(tmp_path: Path) -> None:
    tracker = COPY_TRACKERS["dynamodb"](tmp_path)
    tracker.close()
    tracker.close()
    with pytest.raises(ValueError, match="closed"):
        tracker.latest("build.zip", "builds")
