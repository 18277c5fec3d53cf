"""Buckets of S3, or of a service that speaks its protocol, as places to copy between."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import md5
from typing import TYPE_CHECKING, Any

from cloud_sync.archive import s3_metadata
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.s3_client import endpoint_of, open_client
from cloud_sync.archive.s3_dialects import Dialect
from cloud_sync.archive.s3_errors import Place, code_of
from cloud_sync.errors import StreamBroken
from cloud_sync.replicate.failures import StoreRefused
from cloud_sync.replicate.s3_answers import (
    checksum_in,
    is_about,
    listed,
    quoted,
    stored_version,
    version_in,
)
from cloud_sync.replicate.s3_refusals import NOT_FOUND, is_missing, no_such_bucket, told
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

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

CRC64NVME = "CRC64NVME"
_WHOLE = frozenset({CRC64NVME, "CRC32", "CRC32C"})
"""Algorithms whose full-object form S3 keeps for uploads in parts, as Amazon documents it."""


class S3Store:
    """`ObjectStore` over one client. Threads may call at once.

    `conditional` says that the service is asked to keep conditions; whether one that is not AWS
    does so is its own business (see `s3_dialects`): SeaweedFS was seen to, ministack ignores them
    on a copy.
    """

    def __init__(self, client: S3Client, dialect: Dialect, *, account: str = "") -> None:
        self._client: Any = client
        self._dialect = dialect
        self._endpoint = endpoint_of(client, dialect)
        self.service = (self._endpoint or "aws") + (f" as {account}" if account else "")
        self.conditional = dialect.conditional_copies
        self.unproven = dialect.unproven
        self._seen: set[str] = set()

    def close(self) -> None:
        """Let go of the connections; may be called twice."""
        self._client.close()

    def head(self, at: ObjectVersion) -> StoredVersion | None:
        mode = {"ChecksumMode": "ENABLED"} if self._dialect.crc64nvme else {}
        with told(f"looking at {at.key}", self._place(at.bucket)):
            try:
                answer = self._client.head_object(**_named(at), **mode)
            except self._client.exceptions.ClientError as error:
                if not is_missing(error, of_version=at.version_id is not None):
                    raise
                answer = None
        if answer is None:
            self._require_bucket(at.bucket)
            return None
        self._seen.add(at.bucket)
        return stored_version(at, answer) if is_about(at, answer) else None

    def _require_bucket(self, bucket: str) -> None:
        # a HEAD for an object answers the same 404 when the bucket itself is missing
        if bucket in self._seen:
            return
        place = self._place(bucket)
        with told("looking for the bucket", place):
            try:
                self._client.head_bucket(Bucket=bucket)
            except self._client.exceptions.ClientError as error:
                if code_of(error) in NOT_FOUND:
                    raise no_such_bucket(f"looking into s3://{bucket}: ", place) from None
                raise
        self._seen.add(bucket)

    def tags(self, at: ObjectVersion) -> Mapping[str, str]:
        """The object's tags; none where the service knows no tags."""
        if not self._dialect.tags:
            return {}
        with told(f"reading the tags of {at.key}", self._place(at.bucket)):
            answer = self._client.get_object_tagging(**_named(at))
        return {tag["Key"]: tag["Value"] for tag in answer["TagSet"]}

    def read(self, stored: StoredVersion, start: int, length: int) -> bytes:
        with told(f"reading {stored.at.key}", self._place(stored.at.bucket)):
            # a range of no bytes cannot be asked for
            span = {"Range": f"bytes={start}-{start + length - 1}"} if length else {}
            answer = self._client.get_object(**_named(stored.at), **span, IfMatch=stored.etag)
            with answer["Body"] as body:
                data = bytes(body.read())
        if len(data) != length:
            raise StreamBroken(
                f"reading {stored.at}: {len(data)} bytes came instead of {length}",
                got=len(data),
                expected=length,
            )
        return data

    def versions(self, bucket: str, prefix: str) -> Iterator[ListedVersion]:
        pages = iter(
            self._client.get_paginator("list_object_versions").paginate(
                Bucket=bucket, Prefix=prefix
            )
        )
        while True:
            with told("listing the versions", self._place(bucket)):
                page = next(pages, None)
            if page is None:
                return
            for row in page.get("Versions", ()):
                yield listed(bucket, row)

    def copy(self, to: ObjectVersion, what: Description, expected: Expected) -> str | None:
        source = what.source
        said: dict[str, Any] = {**_copied_from(source), **self._condition(expected)}
        if what.metadata is not None:
            said |= {"MetadataDirective": "REPLACE", "Metadata": what.metadata, **source.headers}
        if what.storage_class:
            said["StorageClass"] = what.storage_class
        if self._dialect.crc64nvme:
            said["ChecksumAlgorithm"] = _algorithm_like(source.checksum)
        with told(f"copying {source.at} to {to.key}", self._place(to.bucket)):
            answer = self._client.copy_object(Bucket=to.bucket, Key=to.key, **said)
        return version_in(answer)

    def begin(
        self, to: ObjectVersion, what: Description, tags: Mapping[str, str], *, ours: bool
    ) -> Upload:
        said = self._described(what, tags)
        if self._dialect.crc64nvme:
            kept = what.source.checksum
            known = kept.algorithm if kept and kept.whole and kept.algorithm in _WHOLE else None
            wanted = CRC64NVME if ours or known is None else known
            said |= {"ChecksumAlgorithm": wanted, "ChecksumType": "FULL_OBJECT"}
        with told(f"beginning an upload of {to.key}", self._place(to.bucket)):
            answer = self._client.create_multipart_upload(Bucket=to.bucket, Key=to.key, **said)
        promised = answer.get("ChecksumType", "FULL_OBJECT") == "FULL_OBJECT"
        algorithm = said.get("ChecksumAlgorithm") if promised else None
        return Upload(to.bucket, to.key, answer["UploadId"], algorithm)

    def copy_part(
        self, upload: Upload, number: int, source: StoredVersion, start: int, length: int
    ) -> Part:
        with told(f"copying part {number} of {source.at}", self._place(upload.bucket)):
            answer = self._client.upload_part_copy(
                **_of_upload(upload),
                PartNumber=number,
                CopySourceRange=f"bytes={start}-{start + length - 1}",
                **_copied_from(source),
            )
        done = answer["CopyPartResult"]
        return Part(number, quoted(done["ETag"]), checksum_in(done))

    def put_part(self, upload: Upload, number: int, data: bytes) -> Part:
        with told(f"storing part {number} of {upload.key}", self._place(upload.bucket)):
            answer = self._client.upload_part(
                **_of_upload(upload), PartNumber=number, Body=data, **self._proof(data)
            )
        checksum = Checksum(CRC64NVME, to_text(part_checksum(data)))
        return Part(number, quoted(answer["ETag"]), checksum if self._dialect.crc64nvme else None)

    def complete(
        self,
        upload: Upload,
        parts: Sequence[Part],
        size: int,
        checksum: Checksum | None,
        expected: Expected,
    ) -> str | None:
        said: dict[str, Any] = dict(self._condition(expected))
        if self._dialect.declared_size:
            said["MpuObjectSize"] = size
        if checksum and checksum.whole and checksum.algorithm == upload.algorithm:
            said |= {f"Checksum{checksum.algorithm}": checksum.value}
            said |= {"ChecksumType": "FULL_OBJECT"}
        named = [_named_part(part) for part in sorted(parts, key=lambda part: part.number)]
        with told(f"completing {upload.key}", self._place(upload.bucket)):
            answer = self._client.complete_multipart_upload(
                **_of_upload(upload), MultipartUpload={"Parts": named}, **said
            )
        return version_in(answer)

    def abort(self, upload: Upload) -> None:
        with told(f"discarding an upload of {upload.key}", self._place(upload.bucket)):
            try:
                self._client.abort_multipart_upload(**_of_upload(upload))
            except self._client.exceptions.ClientError as error:
                if code_of(error) not in ("NoSuchUpload", "404"):
                    raise

    def put(
        self,
        to: ObjectVersion,
        data: bytes,
        what: Description,
        tags: Mapping[str, str],
        expected: Expected,
    ) -> str | None:
        said = {**self._described(what, tags), **self._proof(data), **self._condition(expected)}
        with told(f"storing {to.key}", self._place(to.bucket)):
            answer = self._client.put_object(Bucket=to.bucket, Key=to.key, Body=data, **said)
        return version_in(answer)

    def remove(self, at: ObjectVersion) -> None:
        with told(f"removing {at.key}", self._place(at.bucket)):
            self._client.delete_object(**_named(at))

    def _described(self, what: Description, tags: Mapping[str, str]) -> dict[str, Any]:
        metadata = what.source.metadata if what.metadata is None else what.metadata
        if not all((name + value).isascii() for name, value in metadata.items()):
            raise StoreRefused(
                f"describing a copy of {what.source.at}: its metadata holds characters that only "
                "the service itself can copy, and only an object that it copies as a whole",
                hint="write its metadata anew in ASCII",
            )
        said: dict[str, Any] = {"Metadata": metadata, **what.source.headers}
        if tags and self._dialect.tags:
            said["Tagging"] = s3_metadata.tag_query(tags)
        if what.storage_class:
            said["StorageClass"] = what.storage_class
        return said

    def _condition(self, expected: Expected) -> dict[str, str]:
        if not self.conditional:
            return {}
        return {"IfNoneMatch": "*"} if expected.etag is None else {"IfMatch": expected.etag}

    def _proof(self, data: bytes) -> dict[str, str]:
        """What lets the service verify the bytes."""
        if self._dialect.crc64nvme:
            return {"ChecksumCRC64NVME": to_text(part_checksum(data))}
        digest = md5(data, usedforsecurity=False).digest()
        return {"ContentMD5": b64encode(digest).decode("ascii")}

    def _place(self, bucket: str) -> Place:
        return Place(f"s3://{bucket}", bucket, self._endpoint, self._dialect.name)


