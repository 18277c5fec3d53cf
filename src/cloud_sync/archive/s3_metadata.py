"""What S3 keeps beside an object: metadata as headers, tags as a query string.

Metadata travels in HTTP headers: ASCII, and 2 KB for all names and values together. Values are
percent-encoded UTF-8, with printable ASCII other than blank and `%` left as it is; decoding gives
the text back. A value too long for the room that is left is cut at the end, at a whole character:
a long file name must never keep a file out of the archive.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, unquote, urlencode

from cloud_sync.archive.base import ObjectDescription

MEDIA_ID = "media-id"
FILE_NUMBER = "file-number"

LIMIT = 2048
"""Bytes for the names and values of an object's metadata together."""

TAG_LIMIT = 10
"""Tags that one object may bear."""

_AS_IS = "!\"#$&'()*+,/:;<=>?@[\\]^`{|}"


def encode(description: ObjectDescription) -> dict[str, str]:
    """The metadata headers of an object, without their `x-amz-meta-`."""
    encoded = {
        MEDIA_ID: _encode_value(description.media_id),
        FILE_NUMBER: str(description.file_number),
    }
    room = LIMIT - sum(len(name) + len(value) for name, value in encoded.items())
    shortest_first = sorted(description.metadata.items(), key=lambda pair: len(pair[1]))
    for name, value in shortest_first:
        if name in encoded:
            raise ValueError(f"metadata name {name} is taken")
        cut = _cut(value, room - len(name))
        if cut or not value:
            encoded[name] = cut
            room -= len(name) + len(cut)
    return encoded


def _encode_value(value: str) -> str:
    return quote(value, safe=_AS_IS, errors="replace")


def _cut(value: str, room: int) -> str:
    cut = ""
    for char in value:
        cut += _encode_value(char)
        if len(cut) > room:
            return cut[: -len(_encode_value(char))]
    return cut


def decode(headers: Mapping[str, str]) -> dict[str, str]:
    """The inverse of `encode` for names and values as S3 gives them back."""
    return {name.lower(): unquote(value) for name, value in headers.items()}


def identity(headers: Mapping[str, str]) -> tuple[str | None, int | None]:
    """Media id and file number of an object; None for what it does not bear."""
    decoded = decode(headers)
    number = decoded.get(FILE_NUMBER, "")
    return decoded.get(MEDIA_ID), int(number) if number.isdecimal() else None


def is_cold(headers: Mapping[str, str]) -> bool:
    """Whether an object must be restored before it can be read, by the headers of a HEAD.

    As Amazon documents them: the storage class or, in Intelligent-Tiering, the archive status
    says where the object lies, and `x-amz-restore` that a restored copy is there. GLACIER_IR is
    read at once.
    """
    said = {name.lower(): value for name, value in headers.items()}
    if 'ongoing-request="false"' in said.get("x-amz-restore", ""):
        return False
    in_archive_class = said.get("x-amz-storage-class") in ("GLACIER", "DEEP_ARCHIVE")
    return in_archive_class or "x-amz-archive-status" in said


def tag_query(tags: Mapping[str, str]) -> str:
    """Tags as the `x-amz-tagging` header wants them."""
    if len(tags) > TAG_LIMIT:
        raise ValueError(f"an object bears at most {TAG_LIMIT} tags, not {len(tags)}")
    return urlencode(tags, quote_via=quote, safe="")
