"""The login while a run lasts: what an error says of it, and what is remembered of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cloud_sync.credentials.base import CredentialStore, StoredCredential
from cloud_sync.credentials.history import LoginHistory, LoginOutlook, outlook
from cloud_sync.errors import (
    AuthRequired,
    AuthTrouble,
    CloudSyncError,
    Interrupted,
    RefusedAtSource,
    ServiceUnavailable,
    SourceNotUnderstood,
    UsageError,
)
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import LoginChecked, Warned
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.summary.render import login_warning

KEPT = "what is archived stays archived, and the rest stays due"

_DEAD = frozenset({AuthTrouble.EXPIRED, AuthTrouble.REFUSED})
"""The troubles that end a login's life; the others may pass without a new one."""


@dataclass(slots=True)
class _Use:
    """A login that this run uses, and when it last worked; None: not since it was noted."""

    credential: StoredCredential
    worked_at: datetime | None = None


class LoginGuard:
    """Asks the camera cloud about the login; serves all workers of a run."""

    def __init__(self, rooms: Rooms, caller: Caller) -> None:
        self._rooms = rooms
        self._caller = caller
        self._use: _Use | None = None
        self._told: set[str] = set()

    @property
    def credentials(self) -> CredentialStore | None:
        """Where the login is read from, None where nobody says."""
        return self._rooms.login.credentials if self._rooms.login else None

    @property
    def tried(self) -> StoredCredential | None:
        """The login that was checked last, None where there was none."""
        return self._use.credential if self._use else None

    @property
    def outlook(self) -> LoginOutlook | None:
        """How the login that was checked last stands, None where nothing is remembered of it."""
        if self._use is None or self._rooms.login is None:
            return None
        return outlook(self._use.credential, self._rooms.login.history.records())

    def check(self) -> None:
        """Make sure that the camera cloud lets us in; AuthRequired when it does not."""
        try:
            self._check()
        except AuthRequired as error:
            self._tell_checked(error)
            raise
        self._tell_checked(None)

    def _check(self) -> None:
        try:
            if self._rooms.login:
                self._use = None
                found = self._rooms.login.credentials.read()
                self._use = _Use(found) if found else None
            self._caller.retried(self._rooms.provider.check_login)
        except (ServiceUnavailable, SourceNotUnderstood) as error:
            raise login_trouble(error) or error from error.__cause__
        except AuthRequired as error:
            self._note_refusal(error)
            raise
        self.worked()
        self.note()
        self._warn()

    def worked(self) -> None:
        """The camera cloud has just answered a call that needs the login."""
        if (use := self._use) is not None:
            use.worked_at = self._rooms.clock.now()

    def note(self) -> None:
        """Remember when the login last worked, durably."""
        use = self._use
        # read once: another worker may note the same meanwhile
        worked_at = use.worked_at if use else None
        if use is None or worked_at is None or self._rooms.login is None:
            return
        if not self._in_use(use):
            return
        self._rooms.login.history.worked(use.credential, worked_at)
        if use.worked_at == worked_at:
            use.worked_at = None
        self._tell_trouble(self._rooms.login.history)

    def judged(self, error: CloudSyncError) -> CloudSyncError:
        """What ended a piece of work, once the login was asked about where it may be the reason.

        AuthRequired where the login is what is wrong, so that the run parks. A refusal beside a
        login that works is RefusedAtSource, and Interrupted where the run was stopped meanwhile;
        all other errors come back as they are.
        """
        if isinstance(error, AuthRequired):
            return self._judged_refusal(error)
        if isinstance(error, ServiceUnavailable) and error.api_status is not None:
            found = self._asked()
            if isinstance(found, ServiceUnavailable):
                return login_trouble(found) or error
            return found if isinstance(found, AuthRequired) else error
        return error

    def _judged_refusal(self, error: AuthRequired) -> CloudSyncError:
        if error.trouble is AuthTrouble.MISSING:
            return error
        # a check that only stumbles says nothing about the login, and must not park the run
        found = self._asked(patiently=True)
        if found is not None:
            return found if isinstance(found, (AuthRequired, Interrupted)) else error
        return RefusedAtSource(
            f"{error.message}; but the login as such works",
            kept="what is archived stays archived",
            hint="run the same command again; if it stays so, look at the GoPro app",
        )

    def _asked(self, *, patiently: bool = False) -> CloudSyncError | None:
        """Ask whether the login works; what is wrong, None when it does.

        It is asked once, or `patiently`: errors that may pass are tried again.
        """
        check = self._rooms.provider.check_login
        try:
            if patiently:
                self._caller.retried(check)
            else:
                check()
        except AuthRequired as error:
            self._note_refusal(error)
            return error
        except CloudSyncError as error:
            return error
        self.worked()
        return None

    def _note_refusal(self, error: AuthRequired) -> None:
        use = self._use
        if use is None or self._rooms.login is None or error.trouble not in _DEAD:
            return
        if not self._in_use(use):
            return
        self.note()
        self._rooms.login.history.refused(use.credential, self._rooms.clock.now())

    def _in_use(self, use: _Use) -> bool:
        """Whether it still is the login that is sent: another may have been stored in mid-run."""
        try:
            stored = self._rooms.login.credentials.read() if self._rooms.login else None
        except UsageError:
            return False
        return stored is not None and stored.token == use.credential.token

    def _tell_checked(self, refusal: AuthRequired | None) -> None:
        found, now = self.outlook, self._rooms.clock.now()
        age = found.age(now) if found else None
        self._caller.observe(
            LoginChecked(
                works=refusal is None,
                trouble=refusal.trouble.value if refusal else "",
                message=refusal.message if refusal else "",
                age_seconds=None if age is None else age.total_seconds(),
                life_used=found.life_used(now) if found else None,
            )
        )

    def _warn(self) -> None:
        login, found = self._rooms.login, self.outlook
        if login is None or found is None:
            return
        if warning := login_warning(found, self._rooms.clock.now()):
            self._caller.observe(Warned(warning))
        self._tell_trouble(login.history)

    def _tell_trouble(self, history: LoginHistory) -> None:
        trouble = history.trouble
        if trouble and trouble not in self._told:
            self._told.add(trouble)
            self._caller.observe(Warned(trouble))


def login_trouble(error: CloudSyncError) -> AuthRequired | None:
    """What the failure of a login check means for the login; None where it says nothing of it.

    A dead login was seen to be answered 500 on every call, and an outage looks the same. An answer
    that is no account's may come from a cloud that has changed, or from something in between; one
    that says itself what to type, such as a wrong address, stays what it is.
    """
    if isinstance(error, ServiceUnavailable) and error.api_status == 500:
        return AuthRequired(
            "checking the login: the camera cloud answers status 500 each time, as it does at "
            "times to a token that has expired; or it has a fault of its own",
            trouble=AuthTrouble.UNCERTAIN,
            kept=KEPT,
            hint="cloud-sync login, with a fresh token; if that changes nothing, wait",
        )
    if isinstance(error, SourceNotUnderstood) and not error.hint:
        return AuthRequired(
            f"{error.message}; this is no account: the cloud's format may have changed, or "
            "something in between has answered",
            trouble=AuthTrouble.NOT_UNDERSTOOD,
            kept=KEPT,
            hint="cloud-sync login, with a fresh token; if that changes nothing, look for a newer "
            "cloud-sync",
        )
    return None
