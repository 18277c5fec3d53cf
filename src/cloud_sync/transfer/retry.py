"""The one retry wrapper: around calls of the contracts, never inside an adapter.

Transient errors are tried again after a growing, jittered wait; bounded in tries and in time.
A wait that the other side asked for is honoured. Waits end at once when the run stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_exponential,
    wait_random,
)

from cloud_sync.errors import CloudSyncError, Throttled, Transient, UrlExpired
from cloud_sync.transfer.stopping import Stop

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """At most `tries` tries within `seconds`; waits grow from `first_wait` to `longest_wait`.

    The waits together outlast an outage of 20 s. `seconds` outlasts `OutagePolicy.patience`, so
    that a call that had to wait for its service has tries left.
    """

    tries: int = 5
    seconds: float = 900.0
    first_wait: float = 1.5
    longest_wait: float = 30.0


def retry_policy(first_wait: float, patience: float) -> RetryPolicy:
    """The policy that begins with `first_wait` and leaves tries after `patience`; in seconds."""
    plain = RetryPolicy()
    longest = max(plain.longest_wait, first_wait)
    return RetryPolicy(plain.tries, patience + plain.seconds, first_wait, longest)


def with_retries(
    call: Callable[[], T],
    policy: RetryPolicy,
    stop: Stop,
    on_retry: Callable[[CloudSyncError, float], None],
    *,
    final: type[Transient] | None = None,
) -> T:
    """The result of `call`, or the error of its last try.

    `on_retry` is told the error and the wait in seconds before each further try. A `final` error
    leaves nothing behind that the same call could be tried on again.
    """

    def again(error: BaseException) -> bool:
        return isinstance(error, Transient) and not (final and isinstance(error, final))

    def tell(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, CloudSyncError):
            on_retry(error, state.upcoming_sleep)

    retrying = Retrying(
        retry=retry_if_exception(again),
        stop=stop_after_attempt(policy.tries) | stop_before_delay(policy.seconds),
        wait=_wait(policy),
        sleep=stop.wait,
        before_sleep=tell,
        reraise=True,
    )
    return retrying(call)


def _wait(policy: RetryPolicy) -> Callable[[RetryCallState], float]:
    growing = wait_exponential(multiplier=policy.first_wait, max=policy.longest_wait)
    jittered = growing + wait_random(0, policy.first_wait)

    def seconds(state: RetryCallState) -> float:
        back_off = min(policy.longest_wait, jittered(state))
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, UrlExpired):
            return 0.0  # a fresh URL is at hand; waiting would only let it age
        if isinstance(error, Throttled) and error.retry_after is not None:
            return max(error.retry_after, back_off)
        return back_off

    return seconds
