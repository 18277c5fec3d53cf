"""The state of one original on its way: which parts are wanted, moving and stored."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from cloud_sync.archive.base import ObjectDescription, StoredObject, Upload
from cloud_sync.errors import CloudSyncError, SourceDamaged
from cloud_sync.model.media import MediaFile
from cloud_sync.model.tracking import Checkpoint, PartRecord, SourceCheck
from cloud_sync.transfer.source_check import PartsRule, Verdict, is_damage
from cloud_sync.transfer.stopping import Stop


@dataclass(frozen=True, slots=True)
class Proof:
    """What was read from the source: `checksum` is CRC64NVME in S3's base64 form.

    `source_check` and `source_rule` as in `TrackedFile`.
    """

    size: int
    checksum: str
    etag: str | None
    source_check: SourceCheck | None = None
    source_rule: str | None = None


@dataclass(frozen=True, slots=True)
class TransferRequest:
    """One original and where it goes.

    `listed_size` is the listing's size in bytes where it is about this one file, else None.
    `resolve` gives the file again with a fresh signed URL; it raises what `Provider.resolve` does.
    """

    file: MediaFile
    key: str
    description: ObjectDescription
    listed_size: int | None
    resolve: Callable[[], MediaFile]


@dataclass(frozen=True, slots=True)
class TransferHooks:
    """What an onlooker is told; called from several threads.

    `opened` gets the size, and the bytes that an earlier try had stored already;
    `progress` the bytes of each read; `retrying` an error with the wait in seconds.
    """

    opened: Callable[[int, int], None]
    progress: Callable[[int], None]
    retrying: Callable[[CloudSyncError, float], None]


class Journal(Protocol):
    """The durable memory of one original's transfer; see `Tracker.begin_transfer`."""

    def checkpoint(self) -> Checkpoint | None:
        """How far an earlier try came, None when there was none."""
        ...

    def begun(self, checkpoint: Checkpoint) -> None:
        """An upload was begun; durable before it returns."""
        ...

    def stored(self, part: PartRecord) -> None:
        """The archive has taken a part; durable before it returns."""
        ...

    def proven(self, proof: Proof) -> None:
        """All bytes are stored, and become visible next; durable before it returns."""
        ...

    def forget(self) -> None:
        """The upload is gone."""
        ...


@dataclass(frozen=True, slots=True)
class PartTask:
    """Bytes `start` to `start + length` of the original.

    The probe moves part 1 of an original whose size is not known yet.
    """

    number: int
    start: int
    length: int
    probe: bool = False


PROBE = PartTask(1, 0, 0, probe=True)


@dataclass(slots=True)
class FileTransfer:
    """One original while the engine works on it. `lock` guards everything below it.

    `proven_rules` are the rules by which ETags of this source were reproduced, shared by all
    originals; None where that is not to be tried. `doubts` counts earlier tries whose bytes were
    found wrong, `last_try` is whether no other follows. `first_byte_seconds` passed between the
    first request for bytes that was answered with any, and the first of them.
    """

    request: TransferRequest
    journal: Journal
    stop: Stop
    hooks: TransferHooks
    file: MediaFile
    proven_rules: set[str] | None = None
    doubts: int = 0
    last_try: bool = True
    lock: threading.Lock = field(default_factory=threading.Lock)
    url_lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)
    wanted: deque[PartTask] = field(default_factory=deque)
    probed: deque[PartTask] = field(default_factory=deque)
    moving: int = 0
    size: int | None = None
    etag: str | None = None
    rule: PartsRule | None = None
    upload: Upload | None = None
    parts: dict[int, PartRecord] = field(default_factory=dict)
    whole: StoredObject | None = None
    proof: Proof | None = None
    first_byte_seconds: float | None = None
    error: BaseException | None = None

    def lay_out(
        self,
        upload: Upload,
        size: int,
        etag: str | None,
        part_size: int,
        *,
        probed: int = 0,
    ) -> None:
        """The size is known and the upload begun: want every part that is not stored yet.

        Parts that begin in the first `probed` bytes are not handed out: the probe goes on to move
        them.
        """
        with self.lock:
            self.upload, self.size, self.etag = upload, size, etag
            for number, start in enumerate(range(0, size, part_size), start=1):
                if number in self.parts:
                    continue
                queue = self.probed if start < probed else self.wanted
                queue.append(PartTask(number, start, min(part_size, size - start)))

    @property
    def begun_upload(self) -> Upload:
        """The upload, which must have been begun."""
        if self.upload is None:
            raise RuntimeError("no upload was begun")
        return self.upload

    def take(self) -> PartTask | None:
        """The next part to move; None when none is at hand now."""
        with self.lock:
            if self.error is not None or not self.wanted:
                return None
            self.moving += 1
            return self.wanted.popleft()

    def leave(self, error: BaseException | None) -> None:
        """A part is no longer moving; with an error nothing more of this original is moved."""
        with self.lock:
            self.moving -= 1
            self.error = self.error or error
            if not self.moving and (self.error is not None or not self.wanted):
                self.ended.set()

    def add(self, part: PartRecord) -> None:
        """A part is stored and recorded."""
        with self.lock:
            self.parts[part.number] = part

    def accept(self, verdict: Verdict) -> None:
        """Go by what the source check found; SourceDamaged where the bytes must not be stored."""
        proven = self.proven_rules
        if proven is None or verdict.rule is None:
            return
        if verdict.check is SourceCheck.MATCHED:
            proven.add(verdict.rule)
        if is_damage(verdict, proven, doubts=self.doubts, last_try=self.last_try):
            raise SourceDamaged(
                f"fetching {self.request.key}: {self.size} bytes came as declared, but they do not "
                f"give the cloud's own checksum {self.etag} (rule {verdict.rule})",
                kept="Nothing was stored under its key.",
                hint="`cloud-sync sync` tries again; if new originals keep failing like this, the "
                "cloud makes its checksums in another way: CLOUD_SYNC_SOURCE_CHECK=off",
            )

    def renew_url(self, dead: MediaFile) -> MediaFile:
        """A fresh URL in place of `dead`'s; asked for once however many parts met the dead one."""
        with self.url_lock:
            if self.file is dead:
                self.file = self.request.resolve()
            return self.file
