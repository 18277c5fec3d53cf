"""The contract of a service that keeps objects in buckets, for copying between them.

Every method may raise Throttled or StoreUnavailable, after which trying again may help, and the
other errors of `failures`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Checksum:
    """A checksum that the service itself keeps: `algorithm` as S3 names it, `value` in base64.

    `whole` says that it is of all bytes; otherwise it is composite: a checksum of the parts'
    checksums, which depends on where the parts were cut and proves nothing about another object.
    """

    algorithm: str
    value: str
    whole: bool = True

    def __str__(self) -> str:
        return f"{self.algorithm}={self.value}"


@dataclass(frozen=True, slots=True)
class ObjectVersion:
    """Names one version of one object. `version_id` is None where the bucket keeps none."""

    bucket: str
    key: str
    version_id: str | None = None

    def __str__(self) -> str:
        version = f" (version {self.version_id})" if self.version_id else ""
        return f"s3://{self.bucket}/{self.key}{version}"


@dataclass(frozen=True, slots=True)
class StoredVersion:
    """What the service reports of one object.

    `etag` as the service writes it, with its quotes. `headers` are content type, cache control and
    the like by the names that S3's API gives them; `metadata` is the owner's own, as stored.
    `cold` objects must be restored by their owner before they can be read.
    """

    at: ObjectVersion
    size: int
    etag: str
    modified: datetime
    checksum: Checksum | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)
    cold: bool = False


@dataclass(frozen=True, slots=True)
class ListedVersion:
    """A row of a listing of versions. No row of a key is the `latest` where it was deleted."""

    at: ObjectVersion
    size: int
    etag: str
    modified: datetime
    latest: bool


@dataclass(frozen=True, slots=True)
class Description:
    """What goes with the bytes of a copy.

    `metadata` None: the source's own, without a mark of ours, because it has no room for one.
    """

    source: StoredVersion
    metadata: Mapping[str, str] | None
    storage_class: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What must lie at the destination for a write to take place; `etag` None: nothing at all."""

    etag: str | None


@dataclass(frozen=True, slots=True)
class Part:
    """One stored part of an upload; `checksum` where the service reports one."""

    number: int
    etag: str
    checksum: Checksum | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A multipart upload that is not over.

    `algorithm` is that of the full-object checksum which the service will keep of the whole, None
    where it promises none.
    """

    bucket: str
    key: str
    upload_id: str
    algorithm: str | None = None


class ObjectSource(Protocol):
    """Where objects are read.

    `service` tells services apart: two with an equal one can copy between their buckets without
    the bytes passing through this program.
    """

    service: str

    def head(self, at: ObjectVersion) -> StoredVersion | None:
        """What lies there, None where there is no such key or version; NoSuchBucket."""
        ...

    def tags(self, at: ObjectVersion) -> Mapping[str, str]:
        """The object's tags."""
        ...

    def read(self, stored: StoredVersion, start: int, length: int) -> bytes:
        """`length` bytes from `start` on, of this very version: ChangedMeanwhile otherwise.

        StreamBroken where fewer came.
        """
        ...

    def versions(self, bucket: str, prefix: str) -> Iterator[ListedVersion]:
        """All versions of all keys that begin with `prefix`, those of one key newest first.

        A bucket that keeps no versions lists each object once, without a version id.
        NoSuchBucket.
        """
        ...

    def close(self) -> None:
        """Let go of connections; may be called twice."""
        ...


class ObjectStore(ObjectSource, Protocol):
    """Where objects can be written as well.

    What is written becomes visible as a whole or not at all. Writes with an Expected that is not
    met raise ChangedMeanwhile, where `conditional` says that the service keeps the condition.
    """

    conditional: bool

    def copy(self, to: ObjectVersion, what: Description, expected: Expected) -> str | None:
        """Let the service copy the object as a whole: the written version's id, where there is one.

        Content type and the like, and tags, go along. ChangedMeanwhile where the source is another
        by now. TooLarge where only parts can be copied.
        """
        ...

    def begin(
        self, to: ObjectVersion, what: Description, tags: Mapping[str, str], *, ours: bool
    ) -> Upload:
        """Start an upload, whose whole gets a full-object checksum where the service can.

        `ours`: the parts will be sent by `put_part`, so it is a CRC64NVME; otherwise it is of the
        source's algorithm where that has one.
        """
        ...

    def copy_part(
        self, upload: Upload, number: int, source: StoredVersion, start: int, length: int
    ) -> Part:
        """Let the service copy a range as one part; ChangedMeanwhile as for `copy`."""
        ...

    def put_part(self, upload: Upload, number: int, data: bytes) -> Part:
        """Store bytes as one part; the service proves them on arrival."""
        ...

    def complete(
        self,
        upload: Upload,
        parts: Sequence[Part],
        size: int,
        checksum: Checksum | None,
        expected: Expected,
    ) -> str | None:
        """Make the object visible: the written version's id, where there is one.

        The service refuses a whole that has not `checksum`, where it keeps that algorithm.
        ChangedMeanwhile also where the upload is over already.
        """
        ...

    def abort(self, upload: Upload) -> None:
        """Throw the upload away; one that is over is no error."""
        ...

    def put(
        self,
        to: ObjectVersion,
        data: bytes,
        what: Description,
        tags: Mapping[str, str],
        expected: Expected,
    ) -> str | None:
        """Store bytes as a whole object; the service proves them on arrival."""
        ...

    def remove(self, at: ObjectVersion) -> None:
        """Delete this version, or, where there is no version id, the object."""
        ...


def same_service(a: ObjectSource, b: ObjectSource) -> bool:
    """Whether one of the two can copy between them without the bytes passing through us."""
    return bool(a.service) and a.service == b.service
