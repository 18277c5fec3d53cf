"""One look at the login, for whoever wants to know before a run begins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from cloud_sync.clock import SystemClock
from cloud_sync.errors import AuthRequired, AuthTrouble, ServiceDown, ServiceUnavailable
from cloud_sync.model.media import Account
from cloud_sync.pipeline.calls import Caller, trying_again
from cloud_sync.pipeline.events import Observer
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.provider.base import Provider
from cloud_sync.transfer.retry import RetryPolicy, with_retries
from cloud_sync.transfer.stopping import Stop

TRIES = 3
PATIENCE = 30.0
"""Seconds that a person who waits at the terminal is kept for the tries of one look."""


@dataclass(frozen=True, slots=True)
class LoginFinding:
    """`refusal` is why the login does not work, None where it does; `age` where that is known.

    `asked` is whether the camera cloud was asked: without a login there is nothing to ask.
    """

    refusal: AuthRequired | None
    asked: bool
    age: timedelta | None
    seconds: float


def examine_login(rooms: Rooms, options: RunOptions, stop: Stop, observe: Observer) -> LoginFinding:
    """Try the login and remember what was seen. Raises what says nothing of the login."""
    began = rooms.clock.monotonic()
    guard = LoginGuard(rooms, Caller(options.retries, stop, observe))
    refusal: AuthRequired | None = None
    try:
        guard.check()
    except AuthRequired as error:
        refusal = error
    return LoginFinding(
        refusal=refusal,
        asked=refusal is None or refusal.trouble is not AuthTrouble.MISSING,
        age=_age(rooms, guard),
        seconds=rooms.clock.monotonic() - began,
    )


def account_of_login(
    provider: Provider, first_wait: float, again: str, tell: Callable[[str], None]
) -> Account:
    """Whose login it is, for a person who waits: what may pass is tried again, a few times.

    `tell` hears before each wait why it takes longer. Raises ServiceDown where the camera cloud
    answers with a fault of its own each time, and what else `Provider.check_login` raises. The
    first wait is in seconds; `again` is what to type then.
    """
    policy = RetryPolicy(TRIES, PATIENCE, first_wait)
    stop = Stop(SystemClock(), work="the look at the login")
    try:
        return with_retries(
            provider.check_login, policy, stop, lambda error, wait: tell(trying_again(error, wait))
        )
    except ServiceUnavailable as error:
        if error.api_status is None:
            raise
        raise _cloud_in_trouble(error.api_status, again) from error


def _cloud_in_trouble(status: int, again: str) -> ServiceDown:
    also = ""
    if status == 500:
        also = "; if it stays so, cloud-sync login with a fresh token: one that has expired is at "
        also += "times answered like this"
    return ServiceDown(
        f"checking the login: the camera cloud is in trouble, it answers status {status} each "
        "time; so nothing can be said of the login",
        kept="what is archived, and the login that is stored",
        hint=f"wait a while, then {again}{also}",
    )


def _age(rooms: Rooms, guard: LoginGuard) -> timedelta | None:
    found = guard.outlook
    return found.age(rooms.clock.now()) if found else None
