"""Throws away what was uploaded of a medium that will not be finished."""

from __future__ import annotations

from collections.abc import Sequence

from cloud_sync.archive.base import ObjectDescription
from cloud_sync.model.tracking import TrackedFile
from cloud_sync.pipeline.rooms import Rooms


def discard_unfinished(
    rooms: Rooms, media_id: str, owner: str, files: Sequence[TrackedFile]
) -> None:
    """Abort every recorded upload of the medium, and forget it; whole objects stay.

    Raises what the archive raises; what could not be aborted stays recorded.
    """
    for file in files:
        saved = rooms.tracker.checkpoint(media_id, file.number)
        if saved is None:
            continue
        nothing_new = ObjectDescription(media_id, file.number, "", {}, {})
        upload = rooms.archive.resume(
            file.key, nothing_new, part_size=saved.part_size, token=saved.token
        )
        if upload is not None:
            upload.abort()
        rooms.tracker.end_transfer(media_id, owner, file.number)
