"""An archive in a dictionary: keeps the whole contract, for tests of what stands on an archive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from threading import RLock
from typing import BinaryIO

from cloud_sync.archive.base import (
    KeptPart,
    ObjectDescription,
    ObjectRecord,
    StoredObject,
    UnfinishedUpload,
)
from cloud_sync.archive.checksum import Part, part_checksum, to_text
from cloud_sync.archive.keys import require_key
from cloud_sync.archive.verify import require_kept, require_part, require_whole
from cloud_sync.errors import KeyTaken


@dataclass(frozen=True, slots=True)
class MemoryObject:
    """One object with all that was said about it."""

    content: bytes
    checksum: str
    description: ObjectDescription


@dataclass
class Unfinished:
    """The parts of an upload that is not over, and whether anybody holds it."""

    key: str
    held: bool = True
    parts: dict[int, bytes] = field(default_factory=dict)
    begun_at: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class MemoryArchive:
    """Objects and unfinished uploads (by token) live as long as the instance.

    `objects` and `unfinished` may be read and tampered with by tests.
    """

    location: str = "memory:"
    objects: dict[str, MemoryObject] = field(default_factory=dict)
    unfinished: dict[str, Unfinished] = field(default_factory=dict)
    lock: RLock = field(default_factory=RLock, repr=False)
    begun: int = 0

    @property
    def open_uploads(self) -> int:
        """How many uploads are not over, held or suspended."""
        return len(self.unfinished)

    def check(self) -> None:
        """Memory can always be written."""

    def put(
        self, key: str, description: ObjectDescription, data: memoryview, checksum: bytes
    ) -> StoredObject:
        upload = self.begin(key, description, part_size=max(1, data.nbytes))
        try:
            upload.put_part(1, data, checksum)
            return upload.commit(data.nbytes, to_text(checksum))
        finally:
            upload.abort()

    def begin(self, key: str, description: ObjectDescription, *, part_size: int) -> MemoryUpload:
        require_key(key)
        with self.lock:
            self.begun += 1
            token = f"upload-{self.begun}"
            self.unfinished[token] = Unfinished(key)
        return MemoryUpload(self, token, key, description, part_size)

    def resume(
        self, key: str, description: ObjectDescription, *, part_size: int, token: str
    ) -> MemoryUpload | None:
        """Go on with an upload; None also where another holds it."""
        require_key(key)
        with self.lock:
            left = self.unfinished.get(token)
            if left is None or left.held or left.key != key:
                return None
            left.held = True
        return MemoryUpload(self, token, key, description, part_size)

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

    def describe(self, key: str) -> ObjectRecord | None:
        with self.lock:
            found = self.objects.get(require_key(key))
        return ObjectRecord(_report(key, found), found.description.metadata) if found else None

    def unfinished_uploads(self) -> Iterator[UnfinishedUpload]:
        with self.lock:
            left = [(token, each) for token, each in self.unfinished.items() if not each.held]
        for token, each in left:
            yield UnfinishedUpload(token, each.key, each.begun_at)

    def discard(self, upload: UnfinishedUpload) -> bool:
        with self.lock:
            left = self.unfinished.get(upload.token)
            if left is None or left.held:
                return False
            del self.unfinished[upload.token]
        return True

    def open(self, key: str) -> BinaryIO:
        with self.lock:
            found = self.objects.get(require_key(key))
        if found is None:
            raise FileNotFoundError(key)
        return BytesIO(found.content)

    def close(self) -> None:
        """There is nothing to let go of."""


class MemoryUpload:
    """One object being written to a `MemoryArchive`. After `suspend`, `abort` does nothing."""

    def __init__(
        self,
        archive: MemoryArchive,
        token: str,
        key: str,
        description: ObjectDescription,
        part_size: int,
    ) -> None:
        self.token = token
        self._archive = archive
        self._key = key
        self._description = description
        self._part_size = part_size
        self._parts: dict[int, Part] = {}
        self._over = False

    def put_part(self, number: int, data: memoryview, checksum: bytes) -> str:
        part = require_part(self._key, number, data, checksum)
        with self._archive.lock:
            self._unfinished().parts[number] = bytes(data)
            self._parts[number] = part
        return part.checksum.hex()

    def found(self) -> Mapping[int, KeptPart]:
        with self._archive.lock:
            contents = dict(self._unfinished().parts)
        checksums = {number: part_checksum(data) for number, data in contents.items()}
        return {
            number: KeptPart(len(contents[number]), checksum, checksum.hex())
            for number, checksum in checksums.items()
        }

    def keep(self, number: int, length: int, checksum: bytes, receipt: str) -> None:
        """As the contract says; ValueError for what `found` does not report just so."""
        found = self.found().get(number)
        self._parts[number] = require_kept(self._key, number, found, length, checksum, receipt)

    def commit(self, size: int, checksum: str) -> StoredObject:
        with self._archive.lock:
            contents = self._unfinished().parts
            try:
                require_whole(self._key, self._parts, self._part_size, size, checksum)
                if self._key in self._archive.objects:
                    raise KeyTaken(f"storing {self._key}: something else already lies there")
                content = b"".join(contents[number] for number in sorted(self._parts))
                stored = MemoryObject(content, checksum, self._description)
                self._archive.objects[self._key] = stored
            finally:
                self.abort()
        return _report(self._key, stored)

    def suspend(self) -> None:
        with self._archive.lock:
            if not self._over:
                self._over = True
                self._archive.unfinished[self.token].held = False

    def abort(self) -> None:
        with self._archive.lock:
            if not self._over:
                self._over = True
                del self._archive.unfinished[self.token]

    def _unfinished(self) -> Unfinished:
        if self._over:
            raise ValueError(f"the upload of {self._key} is over")
        return self._archive.unfinished[self.token]


def _report(key: str, found: MemoryObject) -> StoredObject:
    return StoredObject(
        key,
        len(found.content),
        found.checksum,
        found.description.media_id,
        found.description.file_number,
    )
