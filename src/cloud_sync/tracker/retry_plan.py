"""Which media a retry is about: a pure choice.

| asked for                    | tracked as            | decision                               |
|------------------------------|-----------------------|----------------------------------------|
| by its id                    | not at all            | refused: unknown                       |
| by its id                    | COMPLETED             | refused: nothing to retry              |
| by its id                    | anything else         | tried again                            |
| by a run in which it failed  | COMPLETED             | left: a later run archived it          |
| by a run in which it failed  | anything else         | tried again                            |
| not named (all that failed)  | FAILED                | tried again                            |
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cloud_sync.errors import UsageError
from cloud_sync.model.tracking import Status, TrackedMedium
from cloud_sync.tracker.repair_plan import FETCH_AGAIN

NAMED = 5
"""Ids that an error names."""


def chosen_by_id(media_ids: Sequence[str], known: Mapping[str, TrackedMedium]) -> tuple[str, ...]:
    """The media to try again; UsageError names those that cannot be, and nothing is done then."""
    distinct = tuple(dict.fromkeys(media_ids))
    unknown = [each for each in distinct if each not in known]
    if unknown:
        raise UsageError(
            f"trying again: no such medium is tracked: {_shown(unknown)}",
            kept="nothing was changed",
            hint="cloud-sync list --status FAILED --json shows the ids",
        )
    done = [each for each in distinct if known[each].status is Status.COMPLETED]
    if done:
        raise UsageError(
            f"trying again: already archived and verified: {_shown(done)}",
            kept="nothing was changed",
            hint="cloud-sync verify checks what is archived; where files are missing, "
            "cloud-sync reconcile --apply makes them due again. To have one fetched anew: "
            + FETCH_AGAIN,
        )
    return distinct


def chosen_by_run(
    failed: Sequence[str] | None, run_id: str, known: Mapping[str, TrackedMedium]
) -> tuple[str, ...]:
    """The media that failed in the run and are not archived since."""
    if failed is None:
        raise UsageError(
            f"trying again: no run {run_id} is known for this archive",
            kept="nothing was changed",
            hint="cloud-sync status --json shows the last run's id",
        )
    return tuple(each for each in failed if known[each].status is not Status.COMPLETED)


def _shown(media_ids: Sequence[str]) -> str:
    more = len(media_ids) - NAMED
    return ", ".join(media_ids[:NAMED]) + (f" and {more} more" if more > 0 else "")
