"""An archive in a dictionary: keeps the whole contract, for tests of what stands on an archive."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from threading import RLock
from typing import BinaryIO

from cloud_sync.archive.base import ObjectDescription, StoredObject
from cloud_sync.archive.checksum import Part
from cloud_sync.archive.keys import require_key
from cloud_sync.archive.verify import require_part, require_whole
from cloud_sync.errors import KeyTaken


@dataclass(frozen=True, slots=True)
class MemoryObject:
    """One object with all that was said about it."""

    content: bytes
    checksum: str
    description: ObjectDescription


@dataclass
class MemoryArchive:
    """Objects live as long as the instance. `objects` may be read and tampered with by tests."""

    location: str = "memory:"
    objects: dict[str, MemoryObject] = field(default_factory=dict)
    open_uploads: int = 0
    lock: RLock = field(default_factory=RLock, repr=False)

    def check(self) -> None:
        """Memory can always be written."""

    def begin(self, key: str, description: ObjectDescription, *, part_size: int) -> MemoryUpload:
        upload = MemoryUpload(self, require_key(key), description, part_size)
        with self.lock:
            self.open_uploads += 1
        return upload

    def head(self, key: str) -> StoredObject | None:
        with self.lock:
            found = self.objects.get(require_key(key))
        return _report(key, found) if found else None

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        with self.lock:
            sizes = {key: len(found.content) for key, found in self.objects.items()}
        for key in sorted(sizes):
            if key.startswith(prefix):
                yield StoredObject(key, sizes[key])

    def open(self, key: str) -> BinaryIO:
        with self.lock:
            found = self.objects.get(require_key(key))
        if found is None:
            raise FileNotFoundError(key)
        return BytesIO(found.content)

    def close(self) -> None:
        """There is nothing to let go of."""


class MemoryUpload:
    """One object being written to a `MemoryArchive`."""

    def __init__(
        self, archive: MemoryArchive, key: str, description: ObjectDescription, part_size: int
    ) -> None:
        self._archive = archive
        self._key = key
        self._description = description
        self._part_size = part_size
        self._parts: dict[int, Part] = {}
        self._contents: dict[int, bytes] = {}
        self._over = False

    def put_part(self, number: int, data: memoryview, checksum: bytes) -> None:
        part = require_part(self._key, number, data, checksum)
        with self._archive.lock:
            self._require_open()
            self._parts[number] = part
            self._contents[number] = bytes(data)

    def commit(self, size: int, checksum: str) -> StoredObject:
        with self._archive.lock:
            self._require_open()
            try:
                require_whole(self._key, self._parts, self._part_size, size, checksum)
                if self._key in self._archive.objects:
                    raise KeyTaken(f"storing {self._key}: something else already lies there")
                content = b"".join(self._contents[number] for number in sorted(self._contents))
                stored = MemoryObject(content, checksum, self._description)
                self._archive.objects[self._key] = stored
            finally:
                self.abort()
        return _report(self._key, stored)

    def abort(self) -> None:
        with self._archive.lock:
            if not self._over:
                self._over = True
                self._archive.open_uploads -= 1
                self._contents.clear()

    def _require_open(self) -> None:
        if self._over:
            raise ValueError(f"the upload of {self._key} is over")


def _report(key: str, found: MemoryObject) -> StoredObject:
    return StoredObject(
        key,
        len(found.content),
        found.checksum,
        found.description.media_id,
        found.description.file_number,
    )
