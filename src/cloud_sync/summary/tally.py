"""Folds the outcomes of a run into its summary; refuses a run that lost sight of a medium."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from cloud_sync.model.report import NAMED_LIMIT, Named, Outcome, Result, RunSummary

_BY_URGENCY = (
    Outcome.FAILED,
    Outcome.NEEDS_ATTENTION,
    Outcome.GONE,
    Outcome.PENDING,
    Outcome.FILTERED,
)
"""Which media keep their names when there are more than a summary holds."""


class MediumWithoutOutcome(AssertionError):
    """A bug: media found and outcomes counted do not agree."""


@dataclass(slots=True)
class Tally:
    """Counts as a run goes on. Not safe for several threads: one thread folds."""

    run_id: str
    archive: str
    started_at: datetime
    found: int = 0
    new: int = 0
    files_archived: int = 0
    bytes: int = 0
    listing_complete: bool = False
    listing_short_by: int = 0
    listing_doubt: str = ""
    counts: Counter[Outcome] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    named: list[Named] = field(default_factory=list)

    def count(self, outcome: Outcome, media: int = 1) -> None:
        """Count media that need no naming."""
        self.counts[outcome] += media

    def name(self, named: Named) -> None:
        """Count one medium that is not archived, and keep its reason."""
        self.counts[named.outcome] += 1
        self.reasons[named.code] += 1
        if self.counts[named.outcome] <= NAMED_LIMIT:
            self.named.append(named)

    def close(self, result: Result, duration_seconds: float, message: str = "") -> RunSummary:
        """The summary; MediumWithoutOutcome unless every medium found has one outcome."""
        if self.counts.total() != self.found:
            raise MediumWithoutOutcome(
                f"{self.found} media were found, {self.counts.total()} have an outcome"
            )
        return RunSummary(
            run_id=self.run_id,
            result=result,
            archive=self.archive,
            started_at=self.started_at,
            duration_seconds=duration_seconds,
            found=self.found,
            new=self.new,
            counts={outcome: self.counts[outcome] for outcome in Outcome},
            files_archived=self.files_archived,
            bytes=self.bytes,
            listing_complete=self.listing_complete,
            listing_short_by=self.listing_short_by,
            reasons=dict(self.reasons),
            named=tuple(sorted(self.named, key=_urgency)[:NAMED_LIMIT]),
            message=message or self.listing_doubt,
        )


def _urgency(named: Named) -> int:
    return _BY_URGENCY.index(named.outcome)
