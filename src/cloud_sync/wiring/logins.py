"""Where the login is read from and stored, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Mapping

from cloud_sync.config.load import Config
from cloud_sync.credentials.base import CredentialStore
from cloud_sync.credentials.env import EnvironmentCredentials
from cloud_sync.credentials.file import FileCredentials
from cloud_sync.credentials.history import LoginHistory
from cloud_sync.credentials.history_file import FileLoginHistory
from cloud_sync.credentials.history_memory import MemoryLoginHistory
from cloud_sync.errors import UsageError
from cloud_sync.pipeline.rooms import LoginWait

CREDENTIALS_FILE = "credentials"
LOGINS_FILE = "logins.json"


class ConfiguredLogins:
    """The login of this process. `environment` is the process environment."""

    def __init__(self, config: Config, environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        self._history_path = config.home / LOGINS_FILE

    @property
    def credentials(self) -> CredentialStore:
        """Where the login is read from: the environment where it is set there, else the file."""
        if self._config.text("gopro_token"):
            return EnvironmentCredentials(self._environment)
        return self.stored

    @property
    def stored(self) -> FileCredentials:
        """The 0600 file in CLOUD_SYNC_HOME."""
        return FileCredentials(self._config.home / CREDENTIALS_FILE)

    @property
    def history(self) -> FileLoginHistory:
        """What is remembered of logins, in CLOUD_SYNC_HOME."""
        return FileLoginHistory(self._history_path)

    def run_history(self, *, dry: bool, in_memory: bool) -> LoginHistory:
        """The history that a run may write to: a file is not made by a run that leaves nothing."""
        history = self.history
        if dry or (in_memory and not self._history_path.exists()):
            return MemoryLoginHistory(history.records())
        return history

    @property
    def wait(self) -> LoginWait | None:
        """How long a run waits for another login; UsageError where none can come."""
        seconds = self._config.login_wait
        if seconds is None:
            return None
        if self._config.text("gopro_token"):
            raise UsageError(
                f"waiting for a login: the login comes from {EnvironmentCredentials.location}, "
                "which cannot change while this command runs",
                hint="unset CLOUD_SYNC_GOPRO_TOKEN, then cloud-sync login; or do not wait",
            )
        return LoginWait(seconds)
