"""The contracts of telling a person, and of telling a watchdog that runs take place."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from cloud_sync.errors import ExitCode


class Severity(StrEnum):
    """How much a message matters to the person who gets it, the least first.

    `QUIET` is not sent at all. `TELL` can be read in the morning. `WAKE` is for a person to act
    on: nothing is archived until somebody does.
    """

    QUIET = "quiet"
    TELL = "tell"
    WAKE = "wake"


class Notifier(Protocol):
    """Sends a short message. Raises ServiceUnavailable when it could not be handed over."""

    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        """Hand the message over; `subject` is one line."""
        ...


class Pulse(Protocol):
    """Tells a watchdog of each run, so that it rings when runs fail or stop coming.

    Raises ServiceUnavailable when the watchdog could not be told.
    """

    def started(self) -> None:
        """A run has begun."""
        ...

    def ended(self, code: ExitCode) -> None:
        """The run is over, and so it ended."""
        ...
