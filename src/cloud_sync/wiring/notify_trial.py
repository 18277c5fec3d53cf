"""Sends a test to each target that the settings name for messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cloud_sync.config.load import Config
from cloud_sync.errors import CloudSyncError, ExitCode
from cloud_sync.notify.base import Severity
from cloud_sync.wiring.notifiers import waking_setting
from cloud_sync.wiring.settings import configured_pulse

PING = "ping"
"""What stands for the severity of a ping."""

SUBJECTS = {
    Severity.TELL: "cloud-sync: a test; such a message can be read in the morning",
    Severity.WAKE: "cloud-sync: a test; such a message wants somebody to act",
}
BODY = "Sent by `cloud-sync notify test`. Nothing has happened."


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of one test. `position` counts the setting's URLs from 1."""

    setting: str
    position: int
    scheme: str
    severity: str
    taken: bool
    message: str


def trials(config: Config) -> Iterator[Tried]:
    """One test of each severity to each target that gets such messages, whatever the level.

    Raises MissingExtra, and UsageError for a URL that nobody knows, before the first is sent.
    """
    urls = [(config.secret("notify"), "notify", Severity.TELL)]
    waking = waking_setting(config)
    urls.append((config.secret(waking), waking, Severity.WAKE))
    if any(secret for secret, _, _ in urls):
        from cloud_sync.notify.apprise import AppriseNotifier

        lists = [
            (AppriseNotifier(secret, setting).targets, setting, severity)
            for secret, setting, severity in urls
            if secret
        ]
        for targets, setting, severity in lists:
            for target in targets:
                error = _error_of(lambda: target.send(SUBJECTS[severity], BODY, severity))  # noqa: B023 called at once
                yield Tried(
                    setting, target.position, target.scheme, severity.value, not error, error
                )
    yield from _pinged(config)


def _pinged(config: Config) -> Iterator[Tried]:
    pulse, url = configured_pulse(config), config.secret("healthcheck")
    if pulse is None or url is None:
        return
    error = _error_of(pulse.started) or _error_of(lambda: pulse.ended(ExitCode.DONE))
    scheme = url.reveal().partition("://")[0].strip().lower()
    yield Tried("healthcheck", 1, scheme, PING, not error, error)


def _error_of(send: Callable[[], None]) -> str:
    try:
        send()
    except CloudSyncError as error:
        return error.message
    return ""
