"""Holds every archived file against the archive, and counts what else lies there.

Each file is looked at by its key: one call that tells existence, size and stored checksum. Then
the archive is listed once, and its keys are looked up in the tracker. Both go a batch at a time,
so memory does not grow with the archive. Nothing is changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from cloud_sync.archive.audit import Depth, Examined, examine
from cloud_sync.archive.base import StoredObject
from cloud_sync.archive.verify import Verdict
from cloud_sync.model.tracking import Status
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.vault import StoredFile, Vault, stored_files
from cloud_sync.pipeline.windowed import batched, windowed
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.repair_plan import FETCH_AGAIN

LOOKED_UP = 500
"""Keys of the archive that are looked up in the tracker at a time."""

DIFFERENCES = frozenset(
    {Verdict.MISSING, Verdict.SIZE_DIFFERS, Verdict.CHECKSUM_DIFFERS, Verdict.UNREADABLE}
)

_MAKE_DUE = "cloud-sync reconcile --apply, then cloud-sync sync: it is fetched again"
HINTS = {
    Verdict.MISSING: _MAKE_DUE,
    Verdict.SIZE_DIFFERS: FETCH_AGAIN,
    Verdict.CHECKSUM_DIFFERS: FETCH_AGAIN,
    Verdict.UNREADABLE: FETCH_AGAIN,
    Verdict.CHECKSUM_UNKNOWN: "cloud-sync verify --deep reads the bytes",
    Verdict.COLD: "restore it, then: cloud-sync verify --deep",
}


@dataclass(frozen=True, slots=True)
class FileChecked:
    """A file was looked at: how many are done, and how many there are."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class FileFound:
    """A file that is not, or not proven to be, as it was archived."""

    stored_file: StoredFile
    examined: Examined

    @property
    def verdict(self) -> Verdict:
        return self.examined.finding.verdict

    @property
    def hint(self) -> str:
        return HINTS[self.verdict]


@dataclass(frozen=True, slots=True)
class ForeignFound:
    """An object below the archive's prefix that no tracked file bears the key of."""

    stored: StoredObject


CheckEvent = FileChecked | FileFound | ForeignFound
CheckObserver = Callable[[CheckEvent], None]


@dataclass(slots=True)
class Verification:
    """What a check came to. `bytes` are those of files that are there as they were archived."""

    archive: str
    depth: Depth
    checked: int = 0
    bytes: int = 0
    read: int = 0
    unfinished: int = 0
    foreign: int = 0
    foreign_bytes: int = 0
    duration_seconds: float = 0.0
    verdicts: Counter[Verdict] = field(default_factory=Counter)

    @property
    def differences(self) -> int:
        """How many files are missing or not as they were archived."""
        return sum(self.verdicts[verdict] for verdict in DIFFERENCES)

    def take(self, each: StoredFile, examined: Examined) -> None:
        """Count one file."""
        verdict = examined.finding.verdict
        self.checked += 1
        self.read += examined.read
        self.verdicts[verdict] += 1
        if verdict not in DIFFERENCES:
            self.bytes += each.expected.size


def verify(
    vault: Vault, depth: Depth, caller: Caller, observe: CheckObserver, *, workers: int = 8
) -> Verification:
    """Check everything; raises what the archive raises, and Interrupted."""
    started = vault.clock.monotonic()
    result = Verification(vault.archive.location, depth)
    total = archived_files(vault.tracker)
    for each, examined in looked_at(vault, depth, caller, workers):
        result.take(each, examined)
        if examined.finding.verdict is not Verdict.OK:
            observe(FileFound(each, examined))
        observe(FileChecked(result.checked, total))
    result.unfinished = sum(
        tally.media
        for status, tally in vault.tracker.tallies().items()
        if status in (Status.PENDING, Status.IN_PROGRESS, Status.FAILED)
    )
    for stored in foreign_objects(vault, caller):
        result.foreign += 1
        result.foreign_bytes += stored.size
        observe(ForeignFound(stored))
    result.duration_seconds = vault.clock.monotonic() - started
    return result


def archived_files(tracker: Tracker) -> int:
    """How many files are to be looked at, as far as counts by medium tell: for a progress bar."""
    return tracker.tallies()[Status.COMPLETED].files


def looked_at(
    vault: Vault, depth: Depth, caller: Caller, workers: int
) -> Iterator[tuple[StoredFile, Examined]]:
    """Every archived file with what is there, in the tracker's order."""

    def look(each: StoredFile) -> tuple[StoredFile, Examined]:
        go_on = caller.stop.check
        go_on()
        examined = caller.retried(lambda: examine(vault.archive, each.expected, depth, go_on))
        return each, examined

    return windowed(look, stored_files(vault.tracker), workers=workers)


def foreign_objects(vault: Vault, caller: Caller) -> Iterator[StoredObject]:
    """The objects whose keys no tracked file bears."""
    for batch in batched(vault.archive.list(), LOOKED_UP):
        caller.stop.check()
        held = vault.tracker.holders([stored.key for stored in batch])
        for stored in batch:
            holder = held.get(stored.key)
            if holder is None or holder.file.key != stored.key:
                yield stored
