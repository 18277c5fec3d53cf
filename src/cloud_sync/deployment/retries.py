"""Which errors the state machine tries again, how often, and after which waits.

Step Functions knows an error of a function by the bare name of its class. The names that start
with `Lambda.` are the service's own; a function that ran into its time limit is `Sandbox.Timedout`
(formerly `Lambda.Unknown`), and `States.Timeout` when the state's own limit was reached.
"""

from __future__ import annotations

from typing import Any

from cloud_sync.handlers.messages import TransientError

RETRIED_FUNCTION_ERRORS = (
    TransientError.__name__,
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "States.Timeout",
)


def quick() -> list[dict[str, Any]]:
    """2, 4 and 8 seconds at most, each drawn anew from nought to that: for calls of seconds."""
    return [_retry(RETRIED_FUNCTION_ERRORS, interval=2)]


def patient() -> list[dict[str, Any]]:
    """30, 60 and 120 seconds at most: for transfers, whose other side may be down for a while."""
    return [_retry(RETRIED_FUNCTION_ERRORS, interval=30)]


def service() -> list[dict[str, Any]]:
    """2, 4 and 8 seconds at most, whatever a service integration (SNS, SQS) answered."""
    return [_retry(("States.TaskFailed", "States.Timeout"), interval=2)]


def noting() -> list[dict[str, Any]]:
    """1, 2 and 4 seconds at most: for functions that write one row."""
    return [_retry(RETRIED_FUNCTION_ERRORS, interval=1)]


def telling() -> list[dict[str, Any]]:
    """1 and 2 seconds at most, whatever the topic answered: for the one message to a person."""
    return [_retry(("States.TaskFailed", "States.Timeout"), interval=1, attempts=2)]


def _retry(errors: tuple[str, ...], *, interval: int, attempts: int = 3) -> dict[str, Any]:
    return {
        "ErrorEquals": list(errors),
        "IntervalSeconds": interval,
        "MaxAttempts": attempts,
        "BackoffRate": 2.0,
        "MaxDelaySeconds": 300,
        "JitterStrategy": "FULL",
    }
