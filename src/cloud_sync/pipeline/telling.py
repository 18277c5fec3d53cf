"""Tells a person of changes of state, and remembers what that person knows."""

from __future__ import annotations

from cloud_sync.errors import CloudSyncError
from cloud_sync.model.report import Result
from cloud_sync.notify.policy import known_after, last_told, worth_telling
from cloud_sync.pipeline.events import Observer, Warned
from cloud_sync.pipeline.rooms import Rooms

_RUNS = 100
"""How many runs are looked through for the last one that a person heard of."""


class Messenger:
    """Sends at most one message for each change of state. `known` is what the person knows now."""

    def __init__(self, rooms: Rooms, observe: Observer) -> None:
        self._notifier = rooms.notifier
        self._observe = observe
        self.known: Result | None = last_told(rooms.tracker.runs(_RUNS))

    def tell(self, result: Result, subject: str, body: str) -> None:
        """Send it if it is worth telling; one that could not be handed over does not count."""
        delivered = True
        if worth_telling(self.known, result):
            try:
                self._notifier.send(subject, body)
            except CloudSyncError as error:
                delivered = False
                self._observe(Warned(f"{error.message}; the run itself is not affected"))
        self.known = known_after(self.known, result, delivered=delivered)
