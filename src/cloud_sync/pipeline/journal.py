"""One original's transfer as the tracker remembers it."""

from __future__ import annotations

from dataclasses import replace

from cloud_sync.model.tracking import Checkpoint, PartRecord, Status, TrackedFile
from cloud_sync.tracker.base import Tracker
from cloud_sync.transfer.file_transfer import Proof


class TrackedJournal:
    """Writes through to the tracker, under the claim of `owner`. `row` is the file's latest row."""

    def __init__(self, tracker: Tracker, media_id: str, owner: str, row: TrackedFile) -> None:
        self._tracker = tracker
        self._media_id = media_id
        self._owner = owner
        self.row = row

    def checkpoint(self) -> Checkpoint | None:
        return self._tracker.checkpoint(self._media_id, self.row.number)

    def begun(self, checkpoint: Checkpoint) -> None:
        self._tracker.begin_transfer(self._media_id, self._owner, self.row.number, checkpoint)

    def stored(self, part: PartRecord) -> None:
        self._tracker.record_part(self._media_id, self._owner, self.row.number, part)

    def proven(self, proof: Proof) -> None:
        """The proof stands in the row before the object is visible, so that a crash between the
        two is recognised."""
        self._record(
            replace(
                self.row,
                status=Status.IN_PROGRESS,
                size=proof.size,
                checksum=proof.checksum,
                etag=proof.etag,
                source_check=proof.source_check,
                source_rule=proof.source_rule,
            )
        )

    def forget(self) -> None:
        self._tracker.end_transfer(self._media_id, self._owner, self.row.number)

    def done(self) -> TrackedFile:
        """The object is visible: the row is COMPLETED, and the checkpoint forgotten with it."""
        self._record(replace(self.row, status=Status.COMPLETED))
        return self.row

    def _record(self, row: TrackedFile) -> None:
        self._tracker.record_file(self._media_id, self._owner, row)
        self.row = row
