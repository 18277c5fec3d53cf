"""A service in memory, with versions and conditions as S3 keeps them, for tests."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from threading import RLock

from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.replicate.failures import (
    Archived,
    ChangedMeanwhile,
    NoSuchBucket,
    NoSuchKey,
    TooLarge,
)
from cloud_sync.replicate.store import (
    Checksum,
    Description,
    Expected,
    ListedVersion,
    ObjectVersion,
    Part,
    StoredVersion,
    Upload,
)

_START = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class _Object:
    stored: StoredVersion
    data: bytes
    tags: dict[str, str]


@dataclass
class _Upload:
    to: ObjectVersion
    what: Description
    tags: Mapping[str, str]
    parts: dict[int, bytes] = field(default_factory=dict)


class MemoryStore:
    """`ObjectStore` in memory. `conditional` False: conditions mean nothing to it.

    `calls` names the methods that were called, in order.
    """

    def __init__(
        self, service: str = "memory", *, conditional: bool = True, largest_copy: int = 5 * 1000**3
    ) -> None:
        self.service = service
        self.conditional = conditional
        self.calls: list[str] = []
        self._largest_copy = largest_copy
        self._buckets: dict[str, dict[str, list[_Object]]] = {}
        self._versioned: set[str] = set()
        self._uploads: dict[str, _Upload] = {}
        self._ticks = count(1)
        self._lock = RLock()

    def make_bucket(self, bucket: str, *, versions: bool = False) -> None:
        """A bucket, empty."""
        self._buckets[bucket] = {}
        if versions:
            self._versioned.add(bucket)

    def write(
        self, bucket: str, key: str, data: bytes, metadata: Mapping[str, str] | None = None
    ) -> ObjectVersion:
        """What an owner does: the written version."""
        return self._store(ObjectVersion(bucket, key), data, {}, metadata or {}, {})

    def unfinished(self) -> int:
        """Uploads that are not over."""
        return len(self._uploads)

    def content(self, bucket: str, key: str) -> bytes:
        """The bytes that lie there now."""
        return self._found(ObjectVersion(bucket, key)).data

    def head(self, at: ObjectVersion) -> StoredVersion | None:
        with self._called("head"):
            found = self._find(at)
            return found.stored if found else None

    def tags(self, at: ObjectVersion) -> Mapping[str, str]:
        """The object's tags."""
        with self._called("tags"):
            return dict(self._found(at).tags)

    def read(self, stored: StoredVersion, start: int, length: int) -> bytes:
        with self._called("read"):
            return self._source(stored).data[start : start + length]

    def versions(self, bucket: str, prefix: str) -> Iterator[ListedVersion]:
        with self._called("versions"):
            rows = [
                ListedVersion(
                    each.stored.at,
                    each.stored.size,
                    each.stored.etag,
                    each.stored.modified,
                    latest=position == 0,
                )
                for key, objects in sorted(self._bucket(bucket).items())
                if key.startswith(prefix)
                for position, each in enumerate(reversed(objects))
            ]
        return iter(rows)

    def copy(self, to: ObjectVersion, what: Description, expected: Expected) -> str | None:
        with self._called("copy"):
            source = self._source(what.source)
            if len(source.data) > self._largest_copy:
                raise TooLarge(f"copying {what.source.at}: it is too large for one copy")
            self._require(to, expected)
            metadata = what.source.metadata if what.metadata is None else what.metadata
            made = self._store(to, source.data, what.source.headers, metadata, source.tags)
            return made.version_id

    def begin(
        self,
        to: ObjectVersion,
        what: Description,
        tags: Mapping[str, str],
        *,
        ours: bool,  # noqa: ARG002
    ) -> Upload:
        with self._called("begin"):
            self._bucket(to.bucket)
            upload_id = f"upload-{next(self._ticks)}"
            self._uploads[upload_id] = _Upload(to, what, tags)
            return Upload(to.bucket, to.key, upload_id, "CRC64NVME")

    def copy_part(
        self, upload: Upload, number: int, source: StoredVersion, start: int, length: int
    ) -> Part:
        with self._called("copy_part"):
            return self._part(upload, number, self._source(source).data[start : start + length])

    def put_part(self, upload: Upload, number: int, data: bytes) -> Part:
        with self._called("put_part"):
            return self._part(upload, number, data)

    def complete(
        self,
        upload: Upload,
        parts: Sequence[Part],
        size: int,
        checksum: Checksum | None,  # noqa: ARG002
        expected: Expected,
    ) -> str | None:
        with self._called("complete"):
            begun = self._begun(upload)
            self._require(begun.to, expected)
            data = b"".join(begun.parts[part.number] for part in parts)
            if len(data) != size:
                raise ValueError(f"{len(data)} bytes in parts, {size} announced")
            del self._uploads[upload.upload_id]
            metadata = begun.what.metadata
            if metadata is None:
                metadata = begun.what.source.metadata
            headers = begun.what.source.headers
            return self._store(begun.to, data, headers, metadata, begun.tags).version_id

    def abort(self, upload: Upload) -> None:
        with self._called("abort"):
            self._uploads.pop(upload.upload_id, None)

    def put(
        self,
        to: ObjectVersion,
        data: bytes,
        what: Description,
        tags: Mapping[str, str],
        expected: Expected,
    ) -> str | None:
        with self._called("put"):
            self._require(to, expected)
            metadata = what.source.metadata if what.metadata is None else what.metadata
            return self._store(to, data, what.source.headers, metadata, tags).version_id

    def remove(self, at: ObjectVersion) -> None:
        with self._called("remove"):
            objects = self._bucket(at.bucket).get(at.key, [])
            kept = [each for each in objects if at.version_id and each.stored.at != at]
            self._bucket(at.bucket)[at.key] = kept

    def close(self) -> None:
        """Nothing to let go of."""

    def _called(self, name: str) -> RLock:
        self.calls.append(name)
        return self._lock

    def _bucket(self, bucket: str) -> dict[str, list[_Object]]:
        if bucket not in self._buckets:
            raise NoSuchBucket(f"looking into s3://{bucket}: there is no such bucket")
        return self._buckets[bucket]

    def _find(self, at: ObjectVersion) -> _Object | None:
        objects = self._bucket(at.bucket).get(at.key, [])
        if at.version_id is None:
            return objects[-1] if objects else None
        return next((each for each in objects if each.stored.at == at), None)

    def _found(self, at: ObjectVersion) -> _Object:
        found = self._find(at)
        if found is None:
            raise NoSuchKey(f"looking for {at}: it is not there")
        return found

    def _source(self, stored: StoredVersion) -> _Object:
        found = self._found(stored.at)
        if found.stored.etag != stored.etag:
            raise ChangedMeanwhile(f"reading {stored.at}: it has changed")
        if found.stored.cold:
            raise Archived(f"reading {stored.at}: it must be restored first")
        return found

    def _begun(self, upload: Upload) -> _Upload:
        if upload.upload_id not in self._uploads:
            raise ChangedMeanwhile(f"using an upload of {upload.key}: it is over")
        return self._uploads[upload.upload_id]

    def _part(self, upload: Upload, number: int, data: bytes) -> Part:
        self._begun(upload).parts[number] = data
        return Part(number, f'"{number}"', Checksum("CRC64NVME", to_text(part_checksum(data))))

    def _require(self, to: ObjectVersion, expected: Expected) -> None:
        found = self._find(replace(to, version_id=None))
        if self.conditional and expected.etag != (found.stored.etag if found else None):
            raise ChangedMeanwhile(f"writing {to}: something else lies there")

    def _store(
        self,
        to: ObjectVersion,
        data: bytes,
        headers: Mapping[str, str],
        metadata: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> ObjectVersion:
        with self._lock:
            objects = self._bucket(to.bucket).setdefault(to.key, [])
            tick = next(self._ticks)
            versioned = to.bucket in self._versioned
            at = ObjectVersion(to.bucket, to.key, f"v{tick}" if versioned else None)
            digest = hashlib.md5(data, usedforsecurity=False).hexdigest()
            stored = StoredVersion(
                at,
                len(data),
                f'"{digest}"',
                _START + timedelta(seconds=tick),
                Checksum("CRC64NVME", to_text(part_checksum(data))),
                dict(headers),
                dict(metadata),
            )
            if not versioned:
                objects.clear()
            objects.append(_Object(stored, data, dict(tags)))
            return at
