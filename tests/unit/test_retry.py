"""Retries: bounded, only where they help, as long as the other side asks, and not beyond a stop."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from builders import ManualClock
from cloud_sync.errors import (
    AuthRequired,
    AuthTrouble,
    CloudSyncError,
    GoneAtSource,
    Interrupted,
    ServiceUnavailable,
    Throttled,
)
from cloud_sync.transfer.retry import RetryPolicy, retry_policy, with_retries
from cloud_sync.transfer.stopping import Stop, StopReason

DOWN = ServiceUnavailable("no answer")


class RecordingStop(Stop):
    """Waits no time, and keeps how long it was asked to."""

    def __init__(self) -> None:
        super().__init__(ManualClock())
        self.waits: list[float] = []

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.check()


def failing(*errors: CloudSyncError) -> Callable[[], str]:
    """Raises `errors` one after the other, then returns."""
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return call


def attempt(
    call: Callable[[], str], stop: Stop, policy: RetryPolicy | None = None
) -> tuple[str, list[CloudSyncError]]:
    told: list[CloudSyncError] = []
    result = with_retries(call, policy or RetryPolicy(), stop, lambda error, _: told.append(error))
    return result, told


def test_a_transient_error_is_tried_again_and_told() -> None:
    stop = RecordingStop()
    assert attempt(failing(DOWN, DOWN), stop) == ("done", [DOWN, DOWN])
    assert len(stop.waits) == 2


def test_tries_are_bounded_and_the_last_error_is_raised() -> None:
    errors = [ServiceUnavailable(str(number)) for number in range(9)]
    stop = RecordingStop()
    with pytest.raises(ServiceUnavailable) as caught:
        attempt(failing(*errors), stop, RetryPolicy(tries=4))
    assert caught.value is errors[3]
    assert len(stop.waits) == 3


def test_retries_are_bounded_in_time() -> None:
    stop = RecordingStop()
    with pytest.raises(ServiceUnavailable):
        attempt(failing(DOWN, DOWN), stop, RetryPolicy(seconds=0.0))
    assert stop.waits == []


def test_a_wait_that_would_outlast_the_time_is_not_begun() -> None:
    """It could end in no further try: the run has better things to do meanwhile."""
    asked = Throttled("slow down", retry_after=61.0)
    stop = RecordingStop()
    with pytest.raises(Throttled) as caught:
        attempt(failing(asked), stop, RetryPolicy(seconds=60.0))
    assert caught.value is asked
    assert stop.waits == []


@pytest.mark.parametrize(
    "error",
    [
        GoneAtSource("not there"),
        AuthRequired("no login", trouble=AuthTrouble.EXPIRED),
        Interrupted("stopped"),
    ],
)
def test_what_trying_again_cannot_help_is_raised_at_once(error: CloudSyncError) -> None:
    stop = RecordingStop()
    with pytest.raises(type(error)) as caught:
        attempt(failing(error), stop)
    assert caught.value is error
    assert stop.waits == []


def test_a_fault_of_our_own_is_not_tried_again() -> None:
    def broken() -> str:
        raise ValueError("a bug")

    stop = RecordingStop()
    with pytest.raises(ValueError, match="a bug"):
        attempt(broken, stop)
    assert stop.waits == []


def test_waits_grow_with_jitter_up_to_the_longest() -> None:
    stop = RecordingStop()
    policy = RetryPolicy(tries=8, first_wait=1.0, longest_wait=10.0)
    attempt(failing(*[DOWN] * 7), stop, policy)
    for number, wait in enumerate(stop.waits):
        assert min(10.0, 2.0**number) <= wait <= min(10.0, 2.0**number + 1.0)


def test_the_wait_that_the_other_side_asks_for_is_kept() -> None:
    stop = RecordingStop()
    attempt(failing(Throttled("slow down", retry_after=77.0)), stop)
    assert stop.waits == [77.0]
    attempt(failing(Throttled("slow down", retry_after=0.0)), stop, RetryPolicy(first_wait=2.0))
    assert stop.waits[1] >= 2.0, "a wait of zero seconds is no wait"


def test_a_throttling_without_a_wait_is_backed_off_from() -> None:
    stop = RecordingStop()
    attempt(failing(Throttled("slow down")), stop, RetryPolicy(first_wait=0.5))
    assert 0.5 <= stop.waits[0] <= 1.0


def test_the_waits_together_outlast_an_outage_of_20_seconds() -> None:
    stop = RecordingStop()
    with pytest.raises(ServiceUnavailable):
        attempt(failing(*[DOWN] * 9), stop)
    assert sum(stop.waits) > 20.0


def test_a_call_that_had_to_wait_for_its_service_has_tries_left() -> None:
    for patience in (1.0, 600.0, 7200.0):
        assert retry_policy(0.5, patience).seconds > patience
    assert retry_policy(0.5, 600.0).first_wait == 0.5


def test_a_stop_ends_the_wait_at_once() -> None:
    stop = Stop(ManualClock())
    stop.request(StopReason.INTERRUPTED)
    with pytest.raises(Interrupted):
        attempt(failing(Throttled("slow down", retry_after=299.0)), stop)
