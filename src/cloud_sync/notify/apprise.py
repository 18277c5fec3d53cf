"""Messages through Apprise: mail, Slack, Telegram, ntfy, webhooks and many more."""

from __future__ import annotations

import importlib

from cloud_sync.errors import MissingExtra, ServiceUnavailable, UsageError
from cloud_sync.secret import Secret


class AppriseNotifier:
    """Sends to every URL in a blank-separated list; the URLs hold passwords and are never shown."""

    def __init__(self, urls: Secret) -> None:
        try:
            apprise = importlib.import_module("apprise")
        except ModuleNotFoundError:
            raise MissingExtra("notifications", "sending notifications") from None
        self._apprise = apprise.Apprise()
        for position, url in enumerate(urls.reveal().split(), start=1):
            if not self._apprise.add(url):
                raise UsageError(
                    f"the setting notify: URL number {position} is none that Apprise knows",
                    hint="see its list of services; a URL starts like ntfy:// or mailto://",
                )

    def send(self, subject: str, body: str) -> None:
        """Send to all; ServiceUnavailable when any did not take it."""
        if not self._apprise.notify(title=subject, body=body):
            raise ServiceUnavailable(
                "sending a notification: at least one service did not take the message"
            )
