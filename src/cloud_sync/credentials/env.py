"""A login from the environment: read-only, and before any stored one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.parse import parse_credentials
from cloud_sync.errors import UsageError
from cloud_sync.secret import Secret

TOKEN_VARIABLE = "CLOUD_SYNC_GOPRO_TOKEN"  # noqa: S105 - the variable's name, not a token


class EnvironmentCredentials:
    """Reads `CLOUD_SYNC_GOPRO_TOKEN` from the mapping that is handed in.

    The value may be whatever `cloud-sync login` takes. An empty or blank one counts as not set.
    """

    location = f"the environment variable {TOKEN_VARIABLE}"

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def read(self) -> StoredCredential | None:
        text = self._environ.get(TOKEN_VARIABLE, "")
        if not text.strip():
            return None
        try:
            found = parse_credentials(text)
        except UsageError as error:
            raise UsageError(
                f"reading {self.location}: {error.message}", hint=error.hint
            ) from error
        return StoredCredential(found.token, None, self.location, found.user_id)

    def replace(self, token: Secret, now: datetime, user_id: Secret | None = None) -> None:
        del token, now, user_id
        raise UsageError(
            f"storing a login: {self.location} is set and comes first; it cannot be written to",
            kept="its value is as it was",
            hint=f"unset {TOKEN_VARIABLE}, then cloud-sync login",
        )
