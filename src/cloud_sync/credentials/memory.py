"""A login that lives as long as the process: for trying one before it is stored, and for tests."""

from __future__ import annotations

from datetime import datetime

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.secret import Secret


class MemoryCredentials:
    """Keeps a login in an attribute."""

    location = "memory"

    def __init__(self, token: Secret | None = None, user_id: Secret | None = None) -> None:
        self._stored = (
            None if token is None else StoredCredential(token, None, self.location, user_id)
        )

    def read(self) -> StoredCredential | None:
        return self._stored

    def replace(self, token: Secret, now: datetime, user_id: Secret | None = None) -> None:
        self._stored = StoredCredential(token, now, self.location, user_id)
