"""Tells a person of changes of state, and remembers what that person knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cloud_sync.errors import CloudSyncError
from cloud_sync.model.report import Result, RunSummary
from cloud_sync.notify.base import Severity
from cloud_sync.notify.policy import (
    digest_due,
    known_after,
    last_told,
    severity_of,
    since_digest,
    still_unheard,
)
from cloud_sync.pipeline.events import Observer, Warned
from cloud_sync.pipeline.quarantine import given_up_media, given_up_text
from cloud_sync.pipeline.rooms import Rooms
from cloud_sync.summary.digest import digest_subject, digest_text
from cloud_sync.summary.render import headline, summary_text

_RUNS = 500
"""How many runs are looked through for the last one that a person heard of, and for a week's."""


class Messenger:
    """Sends at most one message for each change of state. `known` is what the person knows now.

    A message that could not be handed over is told as a warning and does not count: what is
    remembered makes the next run send it again.
    """

    def __init__(self, rooms: Rooms, observe: Observer) -> None:
        self._rooms = rooms
        self._observe = observe
        self._before = rooms.tracker.runs(_RUNS)
        self.known: Result | None = last_told(self._before)

    def tell(self, result: Result, subject: str, body: str) -> None:
        """Send it if it is worth telling."""
        severity = severity_of(self.known, result)
        delivered = severity is Severity.QUIET or self._sent(subject, body, severity)
        self.known = known_after(self.known, result, delivered=delivered)

    def tell_end(self, summary: RunSummary, *, digest: bool) -> RunSummary:
        """Tell how the run ended, and what else is due; the summary with what is known then."""
        self.tell(summary.result, f"cloud-sync: {headline(summary)}", summary_text(summary))
        unheard = self._given_up(summary)
        summary = replace(summary, told=self.known, unheard=unheard)
        return replace(summary, digested=digest and self._digested(summary))

    def pulse_started(self) -> None:
        """Tell the watchdog, if there is one, that a run has begun."""
        if pulse := self._rooms.pulse:
            self._handed_over(pulse.started)

    def pulse_ended(self, result: Result) -> None:
        """Tell the watchdog, if there is one, how the run ended."""
        if pulse := self._rooms.pulse:
            self._handed_over(lambda: pulse.ended(result.exit_code))

    def _given_up(self, summary: RunSummary) -> tuple[str, ...]:
        """Tell of media that are no longer tried; those of which the person still knows nothing."""
        media = given_up_media(self._rooms.tracker, summary, still_unheard(self._before))
        if not media:
            return ()
        subject, body = given_up_text(media)
        self._observe(Warned(subject))
        if self._sent(f"cloud-sync: {subject}", body, Severity.TELL):
            return ()
        return tuple(named.media_id for named in media)

    def _digested(self, summary: RunSummary) -> bool:
        """Whether the week's digest was due with this run, and was handed over."""
        if summary.result is Result.INTERRUPTED:
            return False
        if not digest_due(summary.started_at, self._before):
            return False
        runs = [summary, *since_digest(self._before)]
        return self._sent(digest_subject(runs), digest_text(runs), Severity.TELL)

    def _sent(self, subject: str, body: str, severity: Severity) -> bool:
        return self._handed_over(lambda: self._rooms.notifier.send(subject, body, severity))

    def _handed_over(self, send: Callable[[], None]) -> bool:
        try:
            send()
        except CloudSyncError as error:
            self._observe(Warned(f"{error.message}; the run itself is not affected"))
            return False
        return True
