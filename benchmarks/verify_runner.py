"""Verifies a tracker against an archive that has just what is expected of it, and keeps nothing.

`python -m benchmarks.verify_runner TRACKER` prints how many files were checked and found well.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.discarding_runner import DiscardingArchive
from benchmarks.verify import CONTENT
from cloud_sync.archive.audit import Depth
from cloud_sync.archive.base import ObjectRecord, StoredObject
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.verify import Verdict
from cloud_sync.clock import SystemClock
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.vault import Vault
from cloud_sync.pipeline.verifying import verify
from cloud_sync.tracker.sqlite import SqliteTracker
from cloud_sync.transfer.retry import RetryPolicy
from cloud_sync.transfer.stopping import Stop


class AgreeingArchive(DiscardingArchive):
    """Says of every key what is expected there."""

    def __init__(self) -> None:
        self._checksum = to_text(part_checksum(CONTENT))

    def describe(self, key: str) -> ObjectRecord:
        return ObjectRecord(StoredObject(key, len(CONTENT), self._checksum))


def main() -> None:
    """Verify, and print what came of it."""
    tracker = SqliteTracker(Path(sys.argv[1]))
    clock = SystemClock()
    caller = Caller(RetryPolicy(), Stop(clock), lambda _event: None)
    done = verify(
        Vault(AgreeingArchive(), tracker, clock), Depth.RECORDS, caller, lambda _event: None
    )
    tracker.close()
    print(json.dumps({"checked": done.checked, "ok": done.verdicts[Verdict.OK]}))


if __name__ == "__main__":
    main()
