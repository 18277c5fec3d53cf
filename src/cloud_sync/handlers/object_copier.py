"""`object-copier`: one object to one bucket, within one call."""

from __future__ import annotations

from dataclasses import replace

from cloud_sync.errors import (
    ChecksumMismatch,
    Interrupted,
    ServiceUnavailable,
    StreamBroken,
    Throttled,
    Transient,
)
from cloud_sync.handlers.copy_door import CopyCall, CopyDoor
from cloud_sync.handlers.copy_messages import (
    MESSAGE_BYTES,
    ObjectCopierAnswer,
    ObjectCopierRequest,
)
from cloud_sync.handlers.messages import TransientError
from cloud_sync.replicate.copying import CopyPolicy, copy_to
from cloud_sync.replicate.failures import ChangedMeanwhile, StoreUnavailable
from cloud_sync.replicate.outcome import CopyOutcome, CopyStatus
from cloud_sync.replicate.request import CopyRequest, destination_key
from cloud_sync.replicate.writing import WriteLimits
from cloud_sync.secret import scrub

MARGIN = 60.0
"""Seconds before the function's time limit at which it stops itself: enough for parts in flight."""

CONNECTIONS = 64
LIMITS = WriteLimits(workers=CONNECTIONS)
"""S3 copies by itself, so many parts at once cost a call nothing: 64 parts of 512 MiB."""

PASSING = frozenset(
    kind.code
    for kind in (
        Transient,
        ServiceUnavailable,
        Throttled,
        StreamBroken,
        ChecksumMismatch,
        StoreUnavailable,
        ChangedMeanwhile,
    )
)
"""The codes of failures after which trying again may help."""


def copy(request: ObjectCopierRequest, call: CopyCall) -> ObjectCopierAnswer:
    """Raises TransientError for what may pass: the code, a colon, and the sentence."""
    asked = CopyRequest.from_json(request.request)
    (bucket,) = asked.destinations
    store = call.wiring.store
    try:
        outcome = copy_to(
            asked,
            bucket,
            source=store,
            destination=store,
            policy=CopyPolicy(retries=call.wiring.retries, limits=LIMITS),
            stop=call.stop(call.seconds - MARGIN),
        )
    except Interrupted:
        outcome = _out_of_time(asked, bucket, call.seconds)
    if outcome.status is CopyStatus.FAILED and outcome.code in PASSING:
        raise TransientError(f"{outcome.code}: {bounded(scrub(outcome.message))}")
    return ObjectCopierAnswer(outcome=travelling(outcome))


def _out_of_time(request: CopyRequest, bucket: str, seconds: float) -> CopyOutcome:
    """Trying again takes as long, so this is told and not tried."""
    key = destination_key(request)
    message = (
        f"copying to s3://{bucket}/{key}: it did not end within the {seconds:.0f} s of a call;"
        " nothing of it is left there; cloud-sync copy has no such limit"
    )
    return CopyOutcome(bucket, key, CopyStatus.FAILED, Interrupted.code, message)


def travelling(outcome: CopyOutcome) -> dict[str, object]:
    """The outcome as it travels in the state: bounded, and without the key."""
    document = replace(outcome, message=bounded(scrub(outcome.message))).to_json()
    del document["key"]
    return document


def bounded(text: str) -> str:
    """`text` in at most `MESSAGE_BYTES` bytes; what is longer loses its middle."""
    data = text.encode("utf-8", "replace")
    if len(data) <= MESSAGE_BYTES:
        return data.decode()
    room = MESSAGE_BYTES - len("…".encode())
    head, tail = data[: room // 3], data[-(room - room // 3) :]
    return f"{head.decode('utf-8', 'ignore')}…{tail.decode('utf-8', 'ignore')}"


handler = CopyDoor("object-copier", ObjectCopierRequest, copy)
