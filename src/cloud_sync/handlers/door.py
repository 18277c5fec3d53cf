"""The door of a function: events become requests, answers JSON, and errors three classes."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from cloud_sync.errors import (
    AuthRequired,
    CloudSyncError,
    Interrupted,
    NotReady,
    ServiceDown,
    Transient,
)
from cloud_sync.handlers.environment import FunctionEnvironment, VariableMissing
from cloud_sync.handlers.message import Message, MessageError
from cloud_sync.handlers.messages import (
    TEXT_LIMIT,
    AuthRequiredError,
    PermanentError,
    RunContext,
    TransientError,
)
from cloud_sync.handlers.telling import CallTelling
from cloud_sync.handlers.wiring import Wiring
from cloud_sync.logs.record import Level
from cloud_sync.pipeline.events import Event
from cloud_sync.secret import scrub
from cloud_sync.transfer.stopping import Stop

R = TypeVar("R", bound=RunContext)


class LambdaContext(Protocol):
    """What Lambda tells of a call."""

    def get_remaining_time_in_millis(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Call:
    """One call's surroundings. `seconds` is what is left of the function's own time limit."""

    wiring: Wiring
    seconds: float
    telling: CallTelling

    def observe(self, event: Event) -> None:
        """Tell an event of the run."""
        self.telling.observe(event)

    def stop(self, seconds: float) -> Stop:
        """A stop after so many seconds, or when the call's own time is up."""
        return Stop(self.wiring.clock, max(0.0, min(seconds, self.seconds)))


class Door(Generic[R]):
    """A handler as Lambda calls it: `work` answers the request, or raises what the core raises."""

    def __init__(self, name: str, request: type[R], work: Callable[[R, Call], Message]) -> None:
        self._name = name
        self._request = request
        self._work = work

    def __call__(self, event: object, context: LambdaContext) -> dict[str, Any]:
        """The answer in plain JSON values; raises one of the three errors of `messages`."""
        try:
            wiring = _warm()
        except VariableMissing as error:
            raise PermanentError(str(error)) from None
        except CloudSyncError as error:
            raise translated(error) from None
        return self.answer(event, wiring, context.get_remaining_time_in_millis() / 1000)

    def answer(self, event: object, wiring: Wiring, seconds: float) -> dict[str, Any]:
        """The same with other adapters than those that the environment names."""
        try:
            request = self._request.from_json(event)
        except MessageError as error:
            refused = PermanentError(str(error))
            CallTelling(self._name, wiring, None).failed(refused)
            raise refused from None
        telling = CallTelling(self._name, wiring, request)
        try:
            answer = self._answered(request, Call(wiring, seconds, telling))
        except (TransientError, PermanentError, AuthRequiredError) as error:
            telling.failed(error)
            raise
        telling.ended()
        return answer

    def _answered(self, request: R, call: Call) -> dict[str, Any]:
        try:
            return self._work(request, call).to_json()
        except (TransientError, PermanentError, AuthRequiredError):
            raise
        except AuthRequired as error:
            call.wiring.forget_login()
            raise translated(error) from None
        except CloudSyncError as error:
            raise translated(error) from None
        except Exception as error:  # noqa: BLE001 the history is not to hold other people's texts
            sys.stderr.write(scrub(traceback.format_exc()))
            raise PermanentError(f"a fault in cloud-sync itself ({type(error).__name__})") from None


def translated(error: CloudSyncError) -> Exception:
    """The error as the state machine knows it, in our own words."""
    parts = (error.message, error.kept, error.hint and f"next: {error.hint}")
    text = scrub("; ".join(part for part in parts if part))[:TEXT_LIMIT]
    if isinstance(error, AuthRequired):
        return AuthRequiredError(text)
    if isinstance(error, (Transient, ServiceDown, Interrupted, NotReady)):
        return TransientError(text)
    return PermanentError(text)


@cache
def _warm() -> Wiring:
    """The wiring of this process, made by its first call."""
    from cloud_sync.wiring.aws import AwsWiring

    given = FunctionEnvironment.read(os.environ)
    return AwsWiring(
        table=given.table,
        bucket=given.bucket,
        secret=given.secret,
        storage_plan=given.storage_plan,
        concurrency=int(given.concurrency),
        gopro_api_url=given.gopro_api_url,
        environment=given.environment,
        log_level=Level(given.log_level),
    )
