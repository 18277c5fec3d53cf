"""The door of the file-copy workflow's functions; errors are those of `door`."""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, Protocol, TypeVar

from cloud_sync.aws.executions import Execution
from cloud_sync.clock import Clock, to_text
from cloud_sync.errors import CloudSyncError
from cloud_sync.handlers.copy_messages import SomeCopiesFailed
from cloud_sync.handlers.door import LambdaContext, translated
from cloud_sync.handlers.environment import CopyEnvironment, VariableMissing
from cloud_sync.handlers.message import Message, MessageError
from cloud_sync.handlers.messages import PermanentError, TransientError
from cloud_sync.replicate.store import ObjectStore
from cloud_sync.replicate.tracker import CopyTracker
from cloud_sync.secret import scrub
from cloud_sync.transfer.retry import RetryPolicy
from cloud_sync.transfer.stopping import Stop

M = TypeVar("M", bound=Message)
T = TypeVar("T")


class Executions(Protocol):
    """The executions of the state machine, as `cloud_sync.aws.executions` promises them."""

    def start_once(self, name: str, document: Mapping[str, object]) -> str | None: ...

    def input_of(self, arn: str) -> Mapping[str, Any]: ...

    def arn_of(self, name: str) -> str: ...

    def describe(self, arn: str) -> Execution | None: ...


class CopyWiring(Protocol):
    """Chosen adapters; one for all calls that a process gets."""

    @property
    def clock(self) -> Clock: ...

    @property
    def source(self) -> str:
        """The bucket whose new objects are copied."""
        ...

    @property
    def destinations(self) -> tuple[str, ...]:
        """The buckets that get them."""
        ...

    @property
    def table(self) -> str:
        """Where copies are remembered, for a person to look."""
        ...

    @property
    def tracker(self) -> CopyTracker: ...

    @property
    def store(self) -> ObjectStore:
        """The service that keeps source and destinations."""
        ...

    @property
    def retries(self) -> RetryPolicy:
        """How often a call tries a copy anew; the state machine tries the call anew."""
        ...

    @property
    def executions(self) -> Executions: ...


@dataclass(frozen=True, slots=True)
class CopyCall:
    """One call's surroundings. `seconds` is what is left of the function's own time limit."""

    wiring: CopyWiring
    seconds: float

    def stop(self, seconds: float) -> Stop:
        """A stop after so many seconds."""
        return Stop(self.wiring.clock, max(0.0, seconds))


class CopyDoor(Generic[M]):
    """A handler as Lambda calls it: `work` answers the request, or raises what the core raises."""

    def __init__(self, name: str, request: type[M], work: Callable[[M, CopyCall], Message]) -> None:
        self._name = name
        self._request = request
        self._work = work

    def __call__(self, event: object, context: LambdaContext) -> dict[str, Any]:
        """The answer in plain JSON values."""
        with in_our_words():
            wiring = warm()
        return self.answer(event, wiring, context.get_remaining_time_in_millis() / 1000)

    def answer(self, event: object, wiring: CopyWiring, seconds: float) -> dict[str, Any]:
        """The same with other adapters than those that the environment names."""
        with in_our_words():
            request = self._request.from_json(event)
            answer = self._work(request, CopyCall(wiring, seconds))
        log(self._name, wiring, execution_id=getattr(request, "execution_id", ""))
        return answer.to_json()


class in_our_words(AbstractContextManager[None]):  # noqa: N801 used like a function
    """What leaves the block is an error of `messages`, or SomeCopiesFailed, in our own words."""

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if error is None or isinstance(error, _OURS) or not isinstance(error, Exception):
            return
        if isinstance(error, MessageError | VariableMissing):
            raise PermanentError(str(error)) from None
        if isinstance(error, CloudSyncError):
            raise translated(error) from None
        sys.stderr.write(scrub("".join(traceback.format_exception(error))))
        raise PermanentError(f"a fault in cloud-sync itself ({type(error).__name__})") from None


def log(name: str, wiring: CopyWiring, **told: object) -> None:
    """One line of JSON."""
    line = {"timestamp": to_text(wiring.clock.now()), "level": "INFO", "function_name": name}
    sys.stdout.write(scrub(json.dumps(line | told, default=repr)) + "\n")


@cache
def warm() -> CopyWiring:
    """The wiring of this process, made by its first call."""
    from cloud_sync.wiring.aws_copies import AwsCopyWiring

    given = CopyEnvironment.read(os.environ)
    return AwsCopyWiring(
        table=given.table,
        machine=given.machine,
        source=given.source,
        destinations=tuple(given.destinations.split(",")),
    )


_OURS = (TransientError, PermanentError, SomeCopiesFailed)
