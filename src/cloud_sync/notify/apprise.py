"""Messages through Apprise: mail, Slack, Telegram, ntfy, webhooks and many more."""

from __future__ import annotations

import importlib
from typing import Any

from cloud_sync.errors import MissingExtra, ServiceUnavailable, UsageError
from cloud_sync.notify.base import Severity
from cloud_sync.secret import Secret


class AppriseTarget:
    """One URL of a list: `position` counts from 1, `scheme` is all that may be shown of it."""

    def __init__(self, service: Any, position: int, scheme: str) -> None:
        self._service = service
        self.position = position
        self.scheme = scheme

    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        """Send to this one; ServiceUnavailable when it did not take the message."""
        if not self._service.notify(title=subject, body=body, notify_type=_KINDS[severity]):
            raise ServiceUnavailable(
                f"sending a notification: {self.scheme} did not take the message"
            )


class AppriseNotifier:
    """Sends to every URL in a blank-separated list; the URLs hold passwords and are never shown.

    `setting` is where the list stands. Raises MissingExtra, and UsageError for a URL that Apprise
    does not know.
    """

    def __init__(self, urls: Secret, setting: str = "notify") -> None:
        try:
            apprise = importlib.import_module("apprise")
        except ModuleNotFoundError:
            raise MissingExtra("notifications", "sending notifications") from None
        self._all = apprise.Apprise()
        self.targets: list[AppriseTarget] = []
        for position, url in enumerate(urls.reveal().split(), start=1):
            service = apprise.Apprise.instantiate(url)
            if not service:
                raise UsageError(
                    f"the setting {setting}: URL number {position} is none that Apprise knows",
                    hint="see its list of services; a URL starts like ntfy:// or mailto://",
                )
            self._all.add(service)
            one = apprise.Apprise()
            one.add(service)
            self.targets.append(AppriseTarget(one, position, url.partition("://")[0].lower()))

    def send(self, subject: str, body: str, severity: Severity = Severity.TELL) -> None:
        """Send to all; ServiceUnavailable when any did not take it."""
        if not self._all.notify(title=subject, body=body, notify_type=_KINDS[severity]):
            raise ServiceUnavailable(
                "sending a notification: at least one service did not take the message"
            )


_KINDS = {Severity.QUIET: "info", Severity.TELL: "info", Severity.WAKE: "failure"}
