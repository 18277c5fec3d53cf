"""`copy-validator`: can the input of an execution be carried out?"""

from __future__ import annotations

from cloud_sync.handlers.copy_door import CopyCall, CopyDoor
from cloud_sync.handlers.copy_messages import (
    CopyValidatorAnswer,
    CopyValidatorRequest,
    FieldProblem,
)
from cloud_sync.handlers.messages import TEXT_LIMIT
from cloud_sync.replicate.request import CopyRequest, RequestRefused
from cloud_sync.secret import scrub

MOST_PROBLEMS = 20
"""So many bad fields are named; a list with a hundred bad names is told by the first of them."""


def validate(request: CopyValidatorRequest, _call: CopyCall) -> CopyValidatorAnswer:
    """Nothing is looked at but the input itself."""
    try:
        asked = CopyRequest.from_json(request.input)
    except RequestRefused as refused:
        return CopyValidatorAnswer(
            valid=False,
            request={},
            pending=(),
            problems=problems_of(refused),
            message=scrub(refused.message)[:TEXT_LIMIT],
        )
    return CopyValidatorAnswer(valid=True, request=asked.to_json(), pending=asked.destinations)


def problems_of(refused: RequestRefused) -> tuple[FieldProblem, ...]:
    """The bad fields, as messages have them."""
    return tuple(
        FieldProblem(field=each.field[:100], reason=scrub(each.reason)[:TEXT_LIMIT])
        for each in refused.problems[:MOST_PROBLEMS]
    )


handler = CopyDoor("copy-validator", CopyValidatorRequest, validate)
