"""What checking and repairing are made of: an archive, what is remembered of it, and the time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cloud_sync.archive.base import Archive
from cloud_sync.archive.verify import Expected
from cloud_sync.clock import Clock
from cloud_sync.model.tracking import Status, TrackedFile
from cloud_sync.tracker.base import Tracker


@dataclass(frozen=True, slots=True)
class Vault:
    """An archive with its tracker."""

    archive: Archive
    tracker: Tracker
    clock: Clock


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that the tracker knows as COMPLETED, and its medium's id."""

    media_id: str
    file: TrackedFile

    @property
    def expected(self) -> Expected:
        """What should lie at its key."""
        return Expected(self.file.key, self.file.size or 0, self.file.checksum)


def stored_files(tracker: Tracker) -> Iterator[StoredFile]:
    """All files that are archived as far as is remembered, whatever their media still lack."""
    for medium in tracker.media():
        for file in medium.files:
            if file.status is Status.COMPLETED:
                yield StoredFile(medium.media_id, file)
