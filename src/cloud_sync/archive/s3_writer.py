"""The requests that write a bucket's objects, spoken in the service's dialect."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from hashlib import md5
from http.client import HTTPMessage
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tenacity import (
    Retrying,
    retry_if_exception_type,
    stop_after_attempt,
    wait_random_exponential,
)

from cloud_sync.archive import s3_metadata
from cloud_sync.archive.base import KeptPart, ObjectDescription, StoredObject
from cloud_sync.archive.checksum import Part, from_text, to_text
from cloud_sync.archive.s3_dialects import Dialect
from cloud_sync.archive.s3_errors import Place, code_of, translated
from cloud_sync.archive.s3_wire import S3Wire
from cloud_sync.archive.verify import announced_part, require_part
from cloud_sync.errors import ServiceUnavailable, Throttled

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_META = "x-amz-meta-"


@dataclass(frozen=True, slots=True)
class Written:
    """What the service answered to the write that made the object visible."""

    etag: str
    version: str | None
    checksum: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What the service says of an object that lies at a key; `metadata` as it travels."""

    size: int
    etag: str
    checksum: str | None
    metadata: Mapping[str, str]
    cold: bool = False


@dataclass(frozen=True, slots=True)
class Named:
    """How the completion names a part."""

    number: int
    receipt: str
    checksum: bytes


