"""The contract of a place that keeps objects: a folder, or a bucket of any S3-like service."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO, Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    """One object as the archive reports it.

    `checksum` is the full-object CRC64NVME in S3's base64 form where the archive keeps one,
    otherwise None: `Archive.open` and reading the bytes tells then.
    `media_id` and `file_number` are what was given at `begin`, where the archive keeps metadata.
    `cold` objects must be restored by their owner before their bytes can be read.
    """

    key: str
    size: int
    checksum: str | None = None
    media_id: str | None = None
    file_number: int | None = None
    cold: bool = False


@dataclass(frozen=True, slots=True)
class ObjectDescription:
    """What is written beside the bytes, where the archive can.

    `metadata` names are lower-case with hyphens; values are any text (adapters encode them).
    `tags` follow S3's limits: at most 10.
    """

    media_id: str
    file_number: int
    content_type: str
    metadata: dict[str, str]
    tags: dict[str, str]


@dataclass(frozen=True, slots=True)
class KeptPart:
    """One part of an unfinished upload as the archive itself reports it now.

    `checksum` is the part's CRC64NVME, 8 big-endian bytes, None where the archive keeps none;
    `receipt` is what `put_part` returned for it, empty where the archive gives none.
    """

    length: int
    checksum: bytes | None
    receipt: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Size in bytes and CRC64NVME, as S3 writes it, that were noted when an object was stored.

    None for what was not noted.
    """

    size: int | None = None
    checksum: str | None = None


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """All that an archive can tell of one object without reading it.

    `stored` is what lies there now; its checksum is only there where the archive has reason to
    vouch for the bytes as they are now. `metadata` is what was given at `begin`, empty where the
    archive knows nothing of the object; a value that was too long may have been cut. `noted` is
    what the object was when it was stored: where it differs from what is there, the object is
    not the one that the metadata is about.
    """

    stored: StoredObject
    metadata: Mapping[str, str] = field(default_factory=dict)
    noted: Noted = Noted()


@dataclass(frozen=True, slots=True)
class UnfinishedUpload:
    """An upload that was begun and is not over, as the archive itself lists it.

    `key` is None where the archive does not know it. `touched_at` is when it was begun, or when
    bytes last came for it, as far as the archive can tell.
    """

    token: str
    key: str | None
    touched_at: datetime


class Upload(Protocol):
    """One object being written in parts. Nothing is visible under its key before `commit`.

    `token` names the upload to `Archive.resume`, in this process or another; it is no secret.
    """

    token: str

    def put_part(self, number: int, data: memoryview, checksum: bytes) -> str:
        """Store part `number` (from 1); a receipt. All parts but the last are `part_size` long.

        `checksum` is the part's CRC64NVME, 8 big-endian bytes; an archive that can must refuse
        bytes that do not match it. `data` may be reused by the caller after the return.
        Calls for different parts may come from several threads; a part may be put again.
        """
        ...

    def found(self) -> Mapping[int, KeptPart]:
        """The parts that the archive holds already; asks it anew, and costs what that costs."""
        ...

    def keep(self, number: int, length: int, checksum: bytes, receipt: str) -> None:
        """Count a part that `found` reported as put. The others must be put again."""
        ...

    def commit(self, size: int, checksum: str) -> StoredObject:
        """Make the object visible under its key, whole, and durable.

        Must raise KeyTaken, and leave what is there untouched, when the key already exists;
        ChecksumMismatch when the archive holds another size or full-object checksum than given,
        in which case nothing becomes visible. After either the upload is gone, and a call is a
        bug; after ServiceUnavailable or Throttled it may be called again.
        """
        ...

    def suspend(self) -> None:
        """Let go of what this process holds, and leave the parts for `Archive.resume`."""
        ...

    def abort(self) -> None:
        """Throw away what was stored. May be called at any time, twice, and after `commit`."""
        ...


class Archive(Protocol):
    """A place for objects. Keys use `/`, are relative to its root, and are never overwritten.

    Every call raises ArchiveRefused when credentials are missing or refused, ArchiveUnusable when
    the place is missing, full or not writable, and Throttled or ServiceUnavailable
    when trying again may help. Calls may come from several threads at once.
    """

    location: str
    """The destination as a person writes it: a path, or `s3://bucket/prefix`."""

    def check(self) -> None:
        """Return when objects can be written; raise as above otherwise. Leaves nothing behind."""
        ...

    def put(
        self, key: str, description: ObjectDescription, data: memoryview, checksum: bytes
    ) -> StoredObject:
        """Store a whole object in one step; `checksum` is its CRC64NVME, 8 big-endian bytes.

        Promises and errors are those of `Upload.commit`. `data` may be empty.
        """
        ...

    def begin(self, key: str, description: ObjectDescription, *, part_size: int) -> Upload:
        """Start an object whose parts (but the last) are `part_size` bytes long."""
        ...

    def resume(
        self, key: str, description: ObjectDescription, *, part_size: int, token: str
    ) -> Upload | None:
        """Go on with the upload that `token` names; None when nothing is left of it.

        Must not disturb an upload that another live process is still writing, where it can tell.
        """
        ...

    def head(self, key: str) -> StoredObject | None:
        """What lies at `key`, None when nothing does."""
        ...

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All whole objects whose key starts with `prefix`, in key order, without checksums."""
        ...

    def describe(self, key: str) -> ObjectRecord | None:
        """What lies at `key` with the archive's own records of it, None when nothing does.

        Reads no bytes of the object, and costs about what `head` does.
        """
        ...

    def unfinished_uploads(self) -> Iterator[UnfinishedUpload]:
        """The uploads that nobody is known to be writing at this moment; cloud-sync's or others'.

        Those that another live process holds are left out, where the archive can tell.
        """
        ...

    def discard(self, upload: UnfinishedUpload) -> bool:
        """Throw away what was stored for an upload that `unfinished_uploads` listed.

        False, and nothing changed, where it is over or somebody goes on with it meanwhile.
        Whole objects are never touched.
        """
        ...

    def open(self, key: str) -> BinaryIO:
        """The bytes at `key`, from the start; FileNotFoundError when nothing is there."""
        ...

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        ...
