"""Sends each message to those who want to hear of its severity."""

from __future__ import annotations

from cloud_sync.notify.base import Notifier, Severity


class RoutedNotifier:
    """`wake` gets what a person must act on, `tell` the rest, unless only the former is wanted.

    A message that nobody wants counts as handed over.
    """

    def __init__(self, tell: Notifier, wake: Notifier, level: Severity) -> None:
        self._tell = tell
        self._wake = wake
        self._level = level

    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        """Hand it to one of the two, or to nobody."""
        if severity is Severity.WAKE:
            self._wake.send(subject, body, severity)
        elif severity is Severity.TELL and self._level is not Severity.WAKE:
            self._tell.send(subject, body, severity)
