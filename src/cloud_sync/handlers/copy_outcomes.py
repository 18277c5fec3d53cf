"""The copies of an execution as its state has them, made into results. Purely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from cloud_sync.handlers.copy_messages import CopiesRequest
from cloud_sync.handlers.failure_reason import reason_for
from cloud_sync.handlers.message import MessageError
from cloud_sync.handlers.object_copier import PASSING, bounded
from cloud_sync.model.tracking import Reason
from cloud_sync.replicate.outcome import CopyOutcome, CopyResults, CopyStatus
from cloud_sync.replicate.request import CopyRequest, destination_key


def results_of(request: CopiesRequest) -> tuple[CopyRequest, CopyResults]:
    """What was asked and what became of it: the copies of this try, and those of earlier ones.

    MessageError where a copy is neither an outcome nor an error, or two are of one bucket.
    """
    asked = CopyRequest.from_json(request.request)
    key = destination_key(asked)
    outcomes = [_outcome(copy, key) for copy in (*_each(request.kept), *_each(request.copies))]
    try:
        return asked, CopyResults.of(asked, outcomes)
    except ValueError as error:
        raise MessageError(str(error)) from None


def kept_of(request: CopiesRequest) -> list[object]:
    """The copies that need no other try, as they travel."""
    return [
        copy
        for copy in (*_each(request.kept), *_each(request.copies))
        if _outcome(copy, "").status is not CopyStatus.FAILED
    ]


def _each(copies: object) -> Iterator[Mapping[str, object]]:
    if not isinstance(copies, list):
        raise MessageError("the copies are no list")
    for copy in copies:
        if not isinstance(copy, Mapping):
            raise MessageError("a copy is no object")
        yield copy


def _outcome(copy: Mapping[str, object], key: str) -> CopyOutcome:
    outcome, error = copy.get("outcome"), copy.get("error")
    if isinstance(outcome, Mapping):
        try:
            return CopyOutcome.from_json({**outcome, "key": key})
        except ValueError as wrong:
            raise MessageError(f"a copy's outcome: {wrong}") from None
    if not isinstance(error, Mapping):
        raise MessageError("a copy has neither an outcome nor an error")
    reason = _told(reason_for(str(error.get("Error", "")), str(error.get("Cause", ""))))
    bucket = str(copy.get("bucket", ""))
    return CopyOutcome(bucket, key, CopyStatus.FAILED, reason.code, bounded(reason.message))


def _told(reason: Reason) -> Reason:
    """The reason that object-copier gave: its errors are a code, a colon, and the sentence."""
    code, colon, message = reason.message.partition(": ")
    return Reason(code, message) if colon and code in PASSING else reason
