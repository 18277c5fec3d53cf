"""`replication-worker`: a new object in the source starts an execution, each event once.

Lambda hands it the same event again when it raises, and puts it into the queue of failed events
when that did not help; executions that were started by then are not started again.
"""

from __future__ import annotations

from cloud_sync.errors import CloudSyncError
from cloud_sync.handlers.copy_door import CopyWiring, in_our_words, log, warm
from cloud_sync.handlers.copy_names import name_of_event
from cloud_sync.handlers.door import LambdaContext
from cloud_sync.handlers.messages import TEXT_LIMIT, TransientError
from cloud_sync.handlers.s3_event import ObjectCreated, created_in
from cloud_sync.replicate.mark import mark_of
from cloud_sync.replicate.request import CopyRequest
from cloud_sync.replicate.store import ObjectVersion
from cloud_sync.secret import scrub

NAME = "replication-worker"


def handler(event: object, _context: LambdaContext) -> dict[str, int]:
    """How many objects were new, and of how many a copy was started now or before."""
    with in_our_words():
        wiring = warm()
    return work(event, wiring)


def work(event: object, wiring: CopyWiring) -> dict[str, int]:
    """All objects of the event are tried; TransientError when any of them could not be started."""
    with in_our_words():
        objects = list(created_in(event))
        failures = []
        started = 0
        for created in objects:
            try:
                started += _start(created, wiring)
            except CloudSyncError as error:
                failures.append(error.message)
        if failures:
            told = f"{len(failures)} of {len(objects)} copies could not be started: {failures[0]}"
            raise TransientError(scrub(told)[:TEXT_LIMIT])
        return {"objects": len(objects), "started": started}


def _start(created: ObjectCreated, wiring: CopyWiring) -> int:
    """1 where the object has its execution, 0 where it is to have none."""
    if created.bucket != wiring.source or _is_copy(created, wiring):
        log(NAME, wiring, ignored=created.key, version_id=created.version_id)
        return 0
    request = CopyRequest.from_json(
        {
            "sourceBucket": created.bucket,
            "sourceKey": created.key,
            "destinationBuckets": list(wiring.destinations),
            "versionId": created.version_id,
        }
    )
    name = name_of_event(created.bucket, created.key, created.version_id, created.sequencer)
    arn = wiring.executions.start_once(name, request.to_json())
    log(NAME, wiring, key=created.key, version_id=created.version_id, execution=name, new=bool(arn))
    return 1


def _is_copy(created: ObjectCreated, wiring: CopyWiring) -> bool:
    """Whether a copy of ours is what is new: copying it on might never end."""
    at = ObjectVersion(created.bucket, created.key, created.version_id)
    there = wiring.store.head(at)
    return there is not None and mark_of(there.metadata) is not None
