"""A notifier that keeps its messages, for tests."""

from __future__ import annotations


class MemoryNotifier:
    """Keeps every message in `sent`, as (subject, body)."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []

    def send(self, subject: str, body: str) -> None:
        """Keep the message."""
        self.sent.append((subject, body))
