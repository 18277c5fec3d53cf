"""One file on its way into a folder archive: its parts, and the proof before it gets its name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

from cloud_sync.archive.base import KeptPart, StoredObject
from cloud_sync.archive.checksum import Part, of_blocks, to_text
from cloud_sync.archive.folder_disk import blocks, sync_file, translated, write_at
from cloud_sync.archive.verify import (
    Expected,
    Verdict,
    compare,
    require_kept,
    require_part,
    require_whole,
)
from cloud_sync.errors import ChecksumMismatch, ServiceUnavailable


class FolderUpload:
    """One file being written. Calls for one upload take turns; different uploads do not wait.

    Part `number` lies at `(number - 1) * part_size` of the temporary file, whose name is the
    token. The file is locked as long as the upload is held; nothing else is kept of the parts, so
    `found` reads them. After `suspend`, `abort` does nothing: the parts are somebody else's.
    """

    def __init__(
        self,
        publish: Callable[[StoredObject], None],
        key: str,
        target: Path,
        temporary: Path,
        descriptor: int,
        part_size: int,
    ) -> None:
        self.token = temporary.name
        self._publish = publish
        self._key = key
        self._target = target
        self._temporary = temporary
        self._descriptor: int | None = descriptor
        self._part_size = part_size
        self._parts: dict[int, Part] = {}
        self._found: dict[int, KeptPart] = {}
        # also keeps a late write away from a descriptor that has been closed and used again
        self._lock = Lock()

    def put_part(self, number: int, data: memoryview, checksum: bytes) -> str:
        """As the contract says, without a receipt; ArchiveUnusable when the disk is full."""
        part = require_part(self._key, number, data, checksum)
        kept = "the files archived before are untouched; this one is not visible"
        with self._lock, translated(f"writing {self._key} into", self._target.parent, kept=kept):
            write_at(self._open(), data, (number - 1) * self._part_size)
            self._parts[number] = part
        return ""

    def found(self) -> Mapping[int, KeptPart]:
        """Whatever the file holds now, part by part: a hole or a torn part has another checksum.

        Reads the whole file.
        """
        with self._lock, translated("reading back", self._temporary):
            descriptor = self._open()
            size = os.fstat(descriptor).st_size
            self._found = {}
            for number, start in enumerate(range(0, size, self._part_size), 1):
                part = of_blocks(blocks(descriptor, start, self._part_size))
                self._found[number] = KeptPart(part.length, part.checksum, "")
            return dict(self._found)

    def keep(self, number: int, length: int, checksum: bytes, receipt: str) -> None:
        """As the contract says; ValueError for what the last `found` did not report just so."""
        with self._lock:
            self._open()
            found = self._found.get(number)
            self._parts[number] = require_kept(self._key, number, found, length, checksum, receipt)

    def commit(self, size: int, checksum: str) -> StoredObject:
        """As the contract says; the file is read back before it gets its name.

        What is read is what the file system gives, which may come from its cache. After
        ServiceUnavailable it may be called again.
        """
        with self._lock:
            descriptor = self._open()
            stored = StoredObject(self._key, size, checksum)
            try:
                require_whole(self._key, self._parts, self._part_size, size, checksum)
                with translated("writing", self._target):
                    # a last part that was put again may have become shorter
                    os.ftruncate(descriptor, size)
                    sync_file(descriptor)
                self._require_read_back(descriptor, Expected(self._key, size, checksum))
                self._publish(stored)
            except ServiceUnavailable:
                raise
            except BaseException:
                self._discard()
                raise
            self._discard()
        return stored

    def _require_read_back(self, descriptor: int, expected: Expected) -> None:
        with translated("reading back", self._temporary):
            # one byte more than expected, so that a longer file shows
            read = of_blocks(blocks(descriptor, 0, expected.size + 1))
        stored = StoredObject(self._key, read.length, to_text(read.checksum))
        finding = compare(expected, stored)
        if finding.verdict is not Verdict.OK:
            raise ChecksumMismatch(
                f"reading back {finding.message}", kept="nothing is visible at the key"
            )

    def suspend(self) -> None:
        with self._lock:
            self._let_go()

    def abort(self) -> None:
        with self._lock:
            self._discard()

    def _open(self) -> int:
        if self._descriptor is None:
            raise ValueError(f"the upload of {self._key} is over")
        return self._descriptor

    def _discard(self) -> None:
        if self._descriptor is not None:
            try:
                with translated("clearing", self._temporary):
                    # under the lock: once it is let go, another process may go on with the file
                    self._temporary.unlink(missing_ok=True)
            finally:
                self._let_go()

    def _let_go(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
