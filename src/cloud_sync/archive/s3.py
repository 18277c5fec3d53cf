"""An archive in a bucket of S3 or of a service that speaks its protocol.

What an object is made of stays invisible until the service has it whole; the service itself
refuses a key that is in use, bytes that do not match their CRC64NVME, and a whole of another
checksum, as far as its dialect goes (see `s3_dialects`). What was committed is looked at again.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

from cloud_sync.archive import s3_metadata
from cloud_sync.archive.base import (
    Noted,
    ObjectDescription,
    ObjectRecord,
    StoredObject,
    UnfinishedUpload,
)
from cloud_sync.archive.checksum import to_text
from cloud_sync.archive.keys import require_key
from cloud_sync.archive.s3_client import endpoint_of, open_client, require_storage_class
from cloud_sync.archive.s3_commit import S3Commit
from cloud_sync.archive.s3_dialects import Dialect
from cloud_sync.archive.s3_errors import Place, code_of, translated
from cloud_sync.archive.s3_upload import GREATEST_PART_SIZE, LEAST_PART_SIZE, S3Upload
from cloud_sync.archive.s3_wire import S3Wire
from cloud_sync.archive.s3_writer import S3Writer
from cloud_sync.archive.verify import Expected
from cloud_sync.errors import ServiceUnavailable, Throttled

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PROBE = ".cloud-sync-check"
"""The key under which `check` begins an upload and aborts it; no object ever lies there."""


class S3Archive:
    """Objects are the bucket's objects below `prefix`. `connect` builds one from the settings.

    `endpoint` is the service's scheme and host, empty for AWS. `unproven` says what its dialect
    leaves open, in sentences for a person.
    """

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        prefix: str = "",
        *,
        storage_class: str | None = None,
        dialect: Dialect,
        ca_bundle: str | None = None,
    ) -> None:
        self._client = client
        self._bucket = bucket
        prefix = prefix.strip("/")
        self._base = f"{require_key(prefix)}/" if prefix else ""
        self.location = f"s3://{bucket}/{self._base}".rstrip("/")
        self._dialect = dialect
        self.endpoint = endpoint_of(client, dialect)
        self.unproven = dialect.unproven
        self._place = Place(self.location, bucket, self.endpoint, dialect.name)
        self._wire = S3Wire(client, bucket, ca_bundle)
        self._writer = S3Writer(client, self._wire, bucket, storage_class, dialect, self._place)
        self._bucket_seen = False
        self._in_doubt: set[str] = set()
        self._lock = Lock()

    def close(self) -> None:
        """Let go of the connections; may be called twice."""
        self._wire.close()
        self._client.close()

    def check(self) -> None:
        """Prove that the bucket is there, may be listed, and takes uploads like ours.

        An upload is begun with our storage class, checksum and tags and aborted at once: that
        needs the same permission as writing an object, and leaves none behind.
        """
        with translated("looking into the bucket", self._place):
            self._client.list_objects_v2(Bucket=self._bucket, Prefix=self._base, MaxKeys=1)
            self._client.head_bucket(Bucket=self._bucket)
        self._bucket_seen = True
        # the client may have learnt on the way that the bucket lies in another region
        self._wire.readdress()
        probe = ObjectDescription("check", 1, "application/octet-stream", {}, {"Check": "True"})
        upload_id = self._writer.create(self._base + PROBE, probe)
        self._writer.abort(self._base + PROBE, upload_id)

    def put(
        self, key: str, description: ObjectDescription, data: memoryview, checksum: bytes
    ) -> StoredObject:
        """As the contract says, up to 5 GiB: one write, and one look at what is stored.

        After ServiceUnavailable or Throttled it may be called again: an object that a lost answer
        had made visible is recognised as ours then.
        """
        commit = self._commit(key, description)
        part = self._writer.part(key, 1, data, checksum)
        with self._lock:
            commit.in_doubt = key in self._in_doubt
            self._in_doubt.discard(key)
        try:
            return commit.make(
                lambda: self._writer.put(commit.full_key, description, data, part.checksum),
                Expected(key, part.length, to_text(part.checksum)),
            )
        except (ServiceUnavailable, Throttled):
            with self._lock:
                self._in_doubt.add(key)
            raise

    def begin(self, key: str, description: ObjectDescription, *, part_size: int) -> S3Upload:
        """Start an object. `part_size` is 5 MiB to 5 GiB, and there are at most 10,000 parts.

        An upload whose process dies stays in the bucket until somebody goes on with it or the
        bucket's own rule for incomplete uploads ends it.
        """
        _require_part_size(part_size)
        commit = self._commit(key, description)
        return S3Upload(commit, part_size, self._writer.create(commit.full_key, description))

    def resume(
        self, key: str, description: ObjectDescription, *, part_size: int, token: str
    ) -> S3Upload | None:
        """As the contract says; whether another process is at it, S3 cannot tell."""
        _require_part_size(part_size)
        commit = self._commit(key, description)
        if not token or not self._writer.exists(commit.full_key, token):
            return None
        return S3Upload(commit, part_size, token)

    def _commit(self, key: str, description: ObjectDescription) -> S3Commit:
        return S3Commit(self._writer, key, self._base + require_key(key), description)

    def head(self, key: str) -> StoredObject | None:
        """What lies at `key`, with the full-object CRC64NVME where the service keeps one."""
        seen = self._writer.head(self._base + require_key(key), "looking at " + key)
        if seen is None:
            self._require_bucket()
            return None
        return self._writer.report(key, seen)

    def describe(self, key: str) -> ObjectRecord | None:
        """As the contract says, by one HEAD; the size of the source is noted in the metadata."""
        seen = self._writer.head(self._base + require_key(key), "looking at " + key)
        if seen is None:
            self._require_bucket()
            return None
        metadata = s3_metadata.decode(seen.metadata)
        size = metadata.get("source-size", "")
        noted = Noted(int(size)) if size.isascii() and size.isdecimal() else Noted()
        return ObjectRecord(self._writer.report(key, seen), metadata, noted)

    def unfinished_uploads(self) -> Iterator[UnfinishedUpload]:
        """All multipart uploads below the prefix: who writes at one, S3 cannot tell."""
        for full_key, upload_id, begun_at in self._writer.unfinished(self._base):
            key = full_key.removeprefix(self._base)
            yield UnfinishedUpload(upload_id, key, begun_at)

    def discard(self, upload: UnfinishedUpload) -> bool:
        """As the contract says, where the upload is still there."""
        full_key = self._base + require_key(upload.key or "")
        if not self._writer.exists(full_key, upload.token):
            return False
        self._writer.abort(full_key, upload.token)
        return True

    def _require_bucket(self) -> None:
        # a HEAD for an object answers the same 404 when the bucket itself is missing
        if not self._bucket_seen:
            with translated("looking for the bucket", self._place):
                self._client.head_bucket(Bucket=self._bucket)
            self._bucket_seen = True

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        """All objects whose key starts with `prefix`, in the order of their code points.

        Keys that end in a slash are folder marks of other programs, not objects of an archive.
        """
        found = self._listed(prefix)
        if self._dialect.lists_in_order:
            return found
        return iter(sorted(found, key=lambda stored: stored.key))

    def _listed(self, prefix: str) -> Iterator[StoredObject]:
        pages = iter(
            self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self._bucket, Prefix=self._base + prefix
            )
        )
        while True:
            with translated("listing", self._place):
                page = next(pages, None)
            if page is None:
                return
            for row in page.get("Contents", ()):
                key = row["Key"].removeprefix(self._base)
                if key and not key.endswith("/"):
                    yield StoredObject(key, row["Size"])

    def open(self, key: str) -> BinaryIO:
        full_key = self._base + require_key(key)
        with translated("reading " + key, self._place):
            try:
                answer = self._client.get_object(Bucket=self._bucket, Key=full_key)
            except self._client.exceptions.ClientError as error:
                if code_of(error) in ("NoSuchKey", "404"):
                    raise FileNotFoundError(key) from None
                raise
        return io.BufferedReader(_Body(answer["Body"], key, self._place))


def _require_part_size(part_size: int) -> None:
    if not LEAST_PART_SIZE <= part_size <= GREATEST_PART_SIZE:
        raise ValueError(f"S3 takes parts of 5 MiB to 5 GiB, not of {part_size} bytes")


class _Body(io.RawIOBase):
    """The body of an object; a connection that breaks is told in our own errors."""

    def __init__(self, body: Any, key: str, place: Place) -> None:
        self._body = body
        self._key = key
        self._place = place

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with translated("reading " + self._key, self._place):
            data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._body.close()
        super().close()


def connect(
    bucket: str,
    prefix: str = "",
    *,
    storage_class: str | None = None,
    later_classes: Sequence[str] = (),
    dialect: str | None = None,
    connections: int = 16,
    attempts: int = 3,
    client_options: Mapping[str, Any] | None = None,
) -> S3Archive:
    """The archive in `bucket` under `prefix`, with the AWS SDK's own settings.

    Endpoint, region, profile and credentials come from `AWS_*` and `~/.aws`, or from
    `client_options` (as boto3's `client` takes them). `dialect` names a row of `s3_dialects`,
    which is found by the endpoint's host otherwise. `later_classes` are those that the bucket's
    lifecycle rule moves objects to. `connections` is how many threads may call at once.
    Raises MissingExtra without the SDK, and UsageError where the settings do not fit together.
    """
    place = Place(f"s3://{bucket}/{prefix}".rstrip("/"), bucket)
    connected = open_client(
        place,
        "writing to S3",
        dialect=dialect,
        connections=connections,
        attempts=attempts,
        client_options=client_options,
    )
    for needed in filter(None, (storage_class, *later_classes)):
        require_storage_class(needed, connected.dialect, place)
    return S3Archive(
        connected.client,
        bucket,
        prefix,
        storage_class=storage_class,
        dialect=connected.dialect,
        ca_bundle=connected.ca_bundle,
    )
