"""The contract of remembering copies: the latest of each object, and all that there were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from cloud_sync.replicate.outcome import CopyResults
from cloud_sync.replicate.request import CopyRequest


class CopyState(StrEnum):
    """How an execution stands."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    """Every destination holds the object."""

    PARTLY_FAILED = "PARTLY_FAILED"
    FAILED = "FAILED"
    """No destination holds it."""


@dataclass(frozen=True, slots=True)
class CopyRecord:
    """One execution of one request. `results` and `finished_at` are None while it is under way."""

    request: CopyRequest
    execution_id: str
    state: CopyState
    started_at: datetime
    finished_at: datetime | None = None
    results: CopyResults | None = None

    @property
    def file_key(self) -> str:
        return self.request.source_key

    @property
    def source_bucket(self) -> str:
        return self.request.source_bucket


class CopyTracker(Protocol):
    """Remembers executions of copy requests by (file key, source bucket).

    An execution is told of by `started`, then by `finished`; both may be told again, in any order
    and from several processes at once, and change nothing then. The latest record of an object is
    that of the execution which started last (ties: the greater execution id): what is told late of
    an earlier execution goes into the history and never in front of a later one. Instants are
    aware. Raises ServiceUnavailable or Throttled where trying again may help.
    """

    def started(self, request: CopyRequest, execution_id: str, now: datetime) -> None:
        """Remember that the execution began at `now`; one that is known stays as it is."""
        ...

    def finished(
        self, request: CopyRequest, execution_id: str, results: CopyResults, now: datetime
    ) -> None:
        """Remember how the execution ended.

        One that was never told of as started counts as started at `now`. The first end stays.
        """
        ...

    def latest(self, file_key: str, source_bucket: str) -> CopyRecord | None:
        """The record of the execution that started last, None where there was none."""
        ...

    def history(self, file_key: str, source_bucket: str) -> list[CopyRecord]:
        """All executions, the one that started last first."""
        ...

    def close(self) -> None:
        """Let go of connections; may be called twice."""
        ...


def state_of(results: CopyResults) -> CopyState:
    """How an execution with these results stands."""
    if not results.failed:
        return CopyState.COMPLETED
    return CopyState.PARTLY_FAILED if results.successful else CopyState.FAILED


def ended(record: CopyRecord, results: CopyResults, now: datetime) -> CopyRecord:
    """The record after its end; one that has ended stays as it is."""
    if record.results is not None:
        return record
    return CopyRecord(
        record.request, record.execution_id, state_of(results), record.started_at, now, results
    )


def order(record: CopyRecord) -> tuple[datetime, str]:
    """What the latest record of an object has the most of."""
    return record.started_at, record.execution_id
