"""Where an archive lies, as a person writes it: a folder, or `s3://bucket/prefix`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloud_sync.errors import UsageError

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_SCHEME = re.compile(r"([a-zA-Z][a-zA-Z0-9+.-]*)://")
_EXAMPLES = "give a folder (/mnt/archive) or a bucket (s3://my-bucket/prefix)"


@dataclass(frozen=True, slots=True)
class FolderDestination:
    """A folder on this machine; `path` is as written, not yet made absolute."""

    path: str


@dataclass(frozen=True, slots=True)
class BucketDestination:
    """A bucket of an S3-compatible service; `prefix` bears no slash at either end."""

    bucket: str
    prefix: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")


Destination = FolderDestination | BucketDestination


def parse_destination(text: str) -> Destination:
    """Read DEST; UsageError says what is wrong with it and what would be right."""
    text = text.strip()
    if not text:
        raise UsageError("the destination is empty", hint=_EXAMPLES)
    scheme = _SCHEME.match(text)
    if scheme is None:
        if text.startswith("s3:"):
            raise UsageError(
                f"the destination {text!r} looks like a bucket but is not", hint=_EXAMPLES
            )
        return FolderDestination(text)
    if scheme[1].lower() == "file":
        return _folder(text[len("file://") :], text)
    if scheme[1].lower() != "s3":
        raise UsageError(
            f"the destination {scheme[1]}://… is of a kind that cloud-sync cannot write to",
            hint=_EXAMPLES,
        )
    return _bucket(text[len("s3://") :], text)


def _folder(path: str, text: str) -> FolderDestination:
    if not path.startswith("/"):
        raise UsageError(f"the destination {text!r} names no absolute path", hint=_EXAMPLES)
    return FolderDestination(path)


def _bucket(rest: str, text: str) -> BucketDestination:
    bucket, _, prefix = rest.partition("/")
    if not _BUCKET.fullmatch(bucket) or ".." in bucket:
        raise UsageError(
            f"the destination {text!r} names no valid bucket: 3 to 63 lower-case letters, digits, "
            "dots and hyphens",
            hint=_EXAMPLES,
        )
    segments = [segment for segment in prefix.split("/") if segment]
    if any(segment in (".", "..") for segment in segments):
        raise UsageError(f"the prefix in {text!r} has '.' or '..' in it", hint=_EXAMPLES)
    return BucketDestination(bucket, "/".join(segments))
