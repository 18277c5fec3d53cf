"""Moves all originals of a simulated library into an archive that discards them.

`python -m benchmarks.discarding_runner API_URL TOKEN` prints the number of bytes moved.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import BinaryIO

from benchmarks.transfer_runner import Forgetful
from cloud_sync.archive.base import (
    KeptPart,
    ObjectDescription,
    ObjectRecord,
    StoredObject,
    UnfinishedUpload,
)
from cloud_sync.clock import SystemClock
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.model.media import MediaFile
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.engine import TransferEngine
from cloud_sync.transfer.file_transfer import TransferHooks, TransferRequest
from cloud_sync.transfer.stopping import Stop


class DiscardingUpload:
    """Takes parts and keeps nothing."""

    token = "discarded"

    def __init__(self, key: str) -> None:
        self._key = key

    def put_part(self, number: int, data: memoryview, checksum: bytes) -> str:
        return ""

    def found(self) -> Mapping[int, KeptPart]:
        return {}

    def keep(self, number: int, length: int, checksum: bytes, receipt: str) -> None:
        raise NotImplementedError

    def commit(self, size: int, checksum: str) -> StoredObject:
        return StoredObject(self._key, size, checksum)

    def suspend(self) -> None:
        pass

    def abort(self) -> None:
        pass


class DiscardingArchive:
    """An archive without a memory."""

    location = "nowhere"

    def check(self) -> None:
        pass

    def put(
        self, key: str, description: ObjectDescription, data: memoryview, checksum: bytes
    ) -> StoredObject:
        return StoredObject(key, data.nbytes)

    def begin(
        self, key: str, description: ObjectDescription, *, part_size: int
    ) -> DiscardingUpload:
        return DiscardingUpload(key)

    def resume(
        self, key: str, description: ObjectDescription, *, part_size: int, token: str
    ) -> None:
        return None

    def head(self, key: str) -> None:
        return None

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        return iter(())

    def describe(self, key: str) -> ObjectRecord | None:
        return None

    def unfinished_uploads(self) -> Iterator[UnfinishedUpload]:
        return iter(())

    def discard(self, upload: UnfinishedUpload) -> bool:
        return False

    def open(self, key: str) -> BinaryIO:
        raise FileNotFoundError(key)

    def close(self) -> None:
        pass


def main() -> None:
    """Move everything, one original after the other."""
    api_url, token = sys.argv[1:]
    clock = SystemClock()
    provider = GoProProvider(api_url, MemoryCredentials(Secret(token)))
    archive = DiscardingArchive()
    limit = BandwidthLimit(None, clock)
    hooks = TransferHooks(lambda _size, _stored: None, lambda _count: None, lambda _e, _w: None)
    moved = 0
    with TransferEngine(provider, archive, limit, clock, proven_rules=set()) as engine:
        for item in provider.list_page(1).items:
            for file in provider.resolve(item):
                request = _request(file, f"{item.id}-{file.number}")
                moved += engine.transfer(request, Forgetful(), Stop(clock), hooks).stored.size
    provider.close()
    print(moved)


def _request(file: MediaFile, key: str) -> TransferRequest:
    described = ObjectDescription(key, file.number, "video/mp4", {}, {})
    return TransferRequest(file, key, described, None, lambda: file)


if __name__ == "__main__":
    main()
