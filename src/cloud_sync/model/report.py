"""How a run ended: outcomes of media, and the summary that both doors print."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from cloud_sync.errors import ExitCode


class Outcome(StrEnum):
    """How one medium ended in one run. Every medium found ends in exactly one."""

    ALREADY_ARCHIVED = "already_archived"
    ARCHIVED = "archived"
    FAILED = "failed"
    PENDING = "pending"
    GONE = "gone"
    NEEDS_ATTENTION = "needs_attention"
    FILTERED = "filtered"


class Result(StrEnum):
    """How a whole run ended."""

    COMPLETED = "completed"
    COMPLETED_WITH_FAILURES = "completed_with_failures"
    AUTH_REQUIRED = "auth_required"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def exit_code(self) -> ExitCode:
        return _EXIT_CODES[self]


_EXIT_CODES = {
    Result.COMPLETED: ExitCode.DONE,
    Result.COMPLETED_WITH_FAILURES: ExitCode.SOME_FAILED,
    Result.AUTH_REQUIRED: ExitCode.AUTH_REQUIRED,
    Result.FAILED: ExitCode.FAILED,
    Result.INTERRUPTED: ExitCode.INTERRUPTED,
}


@dataclass(frozen=True, slots=True)
class Named:
    """A medium that is not archived, with the reason a person reads."""

    media_id: str
    filename: str
    outcome: Outcome
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run's report. Counts are of media, `files_archived` of files, `bytes` of stored bytes.

    Invariant: found = already_archived + archived + failed + pending + gone + needs_attention
    + filtered. `named` lists media behind the last five, at most `NAMED_LIMIT` of them;
    `reasons` counts all of them by reason code. `listing_short_by` is how many media the provider
    counts that its listing did not hold; the listing is not complete either where a row of it could
    not be read.
    `told` is the result that a person knows of after this run, as far as messages could be handed
    over; None where that is not known. `unheard` are media that are no longer tried by themselves
    and of which a person was not told yet. `digested`: the week's digest went out with this run.
    """

    run_id: str
    result: Result
    archive: str
    started_at: datetime
    duration_seconds: float
    found: int
    new: int
    counts: dict[Outcome, int]
    files_archived: int
    bytes: int
    listing_complete: bool
    listing_short_by: int = 0
    reasons: dict[str, int] = field(default_factory=dict)
    named: tuple[Named, ...] = ()
    message: str = ""
    told: Result | None = None
    unheard: tuple[str, ...] = ()
    digested: bool = False

    @property
    def throughput_mbps(self) -> float:
        """Megabits (10^6 bits) stored per second of the whole run."""
        if self.duration_seconds <= 0:
            return 0.0
        return self.bytes * 8 / 1e6 / self.duration_seconds


NAMED_LIMIT = 1000

UNREADABLE_ROW = "unreadable_row"
"""The reason code of a row of the listing that could not be read as a medium."""
