"""`failure-marker`: writes the FAILED row of a medium whose download has failed for good."""

from __future__ import annotations

from cloud_sync.handlers.door import Call, Door
from cloud_sync.handlers.failure_reason import reason_for
from cloud_sync.handlers.messages import FailureMarkerAnswer, FailureMarkerRequest
from cloud_sync.pipeline.failing import mark_failed


def mark(request: FailureMarkerRequest, call: Call) -> FailureMarkerAnswer:
    """The row as it is then."""
    row = mark_failed(
        call.wiring.tracker,
        call.wiring.clock,
        request.run_id,
        request.media_id,
        reason_for(request.error, request.cause),
        call.observe,
    )
    return FailureMarkerAnswer(
        media_id=row.media_id,
        status=row.status.value,
        reason_code=row.reason.code if row.reason else "",
        message=row.reason.message if row.reason else "",
        attempts=row.attempts,
    )


handler = Door("failure-marker", FailureMarkerRequest, mark)
