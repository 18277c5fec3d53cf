"""How an archive stands: what `status` shows, gathered from the tracker and the credentials."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from cloud_sync.credentials.base import StoredCredential
from cloud_sync.credentials.history import LoginHistory, LoginOutlook, outlook
from cloud_sync.errors import NoOriginal
from cloud_sync.model.report import RunSummary
from cloud_sync.model.tracking import Status, TrackedFile, TrackedMedium
from cloud_sync.tracker.base import Tally, Tracker
from cloud_sync.tracker.plan import GROWN

SHOWN = 20
"""How many media of one kind are gathered for a person to look at."""

RUNS = 100
"""How many runs are looked through for one with a complete listing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Counts by status, the last run, the login, and media that a person should look at.

    `source_suspects` as in `Tracker.source_suspects`. `login` is what is known of the login, None
    without one; `login_trouble` is the history's own, see `LoginHistory.trouble`. `grown` is how
    many archived media had grown in the cloud by the last complete listing, which alone can tell.
    """

    archive: str
    now: datetime
    tallies: Mapping[Status, Tally]
    last_run: RunSummary | None
    failures: Sequence[TrackedMedium]
    without_original: Sequence[TrackedMedium]
    login: LoginOutlook | None
    source_suspects: Sequence[tuple[str, TrackedFile]] = ()
    login_trouble: str = ""
    grown: int = 0


def standing(
    tracker: Tracker,
    archive: str,
    credential: StoredCredential | None,
    now: datetime,
    history: LoginHistory | None = None,
) -> Standing:
    """Gather it; calls neither the camera cloud nor the archive."""
    runs = tracker.runs(RUNS)
    logins = history.records() if history else ()
    return Standing(
        archive=archive,
        now=now,
        tallies=tracker.tallies(),
        last_run=runs[0] if runs else None,
        failures=tracker.recent_failures(),
        without_original=tuple(islice(_without_original(tracker), SHOWN)),
        login=outlook(credential, logins) if credential else None,
        login_trouble=history.trouble if history else "",
        source_suspects=tracker.source_suspects(SHOWN),
        grown=next((run.reasons.get(GROWN, 0) for run in runs if run.listing_complete), 0),
    )


def _without_original(tracker: Tracker) -> Iterator[TrackedMedium]:
    for medium in tracker.media(status=Status.SKIPPED):
        if medium.reason and medium.reason.code == NoOriginal.code:
            yield medium
