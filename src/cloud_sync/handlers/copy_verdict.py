"""`copy-verdict`: ends an execution in which copies failed, or says what its redrive is to do."""

from __future__ import annotations

from cloud_sync.clock import to_text
from cloud_sync.handlers.copy_door import CopyCall, CopyDoor
from cloud_sync.handlers.copy_messages import (
    CopyContext,
    CopyVerdictAnswer,
    CopyVerdictRequest,
    SomeCopiesFailed,
)
from cloud_sync.handlers.copy_outcomes import kept_of, results_of


def judge(request: CopyVerdictRequest, call: CopyCall) -> CopyVerdictAnswer:
    """Raises SomeCopiesFailed unless the execution was redriven since its copies began.

    A redrive is remembered as an execution of its own, for the end of the first one stays.
    """
    _, results = results_of(request)
    failed = tuple(each.bucket for each in results.failures)
    if request.redrives <= request.redrives_seen:
        raise SomeCopiesFailed(
            f"{results.failed} of {results.total} copies failed: {_named(failed)}. "
            "Redrive the execution, or start the same input again, to copy what is missing."
        )
    return CopyVerdictAnswer(
        context=CopyContext(
            execution_id=f"{request.execution_id}#redrive-{request.redrives}",
            start_time=to_text(call.wiring.clock.now()),
            redrives=request.redrives,
        ),
        pending=failed,
        kept=kept_of(request),
    )


def _named(buckets: tuple[str, ...]) -> str:
    shown = ", ".join(buckets[:5])
    return shown if len(buckets) <= 5 else f"{shown} and {len(buckets) - 5} more"


handler = CopyDoor("copy-verdict", CopyVerdictRequest, judge)
