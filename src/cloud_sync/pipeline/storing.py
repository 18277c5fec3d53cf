"""Stores one original of a claimed medium, and records what proves it."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, replace

from cloud_sync.archive.audit import audit
from cloud_sync.archive.base import ObjectDescription, StoredObject
from cloud_sync.archive.verify import Expected, Verdict
from cloud_sync.clock import to_text
from cloud_sync.errors import (
    CloudSyncError,
    Interrupted,
    KeyTaken,
    NeedsPerson,
    SourceNotUnderstood,
    UrlExpired,
)
from cloud_sync.model.media import MediaFile, MediaItem
from cloud_sync.model.tracking import Status, TrackedFile
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import FileArchived, FileFailed, FileProgress, FileStarted
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.transfer.mover import Mover, Proof, TransferHooks, TransferRequest
from cloud_sync.transfer.retry import with_retries


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
        mover: Mover,
        caller: Caller,
        run_id: str,
        record: Callable[[MediaItem, TrackedFile], None],
    ) -> None:
        self._rooms = rooms
        self._mover = mover
        self._caller = caller
        self._run_id = run_id
        self._record = record

    def store(self, work: Work) -> tuple[TrackedFile, bool]:
        """The original's COMPLETED row, and whether its bytes were moved now.

        Raises what the transfer raises in its last try; nothing lies under the key then.
        """
        if self._holds(work.row):
            # an earlier run was cut off between making it visible and recording that
            done, moved = replace(work.row, status=Status.COMPLETED), False
        else:
            done, moved = self._moved(work), True
        self._record(work.item, done)
        if moved:
            self._caller.observe(
                FileArchived(
                    work.item.id,
                    work.file.number,
                    work.file.filename,
                    done.key,
                    done.size or 0,
                    done.checksum or "",
                )
            )
        return done, moved

    def _holds(self, row: TrackedFile) -> bool:
        """Whether the archive has, under the row's key, just the bytes that the row proves."""
        if row.size is None or row.checksum is None:
            return False
        finding = audit(self._rooms.archive, Expected(row.key, row.size, row.checksum))
        return finding.verdict is Verdict.OK

    def _moved(self, work: Work) -> TrackedFile:
        try:
            return self._move(work)
        except (NeedsPerson, Interrupted):
            raise
        except CloudSyncError as error:
            self._tell(work, error, None)
            raise

    def _move(self, work: Work) -> TrackedFile:
        row, current = work.row, work.file

        def proven(proof: Proof) -> None:
            nonlocal row
            row = replace(
                row,
                status=Status.IN_PROGRESS,
                size=proof.size,
                checksum=proof.checksum,
                etag=proof.etag,
            )
            self._record(work.item, row)

        hooks = self._hooks(work, proven)
        description = self._describe(work)

        def once() -> StoredObject:
            nonlocal current
            request = TransferRequest(current, row.key, description, work.listed_size)
            try:
                return self._mover.transfer(request, self._caller.stop, hooks)
            except UrlExpired:
                current = self._resolve_again(work)
                raise

        try:
            with_retries(
                once,
                self._caller.retries,
                self._caller.stop,
                lambda e, wait: self._tell(work, e, wait),
            )
        except KeyTaken:
            # our own bytes may lie there already; anything else is not ours to touch
            if not self._holds(row):
                raise
        return replace(row, status=Status.COMPLETED)

    def _hooks(self, work: Work, proven: Callable[[Proof], None]) -> TransferHooks:
        item_id, number = work.item.id, work.file.number
        observe = self._caller.observe
        return TransferHooks(
            opened=lambda size: observe(
                FileStarted(item_id, number, work.file.filename, work.row.key, size)
            ),
            progress=lambda count: observe(FileProgress(item_id, number, count)),
            proven=proven,
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

    def _describe(self, work: Work) -> ObjectDescription:
        item, provider = work.item, self._rooms.provider.name
        uploaded = item.uploaded_at or item.captured_at or self._rooms.clock.now()
        metadata = {
            "provider": provider,
            "filename": work.file.filename,
            "media-type": item.type,
            "run-id": self._run_id,
        }
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
