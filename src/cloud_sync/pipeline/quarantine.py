"""Alerts a person when a medium has failed so often that it is no longer tried by itself."""

from __future__ import annotations

from cloud_sync.errors import CloudSyncError
from cloud_sync.model.report import Named, Outcome, RunSummary
from cloud_sync.notify.policy import newly_given_up
from cloud_sync.pipeline.events import Observer, Warned
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.summary.render import count, shown_name
from cloud_sync.tracker.plan import QUARANTINE_AFTER

NAMES = 20
HINT = "next: cloud-sync sync --retry-failed"


def tell_quarantined(rooms: Rooms, summary: RunSummary, observe: Observer) -> None:
    """One message about all media that this run was the last automatic try of, if there are any."""
    failed = {named.media_id: named for named in summary.named if named.outcome is Outcome.FAILED}
    rows = rooms.tracker.known(list(failed))
    failures = {media_id: row.failures for media_id, row in rows.items()}
    given_up = [failed[media_id] for media_id in newly_given_up(failures, QUARANTINE_AFTER)]
    if not given_up:
        return
    media = count(len(given_up), "medium is", "media are")
    sentence = f"{media} no longer tried: {QUARANTINE_AFTER} runs in a row have failed"
    observe(Warned(sentence))
    try:
        rooms.notifier.send(f"cloud-sync: {sentence}", _body(given_up))
    except CloudSyncError as error:
        observe(Warned(f"{error.message}; the run itself is not affected"))


def _body(given_up: list[Named]) -> str:
    lines = [f"{shown_name(named)}: {named.message}" for named in given_up[:NAMES]]
    more = len(given_up) - len(lines)
    return "\n".join([*lines, *([f"and {more} more"] if more else []), HINT])
