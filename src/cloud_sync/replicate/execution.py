"""One request from its beginning to its end on one machine: all destinations, a few at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from cloud_sync.clock import Clock
from cloud_sync.errors import CloudSyncError, Interrupted
from cloud_sync.notify.base import Notifier
from cloud_sync.replicate.completion import OnComplete, completed
from cloud_sync.replicate.copying import CopyPolicy, copy_to
from cloud_sync.replicate.notice import notice
from cloud_sync.replicate.outcome import INTERRUPTED, CopyOutcome, CopyResults, CopyStatus
from cloud_sync.replicate.request import CopyRequest, destination_key
from cloud_sync.replicate.store import ObjectSource, ObjectStore
from cloud_sync.replicate.tracker import CopyTracker
from cloud_sync.replicate.uploads import UploadJournal
from cloud_sync.transfer.stopping import Stop


@dataclass(frozen=True, slots=True)
class CopyStarted:
    """The copy to a bucket begins."""

    bucket: str
    key: str


@dataclass(frozen=True, slots=True)
class CopyProgress:
    """`bytes` more are in place."""

    bucket: str
    bytes: int


@dataclass(frozen=True, slots=True)
class CopySettled:
    """A destination has its outcome."""

    outcome: CopyOutcome


@dataclass(frozen=True, slots=True)
class CopyWarned:
    """Something went wrong that changes nothing about the copies."""

    message: str


CopyEvent = CopyStarted | CopyProgress | CopySettled | CopyWarned
CopyObserver = Callable[[CopyEvent], None]


@dataclass(frozen=True, slots=True)
class CopyRooms:
    """What an execution works with. `where` tells a person where the records are.

    `concurrency` is how many destinations are worked at at once.
    """

    source: ObjectSource
    destination: ObjectStore
    tracker: CopyTracker
    journal: UploadJournal
    notifier: Notifier
    clock: Clock
    where: str
    policy: CopyPolicy
    concurrency: int = 10
    on_complete: OnComplete | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """How an execution ended."""

    request: CopyRequest
    execution_id: str
    results: CopyResults
    interrupted: bool


def execute(
    request: CopyRequest,
    execution_id: str,
    rooms: CopyRooms,
    stop: Stop,
    observe: CopyObserver,
    *,
    tell: bool = True,
) -> Execution:
    """Copy to all destinations, remember it, and tell a person of failures unless `tell` is False.

    When it is stopped, destinations that were not reached count as failed with `interrupted`.
    Nobody is told then: whoever stopped it knows. Raises what the tracker raises.
    """
    rooms.tracker.started(request, execution_id, rooms.clock.now())
    with ThreadPoolExecutor(rooms.concurrency, "destination") as pool:
        try:
            outcomes = list(
                pool.map(partial(_one, request, rooms, stop, observe), request.destinations)
            )
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    results = CopyResults.of(request, outcomes)
    rooms.tracker.finished(request, execution_id, results, rooms.clock.now())
    interrupted = any(each.code == INTERRUPTED for each in outcomes)
    if not interrupted:
        _told(request, results, execution_id, rooms, observe, tell=tell)
    return Execution(request, execution_id, results, interrupted)


def _one(
    request: CopyRequest, rooms: CopyRooms, stop: Stop, observe: CopyObserver, bucket: str
) -> CopyOutcome:
    observe(CopyStarted(bucket, destination_key(request)))
    try:
        stop.check()
        outcome = copy_to(
            request,
            bucket,
            source=rooms.source,
            destination=rooms.destination,
            policy=rooms.policy,
            stop=stop,
            journal=rooms.journal,
            progress=lambda length: observe(CopyProgress(bucket, length)),
        )
    except Interrupted as error:
        key = destination_key(request)
        outcome = CopyOutcome(bucket, key, CopyStatus.FAILED, INTERRUPTED, error.message)
    observe(CopySettled(outcome))
    return outcome


def _told(
    request: CopyRequest,
    results: CopyResults,
    execution_id: str,
    rooms: CopyRooms,
    observe: CopyObserver,
    *,
    tell: bool,
) -> None:
    if results.failed and tell:
        message = notice(results, request, execution_id, rooms.where)
        try:
            rooms.notifier.send(message.subject, message.body)
        except CloudSyncError as error:
            observe(CopyWarned(f"the notification was not sent: {error.message}"))
    if rooms.on_complete is not None:
        try:
            rooms.on_complete(completed(request, results, execution_id))
        except CloudSyncError as error:
            observe(CopyWarned(error.message))
