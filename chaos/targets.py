"""Where the archive lies, looked at behind the product's back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import seaweedfs
from cloud_sync.archive.folder import MANIFEST, PRIVATE
from library_checks import files_under

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_BUCKET = "chaos"
_PREFIX = "archive/"


class Target(Protocol):
    """An archive as its storage has it."""

    @property
    def to(self) -> str:
        """What `--to` takes."""
        ...

    @property
    def settings(self) -> Mapping[str, str]:
        """The environment that the command needs for it."""
        ...

    def read(self, key: str) -> bytes: ...

    def keys(self) -> set[str]:
        """All that a user would see."""
        ...

    def leftovers(self) -> list[str]:
        """What unfinished work has left behind."""
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of this machine."""

    root: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def to(self) -> str:
        return str(self.root)

    def read(self, key: str) -> bytes:
        return (self.root / key).read_bytes()

    def keys(self) -> set[str]:
        return files_under(self.root)

    def leftovers(self) -> list[str]:
        """All files of the archive's own but its manifest."""
        private = self.root / PRIVATE
        own = (path.relative_to(private) for path in private.rglob("*") if path.is_file())
        return sorted(str(path) for path in own if str(path) != MANIFEST)


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of a real S3 server on loopback."""

    client: S3Client
    settings: Mapping[str, str]

    @property
    def to(self) -> str:
        return f"s3://{_BUCKET}/{_PREFIX}"

    def read(self, key: str) -> bytes:
        return self.client.get_object(Bucket=_BUCKET, Key=_PREFIX + key)["Body"].read()

    def keys(self) -> set[str]:
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=_BUCKET)
        return {
            row["Key"].removeprefix(_PREFIX) for page in pages for row in page.get("Contents", ())
        }

    def leftovers(self) -> list[str]:
        """Uploads that were begun and neither completed nor aborted."""
        uploads = self.client.list_multipart_uploads(Bucket=_BUCKET).get("Uploads", [])
        return [upload["Key"] for upload in uploads]


@contextmanager
def target_of(kind: str, folder: Path) -> Iterator[Target]:
    """A new archive below `folder`: "folder", or "s3" for a bucket whose server runs so long."""
    if kind == "folder":
        yield Folder(folder / "archive")
        return
    data = folder / "seaweedfs"
    data.mkdir()
    with seaweedfs.running(data) as server:
        client = server.client()
        try:
            client.create_bucket(Bucket=_BUCKET)
            yield Bucket(client, server.environment)
        finally:
            client.close()
