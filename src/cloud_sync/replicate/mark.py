"""What a copy says of its own origin, in its metadata.

By it a later copy knows which version of the source lies at the destination, also where the
destination's ETag says nothing, and an event of our own write is told from an owner's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from cloud_sync.replicate.store import ObjectVersion, StoredVersion

NAME = "cloud-sync-copied-from"
"""The name of the metadata; the value is `object version etag`, parted by blanks."""

ROOM = 2048
"""Bytes that S3 takes for all names and values of an object's metadata together."""

_NO_VERSION = "-"


@dataclass(frozen=True, slots=True)
class Mark:
    """`origin` is a digest of the source's bucket and key: a key itself may be too long to bear.

    `version_id` is None where the source's bucket keeps no versions; `etag` is without quotes.
    """

    origin: str
    version_id: str | None
    etag: str

    @classmethod
    def of(cls, source: StoredVersion) -> Mark:
        """The mark of a copy of `source`."""
        return cls(origin_of(source.at), source.at.version_id, source.etag.strip('"'))

    def __str__(self) -> str:
        return f"{self.origin} {self.version_id or _NO_VERSION} {self.etag}"


def origin_of(at: ObjectVersion) -> str:
    """What the marks of all copies of an object share."""
    name = f"{at.bucket}/{at.key}".encode("utf-8", "surrogatepass")
    return sha256(name).hexdigest()[:24]


def mark_of(metadata: Mapping[str, str]) -> Mark | None:
    """The mark that an object bears, None where it is no copy of ours."""
    fields = metadata.get(NAME, "").split(" ")
    if len(fields) != 3 or not all(fields):
        return None
    origin, version, etag = fields
    return Mark(origin, None if version == _NO_VERSION else version, etag)


def marked(metadata: Mapping[str, str], source: StoredVersion) -> dict[str, str] | None:
    """The owner's metadata with our mark.

    None where there is no room left for it, or where the metadata is no ASCII: only the service
    itself can copy such as it is.
    """
    bearing = {**metadata, NAME: str(Mark.of(source))}
    text = "".join(name + value for name, value in bearing.items())
    return bearing if len(text) <= ROOM and text.isascii() else None
