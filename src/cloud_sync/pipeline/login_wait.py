"""Waits in mid-run for a login that works, which another process stores."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from cloud_sync.clock import Clock
from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import fingerprint
from cloud_sync.errors import AuthRequired, AuthTrouble, CloudSyncError, Interrupted, UsageError
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import LoginAwaited, LoginRenewed, Warned
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.rooms import LoginWait
from cloud_sync.transfer.stopping import StopReason

T = TypeVar("T")

_MAY_PASS = frozenset(
    {AuthTrouble.BLOCKED, AuthTrouble.NOT_UNDERSTOOD, AuthTrouble.UNCERTAIN},
)
"""Troubles that may end without a new login, so the old one is tried again now and then."""

_Mark = tuple[str, datetime | None] | None


@dataclass(frozen=True, slots=True)
class Telling:
    """Who hears that the run waits, and that it goes on."""

    waits: Callable[[AuthRequired], None]
    goes_on: Callable[[], None]


class LoginWaiter:
    """Holds a run while there is no login that works. `wait` None: it is not to wait."""

    def __init__(
        self,
        guard: LoginGuard,
        caller: Caller,
        clock: Clock,
        wait: LoginWait | None,
        telling: Telling,
    ) -> None:
        self.guard = guard
        self._caller = caller
        self._clock = clock
        self._wait = wait
        self._telling = telling

    def held(self, call: Callable[[], T]) -> T:
        """The result of `call`, which is made again after each wait; its errors are judged."""
        while True:
            try:
                return call()
            except CloudSyncError as error:
                judged = self.guard.judged(error)
                if not isinstance(judged, AuthRequired):
                    raise judged from error.__cause__
                self.renew(judged)

    def checked(self) -> None:
        """Return once the login works, as `renew` does."""
        try:
            self.guard.check()
        except AuthRequired as error:
            self.renew(error)

    def renew(self, error: AuthRequired) -> None:
        """Return once a login works; `error` is why it does not.

        Raises `error` when the run is not to wait, or none came in time, and Interrupted when the
        run is interrupted. The stop for a login is lifted meanwhile and stands again after `error`.
        """
        wait = self._wait
        if wait is None:
            raise error
        stop = self._caller.stop
        stop.lift(StopReason.LOGIN)
        self._caller.observe(LoginAwaited(error.message, error.hint, wait.seconds))
        self._telling.waits(error)
        try:
            came = self._login_came(wait, error)
        except Interrupted:
            if stop.reason is StopReason.INTERRUPTED:
                raise
            came = False
        if not came:
            stop.request(StopReason.LOGIN)
            raise error
        self._caller.observe(LoginRenewed())
        self._telling.goes_on()

    def _login_came(self, wait: LoginWait, error: AuthRequired) -> bool:
        # not what is stored by now: another may have come since the one that was tried
        tried, tried_at = _mark_of(self.guard.tried), self._clock.monotonic()
        end = tried_at + wait.seconds
        while (now := self._clock.monotonic()) < end:
            self._caller.stop.wait(min(wait.every, end - now))
            mark = self._stored(tried)
            again = error.trouble in _MAY_PASS and (
                self._clock.monotonic() - tried_at >= wait.retry_old
            )
            if mark == tried and not again:
                continue
            tried_at = self._clock.monotonic()
            try:
                self.guard.check()
            except AuthRequired as refused:
                error = refused
                if mark != tried:
                    self._tell(f"the login that was stored meanwhile does not work: {refused}")
                tried = mark
            except Interrupted:
                raise
            except CloudSyncError as trouble:
                self._tell(f"{trouble.message}; it is tried again")
            else:
                return True
        return False

    def _stored(self, before: _Mark) -> _Mark:
        """The mark of what is stored now; `before` where that cannot be read."""
        store = self.guard.credentials
        try:
            return _mark_of(store.read() if store else None)
        except UsageError:
            # it says so itself once it is tried, and may be mended while the run waits
            return before

    def _tell(self, sentence: str) -> None:
        self._caller.observe(Warned(sentence))


def _mark_of(credential: StoredCredential | None) -> _Mark:
    """Tells one login from another, and from the same one stored anew."""
    return (fingerprint(credential.token), credential.stored_at) if credential else None
