"""`copy-end`: remembers how an execution ended."""

from __future__ import annotations

from cloud_sync.handlers.copy_door import CopyCall, CopyDoor
from cloud_sync.handlers.copy_messages import CopiesRequest, CopyEndAnswer
from cloud_sync.handlers.copy_outcomes import results_of
from cloud_sync.replicate.tracker import state_of


def end(request: CopiesRequest, call: CopyCall) -> CopyEndAnswer:
    """Told again it changes nothing."""
    asked, results = results_of(request)
    now = call.wiring.clock.now()
    call.wiring.tracker.finished(asked, request.execution_id, results, now)
    return CopyEndAnswer(state=state_of(results).value)


handler = CopyDoor("copy-end", CopiesRequest, end)
