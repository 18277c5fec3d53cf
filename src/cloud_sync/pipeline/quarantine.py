"""Which media a person hears of because they have failed so often that none is tried by itself."""

from __future__ import annotations

from collections.abc import Sequence

from cloud_sync.model.report import Named, Outcome, RunSummary
from cloud_sync.model.tracking import Status
from cloud_sync.notify.policy import newly_given_up
from cloud_sync.summary.render import count, shown_name
from cloud_sync.tracker.base import Tracker
from cloud_sync.tracker.plan import QUARANTINE_AFTER

NAMES = 20
HINT = "next: cloud-sync sync --retry-failed"


def given_up_media(tracker: Tracker, summary: RunSummary, unheard: Sequence[str]) -> list[Named]:
    """The media that this run was the last automatic try of, and those of `unheard` (earlier ones
    that nobody could be told of) that are still FAILED.
    """
    failed = {named.media_id: named for named in summary.named if named.outcome is Outcome.FAILED}
    rows = tracker.known([*failed, *(each for each in unheard if each not in failed)])
    failures = {media_id: rows[media_id].failures for media_id in failed if media_id in rows}
    given_up = [failed[media_id] for media_id in newly_given_up(failures, QUARANTINE_AFTER)]
    heard = {named.media_id for named in given_up}
    for media_id in unheard:
        row = rows.get(media_id)
        if row and row.status is Status.FAILED and media_id not in heard:
            reason = row.reason
            code, message = (reason.code, reason.message) if reason else ("", "")
            given_up.append(Named(media_id, row.filename, Outcome.FAILED, code, message))
    return given_up


def given_up_text(given_up: Sequence[Named]) -> tuple[str, str]:
    """A sentence, and the media with their reasons, at most `NAMES` of them."""
    media = count(len(given_up), "medium is", "media are")
    sentence = f"{media} no longer tried: {QUARANTINE_AFTER} runs in a row have failed"
    lines = [f"{shown_name(named)}: {named.message}" for named in given_up[:NAMES]]
    more = len(given_up) - len(lines)
    return sentence, "\n".join([*lines, *([f"and {more} more"] if more else []), HINT])
