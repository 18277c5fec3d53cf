"""A notifier that keeps its messages, for tests."""

from __future__ import annotations

from cloud_sync.notify.base import Severity


class MemoryNotifier:
    """Keeps every message in `sent`, as (subject, body), and its severity in `severities`."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str]] = []
        self.severities: list[Severity] = []

    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        """Keep the message."""
        self.sent.append((subject, body))
        self.severities.append(severity)
