"""What remembering, claiming and settling make of a medium, and what they refuse.

Pure, so that every adapter of `Tracker` decides alike: an adapter loads a medium, asks here what
becomes of it, and stores the answer in the same transaction.

A medium bears a lease only while its run is open: adapters clear the leases of a run that has
ended or lost its lease. So a lease that is there is live until its time is up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from cloud_sync.errors import KeyTaken, LeaseHeld
from cloud_sync.model.tracking import (
    IllegalMove,
    Reason,
    Status,
    TrackedFile,
    TrackedMedium,
    check_move,
)
from cloud_sync.tracker.base import Entry, FileEntry
from cloud_sync.tracker.repairs import AdoptedFile

RUNNING = Status.IN_PROGRESS.value
"""The outcome of an attempt that runs; a settled one has the status that it was settled with."""

INTERRUPTED = "INTERRUPTED"
"""The outcome of an attempt that nobody settled: its run ended first, or its lease was lost."""

INTERRUPTED_MESSAGE = "the attempt was cut short before it had an outcome"


KEEPS_CHECKPOINTS = frozenset({Status.PENDING, Status.FAILED})
"""Settled as one of these, a medium is tried again, and goes on from its files' checkpoints."""


def lease_is_live(medium: TrackedMedium, now: datetime) -> bool:
    """Whether somebody works on the medium; at `lease_until` itself the time is up."""
    return medium.lease_until is not None and medium.lease_until > now


def remembered(old: TrackedMedium | None, entry: Entry, now: datetime) -> TrackedMedium:
    """The medium after `Tracker.remember`; `old` itself where it is left as it is.

    `sync_timestamp` moves only when the status does. Raises IllegalMove unless the entry's status
    is PENDING or SKIPPED.
    """
    if entry.status not in (Status.PENDING, Status.SKIPPED):
        raise IllegalMove(f"medium {entry.item.id} cannot be remembered as {entry.status}")
    if old is not None and (old.status is Status.COMPLETED or lease_is_live(old, now)):
        return old
    if old is not None:
        check_move(old.status, entry.status)
    moved = old is None or old.status is not entry.status
    item = entry.item
    return replace(
        old or TrackedMedium(media_id=item.id, filename=item.filename, status=entry.status),
        filename=item.filename,
        status=entry.status,
        media_type=item.type,
        file_size=item.size,
        captured_at=item.captured_at,
        upload_date=item.uploaded_at,
        source_updated_at=item.updated_at,
        sync_timestamp=now if old is None or moved else old.sync_timestamp,
        duration_seconds=item.duration_seconds,
        reason=entry.reason,
        lease_owner=None,
        lease_until=None,
    )


def claimed(
    medium: TrackedMedium, owner: str, *, now: datetime, until: datetime
) -> TrackedMedium | None:
    """The medium after `Tracker.claim`, None where the claim is refused.

    The holder itself may claim again: that begins another attempt.
    """
    if medium.status is Status.COMPLETED:
        return None
    if lease_is_live(medium, now) and medium.lease_owner != owner:
        return None
    check_move(medium.status, Status.IN_PROGRESS)
    return replace(
        medium,
        status=Status.IN_PROGRESS,
        sync_timestamp=now,
        reason=None,
        attempts=medium.attempts + 1,
        lease_owner=owner,
        lease_until=until,
    )


def settled(
    medium: TrackedMedium,
    status: Status,
    *,
    now: datetime,
    reason: Reason | None,
    counts_as_attempt: bool,
) -> TrackedMedium:
    """The medium after `Tracker.settle`; `medium.files` must be all of its files.

    Raises IllegalMove for a status that ends no claim, and for COMPLETED while a file is missing.
    """
    if status is Status.IN_PROGRESS:
        raise IllegalMove(f"medium {medium.media_id} cannot be settled as {status}")
    check_move(medium.status, status)
    if status is Status.COMPLETED:
        _check_complete(medium)
    return replace(
        medium,
        status=status,
        sync_timestamp=now,
        reason=reason,
        attempts=medium.attempts if counts_as_attempt else medium.attempts - 1,
        failures=_failures(medium, status),
        lease_owner=None,
        lease_until=None,
    )


def _failures(medium: TrackedMedium, ended: Status) -> int:
    """Failed runs in a row, this one included."""
    if ended is Status.FAILED:
        return medium.failures + 1
    return medium.failures if ended is Status.PENDING else 0


def _check_complete(medium: TrackedMedium) -> None:
    stored = sum(file.status is Status.COMPLETED for file in medium.files)
    if not medium.files or stored < len(medium.files):
        raise IllegalMove(
            f"medium {medium.media_id} is not complete: {stored} of {len(medium.files)} known"
            " files are stored"
        )


def reopened(
    medium: TrackedMedium | None,
    media_id: str,
    numbers: frozenset[int],
    reason: Reason,
    now: datetime,
) -> TrackedMedium:
    """The medium after `Tracker.reopen`, with its files."""
    files = {file.number: file for file in medium.files} if medium else {}
    stored = {number for number, file in files.items() if file.status is Status.COMPLETED}
    if medium is None or not numbers or not numbers <= stored:
        raise IllegalMove(f"medium {media_id}: files {sorted(numbers)} are not all COMPLETED")
    if lease_is_live(medium, now):
        check_holder(medium, media_id, "")
    for number in numbers:
        files[number] = replace(
            files[number],
            status=Status.PENDING,
            size=None,
            checksum=None,
            etag=None,
            source_check=None,
            source_rule=None,
        )
    return replace(
        medium,
        status=Status.PENDING,
        sync_timestamp=now,
        reason=reason,
        failures=0,
        lease_owner=None,
        lease_until=None,
        files=tuple(files.values()),
    )