def _named(at: ObjectVersion) -> dict[str, str]:
    version = {"VersionId": at.version_id} if at.version_id else {}
    return {"Bucket": at.bucket, "Key": at.key, **version}


def _of_upload(upload: Upload) -> dict[str, str]:
    return {"Bucket": upload.bucket, "Key": upload.key, "UploadId": upload.upload_id}


def _copied_from(source: StoredVersion) -> dict[str, Any]:
    return {"CopySource": _named(source.at), "CopySourceIfMatch": source.etag}


def _named_part(part: Part) -> dict[str, Any]:
    named: dict[str, Any] = {"PartNumber": part.number, "ETag": part.etag}
    if part.checksum:
        named[f"Checksum{part.checksum.algorithm}"] = part.checksum.value
    return named


def _algorithm_like(checksum: Checksum | None) -> str:
    """The algorithm for a copy: the source's own, where that allows a comparison."""
    return checksum.algorithm if checksum and checksum.whole else CRC64NVME


def connect(
    *,
    dialect: str | None = None,
    connections: int = 32,
    attempts: int = 3,
    endpoint: str | None = None,
    profile: str | None = None,
    client_options: Mapping[str, Any] | None = None,
) -> S3Store:
    """The service that the AWS SDK's own settings point at, or `endpoint`, as `profile`.

    As for `archive.s3_client.open_client`.
    """
    options = {**(client_options or {}), **({"endpoint_url": endpoint} if endpoint else {})}
    connected = open_client(
        Place(endpoint or "S3", "", endpoint or ""),
        "copying objects",
        dialect=dialect,
        connections=connections,
        attempts=attempts,
        client_options=options,
        profile=profile,
    )
    return S3Store(connected.client, connected.dialect, account=profile or "")
