"""The part of the tracker's contract that checking and repairing need.

What a repair changes, it changes under the run lease: LeaseHeld when `run_id` does not hold it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cloud_sync.model.tracking import Reason, TrackedFile


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """The file that a key was given to, and its medium."""

    media_id: str
    file: TrackedFile


@dataclass(frozen=True, slots=True)
class AdoptedFile:
    """A file that the archive holds, with what the archive knows of its medium.

    `file` is COMPLETED, with size and checksum as stored.
    """

    media_id: str
    filename: str
    media_type: str
    captured_at: datetime | None
    file: TrackedFile


class Repairs(Protocol):
    """Lookups by what the archive knows, and moves that only a repair makes."""

    def release_run(self, run_id: str, *, now: datetime) -> None:
        """Let go of the run lease without a summary: for work that is no sync."""
        ...

    def holders(self, keys: Sequence[str]) -> Mapping[str, KeyHolder]:
        """Who holds each of these keys, or one that counts as the same (see `give_keys`)."""
        ...

    def recorded_uploads(self, tokens: Sequence[str]) -> frozenset[str]:
        """Those of these tokens that a file's checkpoint bears."""
        ...

    def failed_in(self, run_id: str) -> Sequence[str] | None:
        """The media of which an attempt in that run ended FAILED; None where the run is unknown."""
        ...

    def reopen(
        self,
        media_id: str,
        run_id: str,
        numbers: Sequence[int],
        reason: Reason,
        *,
        now: datetime,
    ) -> None:
        """Make these files due again, and their medium PENDING with `reason`, in one step.

        The only way out of COMPLETED, for files that are no longer in the archive. The files keep
        their keys and lose size, checksum and checkpoint. IllegalMove unless all of them are
        COMPLETED; LeaseHeld while somebody holds the medium.
        """
        ...

    def adopt(
        self, files: Sequence[AdoptedFile], run_id: str, reason: Reason, *, now: datetime
    ) -> None:
        """Remember files that the archive holds as COMPLETED, in one step: all or nothing.

        (Where a call is cut off it is with it as with `Tracker.remember`.)

        A medium that is not known yet becomes PENDING with `reason`: how many files it has, only
        the provider knows. A known one keeps its status. A file that is known under the same key
        is completed. KeyTaken where the key, or one that counts as the same, belongs to another
        file; ValueError where the file has another key or is COMPLETED already: bugs.
        """
        ...

    def make_due(self, media_ids: Sequence[str], run_id: str, *, now: datetime) -> None:
        """Make FAILED and SKIPPED media PENDING without a reason, their failures counted anew.

        Media of other statuses, and those under a live lease, are left as they are.
        """
        ...
