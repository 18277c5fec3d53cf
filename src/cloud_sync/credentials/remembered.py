"""A login that is read once, for a process that lives as long as a run's calls do."""

from __future__ import annotations

from datetime import datetime
from threading import Lock

from cloud_sync.clock import Clock, SystemClock
from cloud_sync.credentials.base import CredentialStore, StoredCredential
from cloud_sync.secret import Secret


class RememberedCredentials:
    """Another store's login, kept from the first `read` until `forget`, or for so many `seconds`.

    Unlike other stores it does not see at once that a login was replaced elsewhere; who uses it
    without a limit forgets whenever a run begins, and whenever the login is refused.
    """

    def __init__(
        self, store: CredentialStore, seconds: float | None = None, clock: Clock | None = None
    ) -> None:
        self._store = store
        self._seconds = seconds
        self._clock = clock or SystemClock()
        self.location = store.location
        self._kept: StoredCredential | None = None
        self._since = 0.0
        self._turn = Lock()

    def read(self) -> StoredCredential | None:
        with self._turn:
            now = self._clock.monotonic()
            old = self._seconds is not None and now - self._since >= self._seconds
            if self._kept is None or old:
                self._kept = self._store.read()
                self._since = now
            return self._kept

    def replace(self, token: Secret, now: datetime, user_id: Secret | None = None) -> None:
        self._store.replace(token, now, user_id)
        self.forget()

    def forget(self) -> None:
        """Read the store again when the login is needed next."""
        with self._turn:
            self._kept = None
