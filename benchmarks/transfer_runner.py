"""The product's own transfer of given URLs into a bucket, without its listing and its tracker.

`python -m benchmarks.transfer_runner --source URL … --to s3://bucket/prefix --concurrency N`
"""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from cloud_sync.archive.base import ObjectDescription
from cloud_sync.archive.s3 import connect
from cloud_sync.clock import SystemClock
from cloud_sync.credentials.memory import MemoryCredentials
from cloud_sync.errors import CloudSyncError
from cloud_sync.model.media import MediaFile
from cloud_sync.model.tracking import Checkpoint, PartRecord
from cloud_sync.provider.gopro.client import GoProProvider
from cloud_sync.secret import Secret
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.engine import TransferEngine
from cloud_sync.transfer.file_transfer import Proof, TransferHooks, TransferRequest
from cloud_sync.transfer.retry import RetryPolicy
from cloud_sync.transfer.stopping import Stop


class Forgetful:
    """A journal that keeps nothing: the bare transfer."""

    def checkpoint(self) -> Checkpoint | None:
        return None

    def begun(self, checkpoint: Checkpoint) -> None:
        pass

    def stored(self, part: PartRecord) -> None:
        pass

    def proven(self, proof: Proof) -> None:
        pass

    def forget(self) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", nargs="+", required=True, metavar="URL")
    parser.add_argument("--to", required=True, metavar="s3://BUCKET/PREFIX")
    parser.add_argument("--concurrency", type=int, default=5, metavar="FILES")
    parser.add_argument("--dialect", default="aws")
    given = parser.parse_args()
    place = urlsplit(given.to)
    clock = SystemClock()
    stop = Stop(clock)
    archive = connect(
        place.netloc,
        place.path.strip("/"),
        dialect=given.dialect,
        connections=given.concurrency + 2,
    )
    # only opened are the given URLs; the API is never asked
    provider = GoProProvider("https://127.0.0.1:9", MemoryCredentials(None))
    try:
        with (
            TransferEngine(
                provider,
                archive,
                BandwidthLimit(None, clock),
                clock,
                # its peers reproduce no ETag of the source either
                proven_rules=None,
                retries=RetryPolicy(),
            ) as engine,
            ThreadPoolExecutor(given.concurrency) as files,
        ):
            requests = [_request(number, url) for number, url in enumerate(given.source, 1)]
            done = files.map(
                lambda request: engine.transfer(request, Forgetful(), stop, _HOOKS), requests
            )
            for transferred in done:
                print(transferred.stored.key, transferred.stored.size)
    finally:
        archive.close()
        provider.close()


def _request(number: int, url: str) -> TransferRequest:
    name = urlsplit(url).path.rpartition("/")[2]
    file = MediaFile(1, name, "mp4", Secret(url))
    description = ObjectDescription(f"bench{number}", 1, "video/mp4", {}, {})
    return TransferRequest(file, name, description, None, lambda: file)


def _told(error: CloudSyncError, wait: float) -> None:
    print(f"trying again in {wait:.1f} s: {error.message}")


_HOOKS = TransferHooks(
    opened=lambda _size, _kept: None, progress=lambda _count: None, retrying=_told
)


if __name__ == "__main__":
    main()
