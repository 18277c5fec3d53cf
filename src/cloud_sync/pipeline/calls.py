"""Calls of the contracts with the run's retries, its stop, and its onlooker."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from cloud_sync.errors import CloudSyncError
from cloud_sync.pipeline.events import Observer, Warned
from cloud_sync.transfer.retry import RetryPolicy, with_retries
from cloud_sync.transfer.stopping import Stop

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Caller:
    """One run's way to call."""

    retries: RetryPolicy
    stop: Stop
    observe: Observer

    def retried(self, call: Callable[[], T]) -> T:
        """The result of `call`; transient errors are tried again and told as warnings.

        An error says itself what was being done.
        """

        def tell(error: CloudSyncError, wait: float) -> None:
            self.observe(Warned(trying_again(error, wait)))

        return with_retries(call, self.retries, self.stop, tell)


def trying_again(error: CloudSyncError, wait: float) -> str:
    """What somebody who waits is told; the wait is in seconds."""
    return f"{error.message}; trying again in {wait:.1f} s"
