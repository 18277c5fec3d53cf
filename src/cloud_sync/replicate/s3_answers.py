"""What S3's answers about objects say, in the words of the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_sync.archive.s3_metadata import is_cold
from cloud_sync.replicate.store import Checksum, ListedVersion, ObjectVersion, StoredVersion

_ALGORITHMS = (
    "CRC64NVME",
    "CRC32C",
    "CRC32",
    "SHA256",
    "SHA512",
    "SHA1",
    "XXHASH64",
    "XXHASH3",
    "XXHASH128",
    "MD5",
)
_NULL = "null"
"""What S3 calls the version of an object that was written while its bucket kept none."""

_HEADERS = (
    "ContentType",
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "WebsiteRedirectLocation",
)
"""What an owner may say of an object beside its metadata; `Expires` comes as it was written."""


def stored_version(at: ObjectVersion, answer: Mapping[str, Any]) -> StoredVersion:
    """The answer to a look at an object."""
    headers = {name: str(answer[name]) for name in _HEADERS if answer.get(name)}
    if expires := answer.get("ExpiresString"):
        headers["Expires"] = str(expires)
    return StoredVersion(
        at=ObjectVersion(at.bucket, at.key, version_in(answer) or at.version_id),
        size=int(answer["ContentLength"]),
        etag=quoted(answer.get("ETag", "")),
        modified=answer["LastModified"],
        checksum=checksum_in(answer),
        headers=headers,
        metadata={name.lower(): value for name, value in answer.get("Metadata", {}).items()},
        cold=is_cold(answer.get("ResponseMetadata", {}).get("HTTPHeaders", {})),
    )


def is_about(at: ObjectVersion, answer: Mapping[str, Any]) -> bool:
    """Whether the answer is about the version that was asked for.

    A bucket of SeaweedFS that keeps no versions answers every one with what it has.
    """
    return at.version_id in (None, _NULL) or answer.get("VersionId") == at.version_id


def listed(bucket: str, row: Mapping[str, Any]) -> ListedVersion:
    """One row of a listing of versions."""
    return ListedVersion(
        ObjectVersion(bucket, row["Key"], version_in(row)),
        int(row["Size"]),
        quoted(row.get("ETag", "")),
        row["LastModified"],
        bool(row["IsLatest"]),
    )


def version_in(answer: Mapping[str, Any]) -> str | None:
    """The version's id; None where the bucket keeps none."""
    version = answer.get("VersionId")
    return None if version in (None, "", _NULL) else str(version)


def checksum_in(answer: Mapping[str, Any]) -> Checksum | None:
    """The checksum in an answer; composite ones bear the number of parts, or are named so."""
    for algorithm in _ALGORITHMS:
        value = answer.get(f"Checksum{algorithm}")
        if value:
            whole = "-" not in value and answer.get("ChecksumType") != "COMPOSITE"
            return Checksum(algorithm, value, whole)
    return None


def quoted(etag: str) -> str:
    """The ETag in its quotes; SeaweedFS answers a copy without them."""
    bare = etag.strip('"')
    return f'"{bare}"'
