"""What the runs of a week came to, in a few lines for a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from cloud_sync.model.report import Outcome, Result, RunSummary
from cloud_sync.summary.render import count, size_text

_WORDS = {
    Result.COMPLETED: "good",
    Result.COMPLETED_WITH_FAILURES: "with something missing",
    Result.AUTH_REQUIRED: "without a login that works",
    Result.FAILED: "failed",
    Result.INTERRUPTED: "interrupted",
}


def digest_subject(runs: Sequence[RunSummary]) -> str:
    """One line; `runs` are those since the last digest, the newest first."""
    archived = sum(run.counts.get(Outcome.ARCHIVED, 0) for run in runs)
    return (
        f"cloud-sync: {count(archived, 'medium', 'media')} archived "
        f"({size_text(_bytes(runs))}) since {runs[-1].started_at:%Y-%m-%d}"
    )


def digest_text(runs: Sequence[RunSummary]) -> str:
    """How the runs ended, what they stored, and what the newest one left."""
    results = Counter(run.result for run in runs)
    ends = ", ".join(f"{results[each]} {word}" for each, word in _WORDS.items() if results[each])
    newest, files = runs[0], sum(run.files_archived for run in runs)
    held = newest.counts.get(Outcome.ALREADY_ARCHIVED, 0) + newest.counts.get(Outcome.ARCHIVED, 0)
    left = newest.counts.get(Outcome.FAILED, 0) + newest.counts.get(Outcome.PENDING, 0)
    return "\n".join(
        (
            f"{count(len(runs), 'run', 'runs')}: {ends}.",
            f"  archived  {count(files, 'file', 'files')}, {size_text(_bytes(runs))}",
            f"  in cloud  {count(newest.found, 'medium', 'media')}, {held} archived, {left} left",
            f"  lies in   {newest.archive}",
        )
    )


def _bytes(runs: Sequence[RunSummary]) -> int:
    return sum(run.bytes for run in runs)
