"""Repairs the tracker from what the archive really holds; what it decides is in `repair_plan`.

No original is ever deleted or overwritten. Three passes, each a batch at a time: the files that
the tracker has as archived, the objects that the archive has, and its unfinished uploads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from cloud_sync.archive.audit import Depth
from cloud_sync.archive.base import ObjectRecord, StoredObject, UnfinishedUpload
from cloud_sync.archive.checksum import of_stream
from cloud_sync.archive.layout import collision_form
from cloud_sync.clock import from_text
from cloud_sync.errors import Interrupted, LeaseHeld
from cloud_sync.model.tracking import Status, TrackedFile
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.heartbeat import LEASE_FOR, kept_alive
from cloud_sync.pipeline.vault import Vault
from cloud_sync.pipeline.verifying import LOOKED_UP, looked_at
from cloud_sync.pipeline.windowed import batched, windowed
from cloud_sync.tracker.repair_plan import (
    ADOPTED,
    MISSING,
    Action,
    Decision,
    decide_object,
    decide_tracked,
    decide_upload,
    judge_bytes,
)
from cloud_sync.tracker.repairs import AdoptedFile, KeyHolder
from cloud_sync.transfer.stopping import StopReason


@dataclass(frozen=True, slots=True)
class Repair:
    """A decision with what it is about; what is not known is None."""

    decision: Decision
    key: str | None
    media_id: str | None = None
    file_number: int | None = None
    size: int | None = None


@dataclass(slots=True)
class Reconciliation:
    """What a repair came to: how many of each action, and how much was looked at."""

    archive: str
    applied: bool
    checked: int = 0
    objects: int = 0
    foreign_bytes: int = 0
    adopted_bytes: int = 0
    duration_seconds: float = 0.0
    actions: Counter[Action] = field(default_factory=Counter)


RepairObserver = Callable[[Repair], None]


def reconcile(
    vault: Vault,
    caller: Caller,
    observe: RepairObserver,
    *,
    run_id: str,
    owner: str,
    apply: bool,
    depth: Depth = Depth.RECORDS,
    workers: int = 8,
) -> Reconciliation:
    """Decide on everything, and with `apply` do it under the run lease; without, nothing changes.

    Raises LeaseHeld while another run is at work, what the archive raises, and Interrupted; what
    was repaired before stays so then, and the same command goes on.
    """
    work = _Repairs(vault, caller, observe, run_id if apply else None, depth, workers)
    if not apply:
        return work.run()
    now = vault.clock.now()
    vault.tracker.begin_run(run_id, owner, now=now, until=now + LEASE_FOR)
    try:
        with kept_alive(vault, run_id, caller.stop, caller.observe):
            return work.run()
    except Interrupted:
        if caller.stop.reason is StopReason.BLOCKED:
            raise LeaseHeld(
                f"repairing {vault.archive.location}: another run has taken the lease",
                kept="what was repaired before",
                hint="wait for that run to end, and reconcile again",
            ) from None
        raise
    finally:
        vault.tracker.release_run(run_id, now=vault.clock.now())


class _Repairs:
    """One pass over everything. `run_id` holds the run lease; None where nothing is changed."""

    def __init__(
        self,
        vault: Vault,
        caller: Caller,
        observe: RepairObserver,
        run_id: str | None,
        depth: Depth,
        workers: int,
    ) -> None:
        self._vault = vault
        self._caller = caller
        self._observe = observe
        self._run_id = run_id
        self._depth = depth
        self._workers = workers
        self._result = Reconciliation(vault.archive.location, run_id is not None)
        # what this pass adopts, for a dry run does not find it in the tracker
        self._adopted: set[tuple[str | None, int | None]] = set()
        self._forms: set[str] = set()

    def run(self) -> Reconciliation:
        started = self._vault.clock.monotonic()
        self._check_tracked()
        for batch in batched(self._vault.archive.list(), LOOKED_UP):
            self._caller.stop.check()
            self._check_objects(batch)
        for uploads in batched(self._vault.archive.unfinished_uploads(), LOOKED_UP):
            self._caller.stop.check()
            self._check_uploads(uploads)
        self._result.duration_seconds = self._vault.clock.monotonic() - started
        return self._result

    def _take(self, repair: Repair) -> None:
        self._result.actions[repair.decision.action] += 1
        if repair.decision.action is not Action.KEEP:
            self._observe(repair)

    def _check_tracked(self) -> None:
        for each, examined in looked_at(self._vault, self._depth, self._caller, self._workers):
            self._result.checked += 1
            decision = decide_tracked(examined.finding)
            file = each.file
            if decision.action is Action.REOPEN and self._run_id is not None:
                self._vault.tracker.reopen(
                    each.media_id,
                    self._run_id,
                    [file.number],
                    MISSING,
                    now=self._vault.clock.now(),
                )
            self._take(Repair(decision, file.key, each.media_id, file.number, file.size))

    def _check_objects(self, batch: Sequence[StoredObject]) -> None:
        self._result.objects += len(batch)
        held = self._vault.tracker.holders([stored.key for stored in batch])
        open_keys = [stored for stored in batch if not _is_done(stored, held.get(stored.key))]
        described = [
            record
            for record in windowed(self._describe, open_keys, workers=self._workers)
            if record is not None
        ]
        ids = {record.stored.media_id for record in described}
        known = self._vault.tracker.known([media_id for media_id in ids if media_id is not None])
        adoptions: list[AdoptedFile] = []
        for record in described:
            stored, judged = record.stored, record
            identity = (stored.media_id, stored.file_number)
            form = collision_form(stored.key)
            decision = decide_object(
                stored,
                held.get(stored.key),
                known.get(stored.media_id or ""),
                adopted_before=identity in self._adopted or form in self._forms,
            )
            if decision.action is Action.ADOPT:
                judged, decision = self._judged(record, decision)
            if decision.action is Action.ADOPT:
                self._adopted.add(identity)
                self._forms.add(form)
                self._result.adopted_bytes += stored.size
                adoptions.append(_adoption(judged))
            if decision.action is Action.FOREIGN:
                self._result.foreign_bytes += stored.size
            self._take(
                Repair(decision, stored.key, stored.media_id, stored.file_number, stored.size)
            )
        if adoptions and self._run_id is not None:
            now = self._vault.clock.now()
            self._vault.tracker.adopt(adoptions, self._run_id, ADOPTED, now=now)

    def _describe(self, stored: StoredObject) -> ObjectRecord | None:
        self._caller.stop.check()
        return self._caller.retried(lambda: self._vault.archive.describe(stored.key))

    def _judged(self, record: ObjectRecord, adopt: Decision) -> tuple[ObjectRecord, Decision]:
        """The record with the checksum of the bytes, and the decision that they lead to."""
        stored = record.stored
        if stored.checksum is None and not stored.cold:
            stored = self._caller.retried(lambda: self._read(record.stored))
        record = replace(record, stored=stored)
        return record, judge_bytes(stored, record.noted) or adopt

    def _read(self, stored: StoredObject) -> StoredObject:
        """The object with the checksum of its bytes, None where the disk does not give them."""
        try:
            with self._vault.archive.open(stored.key) as stream:
                size, checksum = of_stream(stream, self._caller.stop.check)
        except OSError:
            return stored
        return replace(stored, size=size, checksum=checksum)

    def _check_uploads(self, uploads: Sequence[UnfinishedUpload]) -> None:
        recorded = self._vault.tracker.recorded_uploads([upload.token for upload in uploads])
        now = self._vault.clock.now()
        for upload in uploads:
            decision = decide_upload(upload, recorded=upload.token in recorded, now=now)
            if decision.action is Action.DISCARD and self._run_id is not None:
                self._caller.retried(
                    lambda upload=upload: self._vault.archive.discard(upload),  # type: ignore[misc]
                )
            self._take(Repair(decision, upload.key))


def _is_done(stored: StoredObject, holder: KeyHolder | None) -> bool:
    """Whether the object is a tracked file's own, which was looked at before."""
    return (
        holder is not None
        and holder.file.key == stored.key
        and holder.file.status is Status.COMPLETED
    )


def _adoption(record: ObjectRecord) -> AdoptedFile:
    stored, metadata = record.stored, record.metadata
    file = TrackedFile(
        number=stored.file_number or 1,
        key=stored.key,
        filename=metadata.get("filename", ""),
        status=Status.COMPLETED,
        size=stored.size,
        checksum=stored.checksum,
        etag=metadata.get("source-etag"),
    )
    try:
        captured_at = from_text(metadata["captured-at"])
    except (KeyError, ValueError):
        # the next sync has it from the listing
        captured_at = None
    return AdoptedFile(
        media_id=stored.media_id or "",
        filename=metadata.get("filename", ""),
        media_type=metadata.get("media-type", ""),
        captured_at=captured_at,
        file=file,
    )
