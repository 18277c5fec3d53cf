"""Who is told of runs and copies, by the settings of this machine."""

from __future__ import annotations

from cloud_sync.config.load import Config
from cloud_sync.notify.base import Notifier, Severity
from cloud_sync.notify.silent import SilentNotifier


def configured_notifier(config: Config) -> Notifier:
    """Apprise where it is configured, otherwise silence."""
    tell, wake = config.secret("notify"), config.secret("notify_wake")
    if tell is None and wake is None:
        return SilentNotifier()
    from cloud_sync.notify.apprise import AppriseNotifier
    from cloud_sync.notify.routed import RoutedNotifier

    level = Severity((config.text("notify_level") or "").strip().lower() or Severity.TELL)
    telling: Notifier = AppriseNotifier(tell) if tell else SilentNotifier()
    waking = AppriseNotifier(wake, "notify_wake") if wake else telling
    return RoutedNotifier(telling, waking, level)


def waking_setting(config: Config) -> str:
    """The setting whose targets hear of what a person must act on."""
    return "notify_wake" if config.text("notify_wake") else "notify"