class S3Writer:
    """The calls that write one bucket's objects, in the service's dialect.

    Those that each part or small object needs go by the wire, the others by the SDK's client.
    """

    def __init__(
        self,
        client: S3Client,
        wire: S3Wire,
        bucket: str,
        storage_class: str | None,
        dialect: Dialect,
        place: Place,
    ) -> None:
        self._client = client
        self._wire = wire
        self._bucket = bucket
        self._storage_class = storage_class
        self.dialect = dialect
        self.place = place

    def create(self, key: str, description: ObjectDescription) -> str:
        """Begin a multipart upload; its id. An answer that gets lost leaves one to expire."""
        said: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": key,
            "ContentType": description.content_type,
            "Metadata": s3_metadata.encode(description),
        }
        tags = self._tags(description)
        if tags:
            said["Tagging"] = tags
        if self._storage_class:
            said["StorageClass"] = self._storage_class
        if self.dialect.crc64nvme:
            said |= {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}
        with translated("beginning an upload", self.place):
            answer = self._client.create_multipart_upload(**said)
        return answer["UploadId"]

    def put_part(
        self, key: str, upload_id: str, number: int, data: memoryview, checksum: bytes
    ) -> str:
        """Send one part; its ETag without quotes."""
        query = f"partNumber={number}&uploadId={quote(upload_id, safe='-._~')}"
        with translated(f"storing part {number} of {key}", self.place):
            answer = self._wire.request(
                "UploadPart", key, self._proof(data, checksum), query=query, body=data
            )
        return _etag(answer).strip('"')

    def put(
        self, key: str, description: ObjectDescription, data: memoryview, checksum: bytes
    ) -> Written:
        """Write the whole object in one request; raises the SDK's own exceptions."""
        headers = {"Content-Type": description.content_type, **self._proof(data, checksum)}
        for name, value in s3_metadata.encode(description).items():
            headers[_META + name] = value
        tags = self._tags(description)
        if tags:
            headers["x-amz-tagging"] = tags
        if self._storage_class:
            headers["x-amz-storage-class"] = self._storage_class
        if self.dialect.conditional_writes:
            headers["If-None-Match"] = "*"
        answer = self._wire.request("PutObject", key, headers, body=data)
        return Written(_etag(answer), answer.get("x-amz-version-id"), _checksum_in(answer))

    def parts(self, key: str, upload_id: str) -> dict[int, KeptPart]:
        """What the service holds of an upload, by the pages of its listing.

        A number that the service lists twice is left out: SeaweedFS keeps both versions of a part
        that was put again, and says of neither that it counts.
        """
        found: dict[int, KeptPart] = {}
        twice = set()
        with translated("asking for the parts of an upload", self.place):
            pages = self._client.get_paginator("list_parts").paginate(
                Bucket=self._bucket, Key=key, UploadId=upload_id
            )
            for page in pages:
                for row in page.get("Parts", ()):
                    number = row["PartNumber"]
                    if number in found:
                        twice.add(number)
                    found[number] = KeptPart(row["Size"], _part_checksum(row), _receipt(row))
        return {number: part for number, part in found.items() if number not in twice}

    def exists(self, key: str, upload_id: str) -> bool:
        """Whether the service still knows the upload."""
        with translated("looking for an upload", self.place):
            try:
                self._client.list_parts(
                    Bucket=self._bucket, Key=key, UploadId=upload_id, MaxParts=1
                )
            except self._client.exceptions.ClientError as error:
                if code_of(error) in ("NoSuchUpload", "404"):
                    return False
                raise
        return True

    def complete(
        self, key: str, upload_id: str, parts: Sequence[Named], size: int, checksum: str
    ) -> Written:
        """Make the object out of its parts; raises the SDK's own exceptions."""
        extra: dict[str, Any] = {}
        if self.dialect.crc64nvme:
            extra |= {"ChecksumCRC64NVME": checksum, "ChecksumType": "FULL_OBJECT"}
        if self.dialect.declared_size:
            extra["MpuObjectSize"] = size
        if self.dialect.conditional_writes:
            extra["IfNoneMatch"] = "*"
        answer = self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={"Parts": [self._named(part) for part in parts]},
            **extra,
        )
        full = _full_checksum(answer.get("ChecksumCRC64NVME"), answer.get("ChecksumType"))
        return Written(answer["ETag"], answer.get("VersionId"), full)

    def _named(self, part: Named) -> Any:
        named: dict[str, Any] = {"PartNumber": part.number, "ETag": f'"{part.receipt}"'}
        if self.dialect.crc64nvme:
            named["ChecksumCRC64NVME"] = to_text(part.checksum)
        return named

    def abort(self, key: str, upload_id: str) -> None:
        """Throw the parts away; nothing happens where the upload is gone already."""
        with translated("discarding an upload", self.place):
            try:
                self._client.abort_multipart_upload(
                    Bucket=self._bucket, Key=key, UploadId=upload_id
                )
            except self._client.exceptions.ClientError as error:
                if code_of(error) not in ("NoSuchUpload", "404"):
                    raise

    def head(self, key: str, doing: str, version: str | None = None) -> Seen | None:
        """The service's answer about the object (or one version of it), None where none is.

        Tried as often as the SDK is told to try its own requests.
        """
        return self._patience()(self._head, key, doing, version)

    def _patience(self) -> Retrying:
        config: Any = self._client.meta.config
        return Retrying(
            stop=stop_after_attempt((config.retries or {}).get("total_max_attempts", 3)),
            wait=wait_random_exponential(multiplier=0.5, max=20),
            retry=retry_if_exception_type((ServiceUnavailable, Throttled)),
            reraise=True,
        )

    def _head(self, key: str, doing: str, version: str | None) -> Seen | None:
        headers = {"x-amz-checksum-mode": "ENABLED"} if self.dialect.crc64nvme else {}
        query = f"versionId={quote(version, safe='-._~')}" if version else ""
        with translated(doing, self.place):
            try:
                answer = self._wire.request("HeadObject", key, headers, query=query)
            except self._client.exceptions.ClientError as error:
                if code_of(error) in ("404", "NoSuchKey"):
                    return None
                raise
        if not answer.get("Content-Length", "").isdecimal():
            raise ServiceUnavailable(f"{doing} in {self.place.location}: the answer has no size")
        return _seen(answer)

    def report(self, key: str, seen: Seen) -> StoredObject:
        """An answer of `head` in the words of the contract."""
        media_id, number = s3_metadata.identity(seen.metadata)
        return StoredObject(key, seen.size, seen.checksum, media_id, number, seen.cold)

    def unfinished(self, prefix: str) -> Iterator[tuple[str, str, datetime]]:
        """Key, id and time of beginning of each multipart upload below the prefix."""
        pages = iter(
            self._client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self._bucket, Prefix=prefix
            )
        )
        while True:
            with translated("listing unfinished uploads", self.place):
                page = next(pages, None)
            if page is None:
                return
            for row in page.get("Uploads", ()):
                yield row["Key"], row["UploadId"], row["Initiated"]

    def delete(self, key: str, version: str | None) -> None:
        """Remove the object, or just the version where the bucket keeps versions."""
        exact: dict[str, Any] = {"VersionId": version} if version else {}
        with translated(f"removing {key}", self.place):
            self._client.delete_object(Bucket=self._bucket, Key=key, **exact)

    def part(self, key: str, number: int, data: memoryview, checksum: bytes) -> Part:
        """The part to send. Its CRC64NVME is verified here only where the service does not:
        that takes as long as a tenth of sending it."""
        check = announced_part if self.dialect.crc64nvme else partial(require_part, key)
        return check(number, data, checksum)

    def _tags(self, description: ObjectDescription) -> str:
        tags = s3_metadata.tag_query(description.tags)
        return tags if self.dialect.tags else ""

    def _proof(self, data: memoryview, checksum: bytes) -> dict[str, str]:
        """What lets the service verify the bytes."""
        if self.dialect.crc64nvme:
            return {"x-amz-checksum-crc64nvme": to_text(checksum)}
        digest = md5(data, usedforsecurity=False).digest()
        return {"Content-MD5": b64encode(digest).decode("ascii")}


def _seen(answer: HTTPMessage) -> Seen:
    metadata = {
        name[len(_META) :]: value
        for name, value in answer.items()
        if name.lower().startswith(_META)
    }
    return Seen(
        int(answer["Content-Length"]),
        _etag(answer),
        _checksum_in(answer),
        metadata,
        s3_metadata.is_cold(dict(answer.items())),
    )


def _etag(answer: HTTPMessage) -> str:
    return answer.get("ETag", "")


def _checksum_in(answer: HTTPMessage) -> str | None:
    return _full_checksum(answer.get("x-amz-checksum-crc64nvme"), answer.get("x-amz-checksum-type"))


def _full_checksum(checksum: str | None, kind: str | None) -> str | None:
    """The full-object CRC64NVME in an answer; a checksum of checksums is none."""
    if checksum is None or "-" in checksum or kind == "COMPOSITE":
        return None
    return checksum


def _receipt(row: Mapping[str, Any]) -> str:
    return str(row["ETag"]).strip('"')


def _part_checksum(row: Mapping[str, Any]) -> bytes | None:
    """A part's own CRC64NVME in a listing, None where the service lists none."""
    try:
        return from_text(row["ChecksumCRC64NVME"])
    except (KeyError, ValueError):
        return None
