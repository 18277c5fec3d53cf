"""The contract of the durable memory: media, their files and keys, leases, runs and attempts.

Instants are aware datetimes. Nothing is kept in a process: two instances over the same store see
each other's writes at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import RunSummary
from cloud_sync.model.tracking import (
    Attempt,
    Checkpoint,
    PartRecord,
    Reason,
    Status,
    TrackedFile,
    TrackedMedium,
)
from cloud_sync.tracker.repairs import Repairs


@dataclass(frozen=True, slots=True)
class Entry:
    """A listed item with what the plan decided: PENDING (due or waiting) or SKIPPED, and why.

    `key_candidates` are keys for the first file in order of preference, the last one unique to the
    medium; empty where the key can only be given once the files are known.
    """

    item: MediaItem
    status: Status
    reason: Reason | None = None
    key_candidates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FileEntry:
    """An original file that needs a key; `key_candidates` as in `Entry`, never empty."""

    number: int
    filename: str
    key_candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tally:
    """How many media and files have a status, and the bytes of those files that are stored."""

    media: int
    files: int
    bytes: int


@dataclass(frozen=True, slots=True)
class RunAtWork:
    """The run that holds the run lease. Only its time is looked at: its owner may be dead."""

    run_id: str
    owner: str
    since: datetime
    until: datetime


class Tracker(Repairs, Protocol):
    """Durable memory. Calls may come from several threads at once."""

    def begin_run(self, run_id: str, owner: str, *, now: datetime, until: datetime) -> None:
        """Take the run lease until `until`, and open the run's history.

        Must raise LeaseHeld, naming the owner, while another run's lease is live.
        A lease is live until its time is up, or its owner is known to be dead.
        """
        ...

    def renew_run(self, run_id: str, *, until: datetime) -> None:
        """Extend the run lease; LeaseHeld when it has been taken by another run."""
        ...

    def end_run(self, summary: RunSummary) -> None:
        """Let go of the run lease and keep the summary."""
        ...

    def run_at_work(self, *, now: datetime) -> RunAtWork | None:
        """Whose run lease is not over yet, None where there is none. Changes nothing."""
        ...

    def runs(self, limit: int = 10) -> Sequence[RunSummary]:
        """The summaries of ended runs, newest first, without `named`."""
        ...

    def known(self, media_ids: Sequence[str]) -> Mapping[str, TrackedMedium]:
        """The tracked media among `media_ids`, by id."""
        ...

    def remember(self, entries: Sequence[Entry], *, now: datetime) -> None:
        """Insert or refresh media, and give first-file keys, in one step: all or nothing.

        For a medium that is already tracked, status and listing facts are updated, the files and
        the key stay. COMPLETED media and media under a live lease are left as they are.
        Keys are given as in `give_keys`.
        Over a service with small transactions a refusal still leaves nothing behind, but a call
        that is cut off may have remembered some of the media, each whole with its key; the same
        call made again completes it.
        """
        ...

    def claim(
        self, media_id: str, run_id: str, owner: str, *, now: datetime, until: datetime
    ) -> TrackedMedium | None:
        """Take the medium: status IN_PROGRESS, lease to `owner`, attempts + 1, an attempt opened.

        None when it is unknown, COMPLETED, or under another owner's live lease: of two
        simultaneous claims exactly one succeeds. The holder itself may claim again.
        LeaseHeld when `run_id` does not hold the run lease. `owner` is one run's alone, for
        `renew`, `record_file` and `settle` know only the owner.
        A lease whose run has ended, or whose owner is known to be dead, is not live.
        """
        ...

    def renew(self, media_id: str, owner: str, *, until: datetime) -> None:
        """Extend the medium's lease; LeaseHeld when it is no longer this owner's."""
        ...

    def give_keys(
        self, media_id: str, owner: str, files: Sequence[FileEntry]
    ) -> tuple[TrackedFile, ...]:
        """Give every file a key once and for all; returns all of the medium's files by number.

        A file that has a key keeps it. Otherwise it gets the first candidate that no other file
        holds, where two keys that differ only in letter case or in Unicode normalisation count as
        the same (`archive.layout.collision_form`). All or nothing. LeaseHeld when the medium is no
        longer this owner's.
        """
        ...

    def record_file(self, media_id: str, owner: str, file: TrackedFile) -> None:
        """Store all that is known of the file but its name; the key given must be the file's own.

        LeaseHeld when the medium is no longer this owner's.
        """
        ...

    def begin_transfer(
        self, media_id: str, owner: str, file_number: int, checkpoint: Checkpoint
    ) -> None:
        """Remember that an upload was begun, in place of any earlier one for this file.

        The file must have a key (ValueError otherwise: a bug), and parts that come with the
        checkpoint are kept. LeaseHeld when the medium is no longer this owner's.
        """
        ...

    def record_part(self, media_id: str, owner: str, file_number: int, part: PartRecord) -> None:
        """Add a part to the file's checkpoint, or replace the part of that number.

        Durable before it returns. LeaseHeld when the medium is no longer this owner's;
        KeyError when no transfer was begun for the file (a bug).
        """
        ...

    def checkpoint(self, media_id: str, file_number: int) -> Checkpoint | None:
        """The file's checkpoint with its parts by number; None when there is none."""
        ...

    def end_transfer(self, media_id: str, owner: str, file_number: int) -> None:
        """Forget the checkpoint. `record_file` with COMPLETED forgets it in the same step.

        LeaseHeld when the medium is no longer this owner's.
        """
        ...

    def settle(
        self,
        media_id: str,
        owner: str,
        status: Status,
        *,
        now: datetime,
        reason: Reason | None = None,
        counts_as_attempt: bool = True,
    ) -> None:
        """End the claim: status, reason and `sync_timestamp` set, lease gone, attempt closed.

        Must refuse COMPLETED (IllegalMove) while any file is not COMPLETED or none is known.
        PENDING and FAILED keep the checkpoints of the medium's files; SKIPPED and COMPLETED
        forget them.
        With `counts_as_attempt` False the try is taken back from `attempts` (history keeps it).
        FAILED adds one to `failures`, COMPLETED and SKIPPED set it to 0, PENDING leaves it.
        LeaseHeld when the medium is no longer this owner's.
        """
        ...

    def media(
        self, *, status: Status | None = None, media_id: str | None = None
    ) -> Iterator[TrackedMedium]:
        """Tracked media by media id, optionally of one status or of one id. Memory stays flat.

        Over a service, what is found by status here and in `tallies` and `recent_failures` may be
        a moment behind the writes; each medium is then read as it is now.
        """
        ...

    def tallies(self) -> Mapping[Status, Tally]:
        """Counts for every status, zero included, by the status of the medium.

        `bytes` sums the sizes of files that are COMPLETED.
        """
        ...

    def recent_failures(self, limit: int = 20) -> Sequence[TrackedMedium]:
        """FAILED media, newest `sync_timestamp` first."""
        ...

    def source_rules_matched(self) -> frozenset[str]:
        """The `source_rule`s by which the source's ETag of any file was reproduced."""
        ...

    def source_suspects(self, limit: int = 20) -> Sequence[tuple[str, TrackedFile]]:
        """Files that are stored, but most likely not as the source has them, with media ids.

        They are COMPLETED, and their bytes do not give the source's ETag by a rule that gives
        those of others. By media id and number.
        """
        ...

    def attempts(self, media_id: str) -> Sequence[Attempt]:
        """The history of one medium, oldest first."""
        ...

    def close(self) -> None:
        """Let go of files and locks. May be called twice."""
        ...
