"""Copies of what appears in a bucket, for services that send no events: looked for again and again.

Each version is copied once per destination, those of one key oldest first, so that the latest
comes last. What fails is tried again, after growing waits. Deletions are not copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol

from cloud_sync.errors import UsageError
from cloud_sync.replicate.execution import CopyObserver, CopyRooms, Execution, execute
from cloud_sync.replicate.outcome import CopyStatus
from cloud_sync.replicate.request import (
    CopyRequest,
    PrefixMapping,
    Problem,
    RequestRefused,
    bucket_problem,
)
from cloud_sync.replicate.store import ListedVersion, same_service
from cloud_sync.transfer.stopping import Stop

_FIRST_WAIT = timedelta(minutes=1)
_LONGEST_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Watch:
    """What is watched, and where it goes."""

    bucket: str
    prefix: str
    destinations: tuple[str, ...]
    storage_class: str | None = None
    mapping: PrefixMapping | None = None


class WatchLedger(Protocol):
    """Remembers which versions need no further copy. `watch` names one watch.

    A route leads from a source to a destination; those of processes that are gone count no more.
    """

    def settled(self, watch: str, file_key: str) -> set[tuple[str, str]]:
        """Version and bucket of all that is settled of a key."""
        ...

    def settle(
        self, watch: str, file_key: str, version: str, buckets: list[str], now: datetime
    ) -> None:
        """Remember that the buckets hold the version, or a newer one."""
        ...

    def open_routes(self, source: str, destinations: list[str]) -> list[tuple[str, str]]:
        """Note this process's own routes; those of the other living processes."""
        ...

    def close_routes(self) -> None:
        """Forget this process's routes."""
        ...


@dataclass
class _Waiting:
    """A version that failed: when it is due again, and how long it waits after that."""

    due: datetime
    wait: timedelta


@dataclass
class Watcher:
    """Looks at one bucket; `pass_over` once for each look.

    `new_execution_id` names an execution. `failing` are versions that wait for their next try.
    """

    watch: Watch
    rooms: CopyRooms
    ledger: WatchLedger
    stop: Stop
    observe: CopyObserver
    new_execution_id: Callable[[], str]
    failing: dict[tuple[str, str], _Waiting] = field(default_factory=dict)

    def __post_init__(self) -> None:
        source, destination = self.rooms.source.service, self.rooms.destination.service
        mapping = self.watch.mapping
        mapped = f" {mapping.old!r} {mapping.new!r}" if mapping else ""
        self._name = f"{source} {self.watch.bucket} -> {destination}{mapped}"

    def pass_over(self) -> Iterator[Execution]:
        """Copy what is not settled yet; the executions that it took, each as it ends.

        Raises what listing raises; what was copied until then is settled.
        """
        listed = self.rooms.source.versions(self.watch.bucket, self.watch.prefix)
        for key, rows in groupby(listed, key=lambda row: row.at.key):
            settled = self.ledger.settled(self._name, key)
            for row in reversed(list(rows)):
                self.stop.check()
                left = [b for b in self.watch.destinations if (_version(row), b) not in settled]
                if left and self._is_due(row):
                    yield self._copied(row, tuple(left))

    def _is_due(self, row: ListedVersion) -> bool:
        waiting = self.failing.get((row.at.key, _version(row)))
        return waiting is None or waiting.due <= self.rooms.clock.now()

    def _copied(self, row: ListedVersion, buckets: tuple[str, ...]) -> Execution:
        name = (row.at.key, _version(row))
        first = name not in self.failing
        request = CopyRequest(
            row.at.bucket,
            row.at.key,
            buckets,
            row.at.version_id,
            self.watch.storage_class,
            _mapping_for(row.at.key, self.watch.mapping),
        )
        done = execute(
            request, self.new_execution_id(), self.rooms, self.stop, self.observe, tell=first
        )
        good = [
            each.bucket for each in done.results.outcomes if each.status is not CopyStatus.FAILED
        ]
        self.ledger.settle(self._name, row.at.key, _version(row), good, self.rooms.clock.now())
        if done.results.failed:
            self._postpone(name)
        else:
            self.failing.pop(name, None)
        return done

    def _postpone(self, name: tuple[str, str]) -> None:
        known = self.failing.get(name)
        wait = min(known.wait * 2, _LONGEST_WAIT) if known else _FIRST_WAIT
        self.failing[name] = _Waiting(self.rooms.clock.now() + wait, wait)


def checked_watch(
    source: str,
    destinations: tuple[str, ...],
    storage_class: str | None,
    mapping: PrefixMapping | None,
) -> Watch:
    """The watch of `s3://bucket/prefix`; RequestRefused names everything that is wrong."""
    problems: list[Problem] = []
    bucket, _, prefix = source.removeprefix("s3://").partition("/")
    if not source.startswith("s3://"):
        problems.append(Problem("SRC", f"{source!r} is no bucket as s3://bucket/prefix"))
    elif wrong := bucket_problem(bucket):
        problems.append(Problem("SRC", wrong))
    buckets: list[str] = []
    for position, place in enumerate(destinations):
        name = place.removeprefix("s3://").rstrip("/")
        wrong = (
            bucket_problem(name) if place.startswith("s3://") else f"{place!r} is no s3://bucket"
        )
        if name in buckets:
            wrong = f"{place!r} is named twice"
        if wrong:
            problems.append(Problem(f"DEST[{position}]", wrong))
        buckets.append(name)
    if problems:
        raise RequestRefused(tuple(problems))
    return Watch(bucket, prefix, tuple(buckets), storage_class, mapping)


def refuse_loops(watch: Watch, rooms: CopyRooms, routes: list[tuple[str, str]]) -> None:
    """UsageError where copies would come back to the bucket that they come from.

    `routes` are those of other watches, as `route_end` names their ends.
    """
    if same_service(rooms.source, rooms.destination) and watch.bucket in watch.destinations:
        raise UsageError(
            f"watching s3://{watch.bucket}: it is a destination as well, so every copy would be "
            "copied again",
            hint="name another bucket as the destination",
        )
    start = route_end(rooms.source.service, watch.bucket)
    for bucket in watch.destinations:
        if _leads(route_end(rooms.destination.service, bucket), start, routes):
            raise UsageError(
                f"watching s3://{watch.bucket}: another watch copies from s3://{bucket} back to it",
                hint="stop that watch first",
            )


def route_end(service: str, bucket: str) -> str:
    """A bucket's name among all services."""
    return f"{service} {bucket}"


def _leads(start: str, end: str, routes: list[tuple[str, str]]) -> bool:
    reached, due = {start}, [start]
    while due:
        here = due.pop()
        for source, destination in routes:
            if source == here and destination not in reached:
                reached.add(destination)
                due.append(destination)
    return end in reached


def _version(row: ListedVersion) -> str:
    """What names a version where the bucket keeps none: its ETag and time."""
    return row.at.version_id or f"{row.etag} {row.modified.isoformat()}"


def _mapping_for(key: str, mapping: PrefixMapping | None) -> PrefixMapping | None:
    """The mapping, where the key begins as it says; other keys stay as they are."""
    return mapping if mapping and key.startswith(mapping.old) else None
