"""Where faults enter: the one place that is asked before anything leaves the simulator.

A plan is handed to `SimulatorOptions.faults`. A simulator begins it once, and then asks it:

- `exchange`, once per request, before the service is asked. It may change the library first, ask
  the service something else, or not at all. A plan that only wants to see the healthy answer
  leaves it as `NoFaults` has it, and gets
- `answer`, once per request, with the healthy answer ready but not sent. It may give that answer
  back as it is, give another (a 503, HTML instead of JSON, a header less, a wrong length, a page
  of somebody else's), or deal with the connection itself (reset it, stall and then close it,
  write raw bytes) and give None.
- `piece`, for each piece of a body on its way out, with its place in the body. It may give the
  piece back, give others (a flipped bit), wait first (a stall), or give None: the connection is
  then closed in the middle of the body (a truncation), or reset if the plan has done that.

Plans are asked from many threads at once, one per connection.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from cloud_sync.clock import Clock
from cloud_sync.simulator.answers import Answer, Endpoint, Request
from cloud_sync.simulator.store import Library


@dataclass(frozen=True, slots=True)
class Call:
    """A request on its way: the `nth` (from 1) of its endpoint since the simulator started."""

    endpoint: Endpoint
    nth: int
    medium_id: str
    request: Request


class Connection(Protocol):
    """What a plan may do to the connection that a request came by."""

    def send(self, raw: bytes) -> None:
        """Write bytes as they are, past everything that HTTP asks for."""
        ...

    def wait(self, seconds: float) -> None:
        """Keep the other side waiting; ends early when the simulator stops."""
        ...

    def reset(self) -> None:
        """End the connection with a TCP reset; what was sent just before may be lost with it."""
        ...


class Cloud(Protocol):
    """What a plan may do to the simulator as a whole."""

    @property
    def library(self) -> Library:
        """The media that are served; they may be changed."""
        ...

    @property
    def clock(self) -> Clock: ...

    def expire_token(self, status: int = 401, *, successor: str | None = None) -> None:
        """Let the token die: the API answers `status` to everything but the `successor`."""
        ...

    def refuse_connections(self, seconds: float, *, api: bool = True, cdn: bool = True) -> None:
        """Break every connection of the ports, and refuse others for so long."""
        ...

    def count_fault(self, kind: str) -> None:
        """Note that a fault was given."""
        ...


class FaultPlan(Protocol):
    """A plan of what goes wrong, and when. One plan may serve several simulators."""

    def begin(self, cloud: Cloud) -> Faults:
        """The plan from its beginning, for one simulator."""
        ...


class Faults(Protocol):
    """A plan at work in one simulator."""

    def exchange(
        self, call: Call, serve: Callable[[Request], Answer], connection: Connection
    ) -> Answer | None:
        """What to answer, or None when the plan has dealt with the connection; it is closed.

        `serve` gives the answer of the service in good health.
        """
        ...

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:
        """What to answer, or None when the plan has dealt with the connection; it is closed."""
        ...

    def piece(
        self, call: Call, position: int, piece: bytes, connection: Connection
    ) -> bytes | None:
        """What to send for the `piece` at `position` of the body, or None to end it there."""
        ...


class NoFaults:
    """The plan in which all goes well; a base for plans that spoil a part of it."""

    def begin(self, cloud: Cloud) -> Self:  # noqa: ARG002
        return self

    def exchange(
        self, call: Call, serve: Callable[[Request], Answer], connection: Connection
    ) -> Answer | None:
        return self.answer(call, serve(call.request), connection)

    def answer(self, call: Call, answer: Answer, connection: Connection) -> Answer | None:  # noqa: ARG002
        return answer

    def piece(
        self,
        call: Call,  # noqa: ARG002
        position: int,  # noqa: ARG002
        piece: bytes,
        connection: Connection,  # noqa: ARG002
    ) -> bytes | None:
        return piece
