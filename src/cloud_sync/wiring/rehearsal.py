"""The tracker of a first run that is to leave nothing behind."""

from __future__ import annotations

from datetime import datetime
from typing import NoReturn

from cloud_sync.errors import UsageError
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
