"""`token-validator`: is the stored login good?"""

from __future__ import annotations

from dataclasses import replace

from cloud_sync.handlers.door import Call, Door
from cloud_sync.handlers.messages import TEXT_LIMIT, TokenValidatorAnswer, TokenValidatorRequest
from cloud_sync.handlers.wiring import options_of, rooms_of
from cloud_sync.metrics.measuring import refused_run
from cloud_sync.pipeline.login_check import examine_login
from cloud_sync.transfer.retry import RetryPolicy

MARGIN = 3.0
"""Seconds kept for the answer."""

TRIES = RetryPolicy(tries=3, seconds=15.0, first_wait=0.5, longest_wait=2.0)
"""Short ones within the function's 30 s; the state machine tries the function again."""

DAY = 86_400


def validate(request: TokenValidatorRequest, call: Call) -> TokenValidatorAnswer:
    """One call to the camera cloud."""
    call.wiring.forget_login()
    found = examine_login(
        rooms_of(call.wiring, request),
        replace(options_of(call.wiring, request), retries=TRIES),
        call.stop(call.seconds - MARGIN),
        call.observe,
    )
    refusal = found.refusal
    if refusal is not None:
        # the run ends here, and no other function gets to tell how
        call.telling.measure(refused_run())
    hint = f"; next: {refusal.hint}" if refusal and refusal.hint else ""
    return TokenValidatorAnswer(
        valid=refusal is None,
        statusCode=200 if refusal is None else 401,
        cookie_age_days=None if found.age is None else round(found.age.total_seconds() / DAY, 2),
        validation_method="api_call" if found.asked else "none",
        duration_seconds=round(found.seconds, 3),
        trouble=refusal.trouble.value if refusal else "",
        message=f"{refusal.message}{hint}"[:TEXT_LIMIT] if refusal else "",
    )


handler = Door("token-validator", TokenValidatorRequest, validate)
