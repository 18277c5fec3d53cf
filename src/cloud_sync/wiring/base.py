"""What a command works with, wherever the archive that it is about lies."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from cloud_sync.credentials.base import CredentialStore
from cloud_sync.credentials.history import LoginHistory
from cloud_sync.model.media import Account
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.pipeline.vault import Vault
from cloud_sync.provider.base import Provider
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.plan import Policy


class ArchiveWiring(Protocol):
    """Chosen adapters of one archive. Nothing is opened or written before it is asked for."""

    @property
    def location(self) -> str:
        """The archive as a person writes it; UsageError when there is none."""
        ...

    @property
    def in_a_folder(self) -> bool:
        """Whether the archive is a folder: reading its files costs no more than time."""
        ...

    @property
    def advice(self) -> str:
        """A sentence on how objects are kept, where a person may want another way."""
        ...

    def run_options(self, policy: Policy, limit: int | None) -> RunOptions:
        """What a run of this process goes by."""
        ...

    def rooms(self, *, dry: bool = False) -> AbstractContextManager[Rooms]:
        """The rooms of a run; a dry one leaves nothing behind."""
        ...

    def vault(self) -> AbstractContextManager[Vault]:
        """The archive with its tracker; UsageError when there is none."""
        ...

    def vault_to_repair(self, *, apply: bool) -> AbstractContextManager[Vault]:
        """The archive with its tracker, or with an empty one where it was lost."""
        ...

    def existing_tracker(self) -> AbstractContextManager[Tracker]:
        """The archive's tracker; UsageError when there is none."""
        ...

    def credentials(self) -> CredentialStore:
        """Where a run of this process reads the login from."""
        ...

    def login_history(self) -> LoginHistory:
        """What is remembered of logins."""
        ...

    def provider(self, credentials: CredentialStore) -> Provider:
        """The archive's camera cloud, as it is seen with that login; close it after use."""
        ...

    def log_in(
        self, text: str, tell: Callable[[str], None]
    ) -> tuple[Account, CredentialStore, str]:
        """Try the login in `text` and only then store it; `tell` hears why that takes longer.

        Returns the account, where it was stored, and a remark for the person, which may be empty.
        Raises UsageError when `text` holds no login, AuthRequired when it does not work, and
        ServiceDown when the camera cloud is in trouble; whatever was stored before stays then.
        """
        ...

    def now(self) -> datetime:
        """The present instant."""
        ...
