"""The requests that write a bucket's objects, spoken in the service's dialect."""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import md5
from typing import TYPE_CHECKING, Any

from cloud_sync.archive import s3_metadata
from cloud_sync.archive.base import ObjectDescription, StoredObject
from cloud_sync.archive.checksum import to_text
from cloud_sync.archive.s3_dialects import Dialect
from cloud_sync.archive.s3_errors import Place, code_of, translated

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class _Window(io.RawIOBase):
    """A caller's buffer as a file that the SDK sends and, for another try, rewinds: no copy."""

    def __init__(self, data: memoryview) -> None:
        self._data = data.cast("B")
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._data[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence]
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at


@dataclass(frozen=True, slots=True)
class Written:
    """What the service answered to the write that made the object visible."""

    etag: str
    version: str | None
    checksum: str | None


class S3Writer:
    """The calls that write one bucket's objects, in the service's dialect."""

    def __init__(
        self,
        client: S3Client,
        bucket: str,
        storage_class: str | None,
        dialect: Dialect,
        place: Place,
    ) -> None:
        self._client = client
        self._bucket = bucket
        self._storage_class = storage_class
        self.dialect = dialect
        self.place = place

    def headers(self, key: str, description: ObjectDescription) -> dict[str, Any]:
        """What every way of writing an object says about it."""
        headers: dict[str, Any] = {
            "Bucket": self._bucket,
            "Key": key,
            "ContentType": description.content_type,
            "Metadata": s3_metadata.encode(description),
        }
        tags = s3_metadata.tag_query(description.tags)
        if tags and self.dialect.tags:
            headers["Tagging"] = tags
        if self._storage_class:
            headers["StorageClass"] = self._storage_class
        return headers

    def create(self, headers: Mapping[str, Any]) -> str:
        """Begin a multipart upload; its id. An answer that gets lost leaves one to expire."""
        proof: dict[str, Any] = {}
        if self.dialect.crc64nvme:
            proof = {"ChecksumAlgorithm": "CRC64NVME", "ChecksumType": "FULL_OBJECT"}
        with translated("beginning an upload", self.place):
            answer = self._client.create_multipart_upload(**headers, **proof)
        return answer["UploadId"]

    def put_part(
        self, key: str, upload_id: str, number: int, data: memoryview, checksum: bytes
    ) -> dict[str, Any]:
        """Send one part; how the completion names it."""
        with translated(f"storing part {number} of {key}", self.place):
            answer = self._client.upload_part(
                Bucket=self._bucket,
                Key=key,
                UploadId=upload_id,
                PartNumber=number,
                **self._body(data, checksum),
            )
        named = {"PartNumber": number, "ETag": answer["ETag"]}
        if self.dialect.crc64nvme:
            named["ChecksumCRC64NVME"] = to_text(checksum)
        return named

    def put(self, headers: Mapping[str, Any], data: memoryview, checksum: bytes) -> Written:
        """Write the whole object in one request."""
        answer = self._client.put_object(
            **headers, **self._condition(), **self._body(data, checksum)
        )
        return _written(answer)

    def complete(
        self, key: str, upload_id: str, parts: Sequence[Any], size: int, checksum: str
    ) -> Written:
        """Make the object out of its parts."""
        extra: dict[str, Any] = {}
        if self.dialect.crc64nvme:
            extra |= {"ChecksumCRC64NVME": checksum, "ChecksumType": "FULL_OBJECT"}
        if self.dialect.declared_size:
            extra["MpuObjectSize"] = size
        answer = self._client.complete_multipart_upload(
            Bucket=self._bucket,
            Key=key,
            UploadId=upload_id,
            MultipartUpload={"Parts": parts},
            **self._condition(),
            **extra,
        )
        return _written(answer)

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

    def head(self, key: str, doing: str, version: str | None = None) -> Mapping[str, Any] | None:
        """The service's answer about the object (or one version of it), None where none is."""
        options: dict[str, Any] = {"ChecksumMode": "ENABLED"} if self.dialect.crc64nvme else {}
        if version:
            options["VersionId"] = version
        with translated(doing, self.place):
            try:
                return self._client.head_object(Bucket=self._bucket, Key=key, **options)
            except self._client.exceptions.ClientError as error:
                if code_of(error) in ("404", "NoSuchKey"):
                    return None
                raise

    def report(self, key: str, found: Mapping[str, Any]) -> StoredObject:
        """An answer of `head` in the words of the contract."""
        media_id, number = s3_metadata.identity(found.get("Metadata", {}))
        return StoredObject(key, found["ContentLength"], _full_checksum(found), media_id, number)

    def delete(self, key: str, version: str | None) -> None:
        """Remove the object, or just the version where the bucket keeps versions."""
        exact: dict[str, Any] = {"VersionId": version} if version else {}
        with translated(f"removing {key}", self.place):
            self._client.delete_object(Bucket=self._bucket, Key=key, **exact)

    def _condition(self) -> dict[str, Any]:
        return {"IfNoneMatch": "*"} if self.dialect.conditional_writes else {}

    def _body(self, data: memoryview, checksum: bytes) -> dict[str, Any]:
        """The bytes, and what lets the service verify them."""
        if self.dialect.crc64nvme:
            return {"Body": _Window(data), "ChecksumCRC64NVME": to_text(checksum)}
        digest = md5(data, usedforsecurity=False).digest()
        return {"Body": _Window(data), "ContentMD5": b64encode(digest).decode("ascii")}


def _written(answer: Mapping[str, Any]) -> Written:
    return Written(answer["ETag"], answer.get("VersionId"), _full_checksum(answer))


def _full_checksum(answer: Mapping[str, Any]) -> str | None:
    """The full-object CRC64NVME in an answer; a checksum of checksums is none."""
    checksum = answer.get("ChecksumCRC64NVME")
    if checksum is None or "-" in checksum or answer.get("ChecksumType") == "COMPOSITE":
        return None
    return str(checksum)
