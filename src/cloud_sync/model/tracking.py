"""What the tracker remembers about a medium: its status, the legal moves, and its files."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """The statuses of a medium and of each of its files."""

    PENDING = "PENDING"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"


LEGAL_MOVES: dict[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.PENDING, Status.IN_PROGRESS, Status.SKIPPED}),
    Status.IN_PROGRESS: frozenset(
        {Status.PENDING, Status.IN_PROGRESS, Status.COMPLETED, Status.FAILED, Status.SKIPPED}
    ),
    Status.FAILED: frozenset({Status.PENDING, Status.IN_PROGRESS, Status.SKIPPED}),
    Status.SKIPPED: frozenset({Status.PENDING, Status.IN_PROGRESS, Status.SKIPPED}),
    Status.COMPLETED: frozenset(),
}
"""From each status, where a medium may go. COMPLETED stays: what is finished is not re-fetched."""


class IllegalMove(ValueError):
    """A status was to follow another that it cannot follow: a bug, not a user's error."""


def check_move(old: Status, new: Status) -> None:
    """Raise IllegalMove unless a medium may go from `old` to `new`."""
    if new not in LEGAL_MOVES[old]:
        raise IllegalMove(f"{old} -> {new}")


@dataclass(frozen=True, slots=True)
class Reason:
    """Why something is not archived: a stable code and a sentence."""

    code: str
    message: str


class SourceCheck(StrEnum):
    """What came of reproducing the source's own ETag from the bytes that were stored."""

    MATCHED = "matched"
    DIFFERS = "differs"
    NOT_COMPARABLE = "not_comparable"


@dataclass(frozen=True, slots=True)
class TrackedFile:
    """One original file as the tracker knows it.

    `key` is relative to the archive's root, given once, and never changes.
    `size` and `checksum` (CRC64NVME, base64 of 8 big-endian bytes, as S3 writes it) are recorded
    before the object is committed, so that a crash between commit and record is recognised.
    `source_check` is None where it was not tried; `source_rule` names how the ETag was taken to be
    made, None where that could not be told.
    """

    number: int
    key: str
    filename: str
    status: Status = Status.PENDING
    size: int | None = None
    checksum: str | None = None
    etag: str | None = None
    source_check: SourceCheck | None = None
    source_rule: str | None = None


@dataclass(frozen=True, slots=True)
class TrackedMedium:
    """One medium as the tracker knows it; attribute names are the specification's.

    `s3_key` is the key of the first file.
    `sync_timestamp` is the time of the last change of status.
    `source_updated_at` is the provider's time of last change when the medium was last looked at.
    `retry_count` counts tries after the first; `attempts` counts all tries.
    `failures` counts runs in a row that ended FAILED: COMPLETED and SKIPPED begin anew, a run that
    leaves the medium PENDING, or is cut short, changes nothing.
    """

    media_id: str
    filename: str
    status: Status
    media_type: str = ""
    s3_key: str | None = None
    file_size: int | None = None
    captured_at: datetime | None = None
    upload_date: datetime | None = None
    source_updated_at: datetime | None = None
    sync_timestamp: datetime | None = None
    duration_seconds: float | None = None
    reason: Reason | None = None
    attempts: int = 0
    failures: int = 0
    lease_owner: str | None = None
    lease_until: datetime | None = None
    files: tuple[TrackedFile, ...] = field(default=())

    @property
    def retry_count(self) -> int:
        return max(0, self.attempts - 1)

    @property
    def error_message(self) -> str | None:
        return self.reason.message if self.reason else None


@dataclass(frozen=True, slots=True)
class PartRecord:
    """A part that the archive has taken: CRC64NVME in 8 big-endian bytes, and its receipt.

    `md5` is the MD5 of its bytes where the source's ETag is reproduced from it, else empty.
    """

    number: int
    length: int
    checksum: bytes
    receipt: str
    md5: bytes = b""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """How far one original has come: what another try, process or machine needs to go on.

    `token` names the archive's unfinished upload. `size` and `etag` are the source's, and
    must still hold when the transfer goes on.
    """

    token: str
    part_size: int
    size: int
    etag: str | None
    parts: tuple[PartRecord, ...] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try at one medium, as history keeps it. `ended_at` is None while it runs."""

    media_id: str
    run_id: str
    started_at: datetime
    ended_at: datetime | None
    outcome: str
    message: str
