"""`copy-start`: remembers that an execution began."""

from __future__ import annotations

from cloud_sync.clock import from_text
from cloud_sync.handlers.copy_door import CopyCall, CopyDoor
from cloud_sync.handlers.copy_messages import CopyStartAnswer, CopyStartRequest
from cloud_sync.replicate.request import CopyRequest


def start(request: CopyStartRequest, call: CopyCall) -> CopyStartAnswer:
    """Told again it changes nothing."""
    asked = CopyRequest.from_json(request.request)
    call.wiring.tracker.started(asked, request.execution_id, from_text(request.start_time))
    return CopyStartAnswer(execution_id=request.execution_id)


handler = CopyDoor("copy-start", CopyStartRequest, start)
