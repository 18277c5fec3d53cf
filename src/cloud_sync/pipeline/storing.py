"""Stores one original of a claimed medium, and records what proves it."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass

from cloud_sync.archive.audit import audit
from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.verify import Expected, Verdict
from cloud_sync.clock import to_text
from cloud_sync.errors import (
    CloudSyncError,
    Interrupted,
    KeyTaken,
    NeedsPerson,
    ServiceDown,
    SourceNotUnderstood,
)
from cloud_sync.model.media import MediaFile, MediaItem
from cloud_sync.model.tracking import SourceCheck, TrackedFile
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import (
    FileArchived,
    FileFailed,
    FilePaused,
    FileProgress,
    FileStarted,
)
from cloud_sync.pipeline.journal import TrackedJournal
from cloud_sync.pipeline.motion import Motion
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.pipeline.source_doubts import SourceDoubts
from cloud_sync.transfer.engine import TransferEngine
from cloud_sync.transfer.file_transfer import TransferHooks, TransferRequest


@dataclass(frozen=True, slots=True)
class Work:
    """One original to store: the medium it belongs to, and its row with the key it was given."""

    item: MediaItem
    file: MediaFile
    row: TrackedFile
    listed_size: int | None


class OriginalStore:
    """Stores originals for the workers of one run."""

    def __init__(
        self,
        rooms: Rooms,
        engine: TransferEngine,
        caller: Caller,
        run_id: str,
        owner: str,
        correlation_id: str = "",
    ) -> None:
        self._rooms = rooms
        self._engine = engine
        self._caller = caller
        self._run_id = run_id
        self._owner = owner
        self._correlation_id = correlation_id
        self._doubts = SourceDoubts(caller.observe)

    def store(self, work: Work) -> tuple[TrackedFile, bool]:
        """The original's COMPLETED row, and whether its bytes were moved now.

        Raises what the transfer raises in its last try; nothing lies under the key then.
        """
        journal = TrackedJournal(self._rooms.tracker, work.item.id, self._owner, work.row)
        # an earlier run may have been cut off between making it visible and recording that
        moved = not self._holds(work.row)
        motion = Motion(self._rooms.clock)
        first_byte = self._move(work, journal, motion) if moved else None
        seconds = motion.seconds
        done = journal.done()
        if moved:
            if done.source_check is SourceCheck.DIFFERS:
                self._doubts.differs(done.key)
            self._caller.observe(
                FileArchived(
                    work.item.id,
                    work.file.number,
                    work.file.filename,
                    done.key,
                    done.size or 0,
                    done.checksum or "",
                    motion.bytes,
                    seconds,
                    first_byte,
                )
            )
        return done, moved

    def _holds(self, row: TrackedFile) -> bool:
        """Whether the archive has, under the row's key, just the bytes that the row proves."""
        if row.size is None or row.checksum is None:
            return False
        expected = Expected(row.key, row.size, row.checksum)
        finding = audit(self._rooms.archive, expected, self._caller.stop.check)
        return finding.verdict is Verdict.OK

    def _move(self, work: Work, journal: TrackedJournal, motion: Motion) -> float | None:
        """Move the bytes; the seconds until the first came, None where that is not known."""
        request = TransferRequest(
            file=work.file,
            key=work.row.key,
            description=self._describe(work),
            listed_size=work.listed_size,
            resolve=lambda: self._resolve_again(work),
        )
        try:
            hooks = self._hooks(work, motion)
            moved = self._engine.transfer(request, journal, self._caller.stop, hooks)
        except KeyTaken as error:
            # our own bytes may lie there already; anything else is not ours to touch
            if not self._holds(journal.row):
                self._tell(work, error, None)
                raise
            return None
        except (NeedsPerson, Interrupted, ServiceDown) as error:
            self._tell_paused(work, error, motion)
            raise
        except CloudSyncError as error:
            self._tell(work, error, None)
            raise
        else:
            return moved.first_byte_seconds

    def _hooks(self, work: Work, motion: Motion) -> TransferHooks:
        item_id, number = work.item.id, work.file.number
        observe = self._caller.observe

        def opened(size: int, stored: int) -> None:
            observe(FileStarted(item_id, number, work.file.filename, work.row.key, size, stored))

        def progress(count: int) -> None:
            motion.read(count)
            observe(FileProgress(item_id, number, count))

        return TransferHooks(
            opened=opened,
            progress=progress,
            retrying=lambda error, wait: self._tell(work, error, wait),
        )

    def _resolve_again(self, work: Work) -> MediaFile:
        for file in self._rooms.provider.resolve(work.item):
            if file.number == work.file.number:
                return file
        raise SourceNotUnderstood(
            f"fetching {work.file.filename or work.item.id}: original {work.file.number} was "
            "offered before and is no longer",
            kept="the other originals of the medium stay archived",
        )

    def _tell(self, work: Work, error: CloudSyncError, wait: float | None) -> None:
        self._caller.observe(
            FileFailed(
                work.item.id,
                work.file.number,
                work.file.filename,
                error.code,
                error.message,
                wait,
            )
        )

    def _tell_paused(self, work: Work, error: CloudSyncError, motion: Motion) -> None:
        self._caller.observe(
            FilePaused(
                work.item.id,
                work.file.number,
                work.file.filename,
                work.row.key,
                error.code,
                motion.bytes,
                motion.seconds,
            )
        )

    def _describe(self, work: Work) -> ObjectDescription:
        item, provider = work.item, self._rooms.provider.name
        uploaded = item.uploaded_at or item.captured_at or self._rooms.clock.now()
        metadata = {
            "provider": provider,
            "filename": work.file.filename,
            "media-type": item.type,
            "run-id": self._run_id,
        }
        if self._correlation_id:
            metadata["correlation-id"] = self._correlation_id
        if item.captured_at:
            metadata["captured-at"] = item.captured_at.isoformat()
        return ObjectDescription(
            media_id=item.id,
            file_number=work.file.number,
            content_type=content_type(work.file),
            metadata=metadata,
            tags={
                "Source": provider,
                "AutoSync": "True",
                "UploadDate": to_text(uploaded)[:10],
            },
        )


def content_type(file: MediaFile) -> str:
    """The MIME type by extension; the CDN's own is no help."""
    extension = file.extension or file.filename.rpartition(".")[2]
    guess, _ = mimetypes.guess_type(f"file.{extension}")
    return guess or "application/octet-stream"
