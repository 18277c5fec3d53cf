"""A first run that is to leave nothing behind: whether it is one, and its tracker."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from cloud_sync.archive.base import Archive
from cloud_sync.errors import CloudSyncError, ServiceUnavailable, Transient, UsageError
from cloud_sync.provider.base import Provider
from cloud_sync.tracker.memory import MemoryTracker


class RehearsalTracker(MemoryTracker):
    """A memory in which nothing can be claimed, so that no byte is stored that is then forgotten.

    It serves runs that end before they transfer anything: dry ones, and those whose login or
    destination did not work when they began. That trouble may be over a moment later.
    """

    def claim(
        self,
        media_id: str,  # noqa: ARG002
        run_id: str,  # noqa: ARG002
        owner: str,  # noqa: ARG002
        *,
        now: datetime,  # noqa: ARG002
        until: datetime,  # noqa: ARG002
    ) -> NoReturn:
        """Refuse, in words for a person: UsageError."""
        raise UsageError(
            "the login or the destination did not work when this first run began, and does now",
            kept="nothing was stored yet",
            hint="run the same command again",
        )


def can_begin(provider: Provider, archive: Archive, *, waits: bool) -> bool:
    """Whether a first run can begin; `waits`: it waits for a login that works if need be."""
    checks = (archive.check,) if waits else (provider.check_login, archive.check)
    for check in checks:
        try:
            check()
        except CloudSyncError as error:
            return _may_pass(error)
    return True


def _may_pass(error: CloudSyncError) -> bool:
    """Whether the run itself may get over it: it must be able to remember what it then stores.

    A service that never answered is more likely mistyped than down.
    """
    silent = isinstance(error, ServiceUnavailable) and error.api_status is None
    return isinstance(error, Transient) and not silent
