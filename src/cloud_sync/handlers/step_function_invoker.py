"""`step-function-invoker`: `POST /step-function` starts an execution.

202 with its ARN; 400 with every bad field; 409 where the `Idempotency-Key` was given with another
request before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_sync.handlers.copy_door import CopyWiring, Executions, log
from cloud_sync.handlers.copy_names import name_of_idempotency_key, name_of_request
from cloud_sync.handlers.copy_validator import problems_of
from cloud_sync.handlers.http_door import Answer, BadBody, HttpDoor, answer, body_of, header_of
from cloud_sync.handlers.messages import TransientError
from cloud_sync.replicate.request import CopyRequest, RequestRefused

NAME = "step-function-invoker"
IDEMPOTENCY_KEY = "Idempotency-Key"
LONGEST_IDEMPOTENCY_KEY = 256

MOST_REPEATS = 50
"""So often the same request without a key may be made within the 90 days that names are kept."""


def invoke(event: Mapping[str, Any], wiring: CopyWiring) -> Answer:
    """The same request made twice gets the same execution: with an `Idempotency-Key` for 90 days,
    without one for as long as the execution runs.
    """
    try:
        request = CopyRequest.from_json(body_of(event))
    except BadBody as error:
        return _refused([{"field": "request", "reason": str(error)}])
    except RequestRefused as refused:
        return _refused([each.to_json() for each in problems_of(refused)])
    given = header_of(event, IDEMPOTENCY_KEY)
    if len(given) > LONGEST_IDEMPOTENCY_KEY:
        reason = f"is longer than {LONGEST_IDEMPOTENCY_KEY} characters"
        return _refused([{"field": IDEMPOTENCY_KEY, "reason": reason}])
    if given:
        return _started_with_key(request, given, wiring)
    return _started(_next_execution(request, wiring.executions), wiring)


def _started_with_key(request: CopyRequest, given: str, wiring: CopyWiring) -> Answer:
    name = name_of_idempotency_key(request.source_key, given)
    executions = wiring.executions
    arn = executions.start_once(name, request.to_json())
    if arn is None:
        arn = executions.arn_of(name)
        if executions.input_of(arn) != request.to_json():
            return answer(
                409,
                message=f"this {IDEMPOTENCY_KEY} was given with another request",
                executionArn=arn,
            )
    return _started(arn, wiring)


def _next_execution(request: CopyRequest, executions: Executions) -> str:
    """The running execution of the same request, or one that was started now."""
    document = request.to_json()
    for number in range(MOST_REPEATS):
        name = name_of_request(request.source_key, document, number)
        if arn := executions.start_once(name, document):
            return arn
        known = executions.describe(executions.arn_of(name))
        if known is not None and not known.is_over:
            return known.arn
    raise TransientError(
        f"the same request was made {MOST_REPEATS} times within 90 days; "
        f"an {IDEMPOTENCY_KEY} of its own starts another"
    )


def _started(arn: str, wiring: CopyWiring) -> Answer:
    log(NAME, wiring, execution=arn)
    return answer(202, executionArn=arn)


def _refused(problems: list[dict[str, Any]]) -> Answer:
    named = ", ".join(str(each["field"]) for each in problems)
    return answer(400, message=f"these fields cannot be as they are: {named}", problems=problems)


handler = HttpDoor(invoke)
