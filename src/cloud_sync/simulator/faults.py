"""Where faults enter: the one place that is asked before anything leaves the simulator.

A plan is handed to `SimulatorOptions.faults`. It is asked twice:

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

from dataclasses import dataclass
from typing import Protocol

from cloud_sync.simulator.answers import Answer, Endpoint, Request


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


class FaultPlan(Protocol):
    """A plan of what goes wrong, and when."""

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
