"""The contract of telling a person."""

from __future__ import annotations

from typing import Protocol


class Notifier(Protocol):
    """Sends a short message. Raises ServiceUnavailable when it could not be handed over."""

    def send(self, subject: str, body: str) -> None:
        """Hand the message over; `subject` is one line."""
        ...
