"""One look at the login, for whoever wants to know before a run begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from cloud_sync.errors import AuthRequired, AuthTrouble
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import Observer
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.transfer.stopping import Stop


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


def _age(rooms: Rooms, guard: LoginGuard) -> timedelta | None:
    found = guard.outlook
    return found.age(rooms.clock.now()) if found else None
