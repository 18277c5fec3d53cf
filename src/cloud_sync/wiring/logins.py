"""Where the login is read from and stored, and what is remembered of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing

from cloud_sync.config.load import Config
from cloud_sync.credentials.base import CredentialStore
from cloud_sync.credentials.env import EnvironmentCredentials
from cloud_sync.credentials.file import FileCredentials
from cloud_sync.credentials.history import LoginHistory
from cloud_sync.credentials.history_file import FileLoginHistory
from cloud_sync.credentials.history_memory import MemoryLoginHistory
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.credentials.parse import parse_credentials
from cloud_sync.errors import UsageError
from cloud_sync.model.media import Account
from cloud_sync.pipeline.login_check import account_of_login
from cloud_sync.pipeline.rooms import LoginWait
from cloud_sync.wiring.base import ArchiveWiring

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
        return login_wait(self._config, "cloud-sync login")


def login_wait(config: Config, command: str) -> LoginWait | None:
    """How long a run waits for another login, which a person gives by `command`; UsageError where
    none can come.
    """
    seconds = config.login_wait
    if seconds is None:
        return None
    if config.text("gopro_token"):
        raise UsageError(
            f"waiting for a login: the login comes from {EnvironmentCredentials.location}, "
            "which cannot change while this command runs",
            hint=f"unset CLOUD_SYNC_GOPRO_TOKEN, then {command}; or do not wait",
        )
    return LoginWait(seconds)


def tried_and_stored(
    wiring: ArchiveWiring,
    text: str,
    store: CredentialStore,
    first_wait: float,
    tell: Callable[[str], None],
) -> tuple[Account, str]:
    """`ArchiveWiring.log_in` for one store: the account, and a remark that may be empty.

    The first wait before another try is in seconds; `tell` hears of each.
    """
    history, now = wiring.login_history(), wiring.now()
    pasted = parse_credentials(text)
    trial = MemoryCredentials(pasted.token, pasted.user_id)
    with closing(wiring.provider(trial)) as provider:
        account = account_of_login(provider, first_wait, "the same command again", tell)
    store.replace(pasted.token, now, pasted.user_id)
    if stored := store.read():
        history.worked(stored, now)
    return account, pasted.remark
