"""The engine tells when the first byte of an original came, not when the first megabyte had."""

from __future__ import annotations

from builders import ManualClock, item
from cloud_sync.archive.memory import MemoryArchive
from cloud_sync.model.media import MediaFile
from cloud_sync.provider.memory import MemoryProvider, MemoryStream, Original
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.engine import TransferEngine, Transferred
from cloud_sync.transfer.part_size import SMALLEST_PART
from cloud_sync.transfer.stopping import Stop
from transfers import MemoryJournal, hooks, request

CLIP = item("m")
OPENING, BYTE = 2.0, 2**-10
"""Seconds that a range takes to open, and each of its bytes to come."""


class SlowStream(MemoryStream):
    """A stream on whose clock each byte takes its time."""

    clock: ManualClock

    def readinto(self, buffer: memoryview) -> int:
        count = super().readinto(buffer)
        self.clock.advance(count * BYTE)
        return count


class SlowProvider(MemoryProvider):
    """Opens slowly, and sends slowly."""

    def __init__(self, clock: ManualClock, content: bytes) -> None:
        super().__init__({CLIP: [Original(content)]})
        self._slow = clock
        self._sent = content

    def open(
        self,
        file: MediaFile,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
    ) -> MemoryStream:
        self._slow.advance(OPENING)
        stream = SlowStream(self._sent, start, length, self.faults, etag)
        stream.clock = self._slow
        return stream


def transferred(size: int) -> Transferred:
    clock = ManualClock()
    provider, archive = SlowProvider(clock, bytes(size)), MemoryArchive()
    limit = BandwidthLimit(None, clock)
    with TransferEngine(provider, archive, limit, clock, proven_rules=None) as engine:
        wanted = request("k", provider.resolve(CLIP)[0])
        return engine.transfer(wanted, MemoryJournal(), Stop(clock), hooks())


def test_the_first_byte_of_a_small_original_is_seen_when_it_comes() -> None:
    assert transferred(5_000).first_byte_seconds == OPENING + BYTE


def test_later_ranges_of_a_large_original_change_nothing() -> None:
    assert transferred(3 * SMALLEST_PART).first_byte_seconds == OPENING + BYTE