def adopted(
    medium: TrackedMedium | None, adoption: AdoptedFile, reason: Reason, now: datetime
) -> TrackedMedium:
    """The medium after `Tracker.adopt` of one of its files; the key must be free or its own."""
    file = adoption.file
    if file.status is not Status.COMPLETED or file.size is None or file.checksum is None:
        raise ValueError(f"file {file.number} of medium {adoption.media_id} comes without proof")
    medium = medium or TrackedMedium(
        media_id=adoption.media_id,
        filename=adoption.filename,
        status=Status.PENDING,
        media_type=adoption.media_type,
        captured_at=adoption.captured_at,
        sync_timestamp=now,
        reason=reason,
    )
    files = {known.number: known for known in medium.files}
    known = files.get(file.number)
    if known is not None:
        check_own_key(known, medium.media_id, file)
        if known.status is Status.COMPLETED:
            raise ValueError(f"file {file.number} of medium {medium.media_id} is COMPLETED already")
    files[file.number] = file
    first = file.number == 1
    return replace(
        medium,
        s3_key=file.key if first else medium.s3_key,
        files=tuple(files[number] for number in sorted(files)),
    )


def made_due(medium: TrackedMedium, now: datetime) -> TrackedMedium:
    """The medium after `Tracker.make_due`; `medium` itself where it is left as it is."""
    if medium.status not in (Status.FAILED, Status.SKIPPED) or lease_is_live(medium, now):
        return medium
    return replace(medium, status=Status.PENDING, sync_timestamp=now, reason=None, failures=0)


def key_belongs_to_another(media_id: str, file: TrackedFile) -> KeyTaken:
    """The refusal to adopt a file whose key another file holds."""
    return KeyTaken(
        f"adopting file {file.number} of medium {media_id}: its key {file.key} belongs to another"
        " file",
        kept="every file keeps the key that it has",
    )


def check_holder(medium: TrackedMedium | None, media_id: str, owner: str) -> TrackedMedium:
    """The medium, where `owner` holds it; LeaseHeld otherwise.

    A lease whose time is up still is its owner's until somebody else takes the medium or the run.
    """
    if medium is not None and medium.lease_owner == owner:
        return medium
    if medium is None or medium.lease_owner is None or medium.lease_until is None:
        holder = "nobody holds it now"
    else:
        holder = f"{medium.lease_owner} holds it until {_shown(medium.lease_until)}"
    raise LeaseHeld(
        f"medium {media_id} is no longer leased to {owner}: {holder}",
        kept="what was recorded before stays",
        hint="wait for the other run to end, then start again",
    )


def check_has_key(known: TrackedFile | None, media_id: str, number: int) -> TrackedFile:
    """File `number`, where it has been given a key; ValueError otherwise: a bug."""
    if known is None:
        raise ValueError(f"file {number} of medium {media_id} has no key yet")
    return known


def no_transfer(media_id: str, number: int) -> KeyError:
    """The refusal of a part where no transfer was begun: a bug."""
    return KeyError(f"no transfer was begun for file {number} of medium {media_id}")


def check_own_key(known: TrackedFile | None, media_id: str, file: TrackedFile) -> None:
    """Raise ValueError unless `file` bears the key that was given to it: a bug otherwise."""
    known = check_has_key(known, media_id, file.number)
    if known.key != file.key:
        raise ValueError(
            f"file {file.number} of medium {media_id} has the key {known.key}, not {file.key}"
        )


def first_free(
    media_id: str, number: int, candidates: tuple[str, ...], take: Callable[[str], bool]
) -> str:
    """The first candidate that `take` gets hold of; KeyTaken when it gets none."""
    if not candidates:
        raise ValueError(f"file {number} of medium {media_id} comes without key candidates")
    for key in candidates:
        if take(key):
            return key
    raise KeyTaken(
        f"giving a key to file {number} of medium {media_id}: all {len(candidates)} candidates"
        f" belong to other files, the last of them is {candidates[-1]}",
        kept="every file keeps the key that it has",
    )


def with_file(medium: TrackedMedium, file: FileEntry, take: Callable[[str], bool]) -> TrackedMedium:
    """The medium with one more file, whose key is what `take` gets hold of first.

    A file that is known keeps its key, and takes the name that it now comes with, if any.
    """
    files = {each.number: each for each in medium.files}
    known = files.get(file.number)
    if known is not None:
        files[file.number] = replace(known, filename=file.filename or known.filename)
        return replace(medium, files=tuple(files.values()))
    key = first_free(medium.media_id, file.number, file.key_candidates, take)
    files[file.number] = TrackedFile(file.number, key, file.filename)
    return replace(
        medium,
        s3_key=key if file.number == 1 else medium.s3_key,
        files=tuple(files[number] for number in sorted(files)),
    )


ANOTHER_AT_WORK = "another run is at work on this archive"
"""How the refusal begins, also where only its text has come through."""


def run_lease_held(run_id: str, owner: str, since: datetime, until: datetime) -> LeaseHeld:
    """The refusal of a run while another one is at work."""
    return LeaseHeld(
        f"{ANOTHER_AT_WORK}: run {run_id} of {owner}, since {_shown(since)},"
        f" holds the lease until {_shown(until)}",
        hint="wait for that run to end, or stop its process, then start again",
    )


def run_lease_lost(run_id: str, holder: LeaseHeld | None) -> LeaseHeld:
    """What a run is told that no longer holds the lease, by way of who does."""
    now_held = f": {holder.message}" if holder else ", and no other run holds it"
    return LeaseHeld(
        f"run {run_id} no longer holds the lease on this archive{now_held}",
        kept="what was recorded before stays",
        hint="start again once no other run is at work",
    )


def _shown(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
