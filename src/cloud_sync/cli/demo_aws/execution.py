"""One execution of `cloud-sync demo --aws`: started, and followed with all that it archives."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cloud_sync.aws.executions import Executions
from cloud_sync.aws.histories import (
    Entered,
    Event,
    Histories,
    output_of,
    seconds_of,
    states_entered,
)
from cloud_sync.cli.demo_aws.events import (
    ExecutionEnded,
    ExecutionStarted,
    MediumArchived,
    Observe,
    StateEntered,
)
from cloud_sync.errors import CloudSyncError
from cloud_sync.model.tracking import Status, TrackedMedium
from cloud_sync.summary.render import count, size_text
from cloud_sync.tracker.base import Tracker

POLL_SECONDS = 0.25
ENDS_WITHIN = 180.0


@dataclass(frozen=True, slots=True)
class Ended:
    """An execution that is over: the names of the states that it entered, in order.

    `document` is what the last state was left with; `seconds` is how long it all took.
    """

    name: str
    arn: str
    status: str
    states: tuple[str, ...]
    document: Mapping[str, Any]
    seconds: float


class Follower:
    """Starts executions and tells what they do, as history and tracker have it."""

    def __init__(
        self,
        executions: Executions,
        histories: Histories,
        tracker: Tracker,
        check_alive: Callable[[], None],
        observe: Observe,
    ) -> None:
        self._executions = executions
        self._histories = histories
        self._tracker = tracker
        self._check_alive = check_alive
        self._observe = observe
        self._archived: set[str] = set()

    def run(self, name: str, purpose: str) -> Ended:
        """Start an execution of that name and follow it to its end.

        CloudSyncError when it does not end, or the emulator does.
        """
        arn = self._executions.start(name, {})
        self._observe(ExecutionStarted(name, purpose))
        until, told = time.monotonic() + ENDS_WITHIN, 0
        before = len(self._archived)
        while time.monotonic() < until:
            self._check_alive()
            now = self._executions.describe(arn)
            events = self._histories.events(arn)
            states = states_entered(events)
            self._tell_entered(name, states[told:])
            told = len(states)
            self._tell_archived(name, before, _due(events))
            if now is not None and now.is_over:
                ended = ended_by(name, arn, now.status, events)
                self._observe(ExecutionEnded(name, now.status, outcome(ended), ended.seconds))
                return ended
            time.sleep(POLL_SECONDS)
        raise CloudSyncError(f"the execution {name} has not ended within {ENDS_WITHIN:.0f} s")

    def _tell_entered(self, execution: str, states: Sequence[Entered]) -> None:
        for state in states:
            self._observe(StateEntered(execution, state.name, state.seconds))

    def _tell_archived(self, execution: str, before: int, due: int) -> None:
        for row in self._tracker.media(status=Status.COMPLETED):
            if row.media_id not in self._archived:
                self._archived.add(row.media_id)
                done = len(self._archived) - before
                self._observe(archived(execution, row, done, max(done, due)))


def ended_by(name: str, arn: str, status: str, events: Sequence[Event]) -> Ended:
    """An execution that is over, as its history tells it."""
    states = tuple(state.name for state in states_entered(events))
    document = output_of(states[-1], events) if states else None
    return Ended(name, arn, status, states, document or {}, seconds_of(events))


def archived(execution: str, row: TrackedMedium, done: int, due: int) -> MediumArchived:
    """The news that a medium is archived."""
    size = sum(file.size or 0 for file in row.files)
    return MediumArchived(execution, row.s3_key or row.media_id, len(row.files), size, done, due)


def _due(events: Sequence[Event]) -> int:
    """How many media the listing found due; 0 before it has."""
    listed = output_of("ListMedia", events) or {}
    return int(listed.get("media", {}).get("new_count", 0))


def outcome(ended: Ended) -> str:
    """What an execution came to, in a line."""
    summary = ended.document.get("summary")
    if summary:
        failed = f", {summary['failed']} failed" if summary["failed"] else ""
        return (
            f"{count(summary['archived'], 'medium', 'media')} archived "
            f"({count(summary['files_archived'], 'file', 'files')}, "
            f"{size_text(summary['bytes'])}){failed}"
        )
    media = ended.document.get("media") or {}
    if media.get("new_count") == 0:
        return f"nothing left to do, {media['already_synced']} media archived before"
    return f"it ended in {ended.states[-1] if ended.states else 'no state at all'}"
