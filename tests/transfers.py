"""Makes what a transfer needs, for tests of the engine and its parts."""

from __future__ import annotations

from dataclasses import dataclass, field

from builders import QUICK
from cloud_sync.archive.base import Archive, ObjectDescription
from cloud_sync.clock import SystemClock
from cloud_sync.errors import CloudSyncError
from cloud_sync.model.media import MediaFile
from cloud_sync.model.tracking import Checkpoint, PartRecord
from cloud_sync.provider.base import Provider
from cloud_sync.secret import Secret
from cloud_sync.transfer.bandwidth import BandwidthLimit
from cloud_sync.transfer.engine import EngineLimits, TransferEngine
from cloud_sync.transfer.file_transfer import Proof, TransferHooks, TransferRequest
from cloud_sync.transfer.stopping import Stop, StopReason


@dataclass(slots=True)
class MemoryJournal:
    """Remembers one original's transfer."""

    saved: Checkpoint | None = None
    parts: dict[int, PartRecord] = field(default_factory=dict)
    proof: Proof | None = None

    def checkpoint(self) -> Checkpoint | None:
        if self.saved is None:
            return None
        parts = tuple(self.parts[number] for number in sorted(self.parts))
        saved = self.saved
        return Checkpoint(saved.token, saved.part_size, saved.size, saved.etag, parts)

    def begun(self, checkpoint: Checkpoint) -> None:
        self.saved, self.parts = checkpoint, {}

    def stored(self, part: PartRecord) -> None:
        self.parts[part.number] = part

    def proven(self, proof: Proof) -> None:
        self.proof = proof

    def forget(self) -> None:
        self.saved, self.parts = None, {}


@dataclass(slots=True)
class Seen:
    """What the hooks were told."""

    opened: list[tuple[int, int]] = field(default_factory=list)
    read: list[int] = field(default_factory=list)
    retries: list[CloudSyncError] = field(default_factory=list)


def hooks(seen: Seen | None = None) -> TransferHooks:
    """Hooks that write down what they are told."""
    told = seen or Seen()
    return TransferHooks(
        opened=lambda size, stored: told.opened.append((size, stored)),
        progress=told.read.append,
        retrying=lambda error, _wait: told.retries.append(error),
    )


def stopping_after(seen: Seen, stop: Stop, count: int) -> TransferHooks:
    """Hooks that write down what they are told, and ask for the stop after `count` bytes."""
    told = hooks(seen)

    def progress(read: int) -> None:
        told.progress(read)
        if sum(seen.read) >= count:
            stop.request(StopReason.INTERRUPTED)

    return TransferHooks(told.opened, progress, told.retrying)


def engine_over(
    provider: Provider,
    archive: Archive,
    *,
    proven: set[str] | None = None,
    limits: EngineLimits | None = None,
    bytes_per_second: int | None = None,
) -> TransferEngine:
    """An engine that tries again without a wait; without `proven` the source is not checked."""
    clock = SystemClock()
    return TransferEngine(
        provider,
        archive,
        BandwidthLimit(bytes_per_second, clock),
        clock,
        proven_rules=proven,
        retries=QUICK,
        limits=limits or EngineLimits(),
    )


def description() -> ObjectDescription:
    """An object's description."""
    return ObjectDescription("medium", 1, "video/mp4", {}, {})


def request(
    key: str, file: MediaFile | None = None, listed_size: int | None = None
) -> TransferRequest:
    """A request to store `file` under `key`."""
    wanted = file or MediaFile(1, "GX010001.MP4", "mp4", Secret("url"))
    return TransferRequest(wanted, key, description(), listed_size, lambda: wanted)
