"""The SQLite tracker of an archive, in CLOUD_SYNC_HOME."""

from __future__ import annotations

from cloud_sync.errors import UsageError
from cloud_sync.model.tracking import Status
from cloud_sync.tracker.base import Tracker
from cloud_sync.wiring.home import ArchivePlace


def existing_tracker(place: ArchivePlace) -> Tracker:
    """The archive's tracker; UsageError when nothing was ever archived there from here."""
    if not place.tracker_path.exists():
        raise UsageError(
            f"nothing was archived to {place.location} from this machine yet",
            hint=f"cloud-sync sync --to {place.location}",
        )
    return made_tracker(place)


def made_tracker(place: ArchivePlace) -> Tracker:
    """The archive's tracker, made where there is none."""
    from cloud_sync.tracker.sqlite import SqliteTracker

    try:
        place.tracker_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"making {place.tracker_path.parent} for the tracker: {error.strerror}",
            hint="set CLOUD_SYNC_HOME to a folder that can be written",
        ) from None
    return SqliteTracker(place.tracker_path)


def has_archived(tracker: Tracker) -> bool:
    """Whether anything was archived, as far as is remembered."""
    return tracker.tallies()[Status.COMPLETED].files > 0
