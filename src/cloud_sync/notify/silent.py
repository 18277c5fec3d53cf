"""The notifier of somebody who asked for no messages."""

from __future__ import annotations

from cloud_sync.notify.base import Severity


class SilentNotifier:
    """Sends nothing."""

    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        """Return at once."""
