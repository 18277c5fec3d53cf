"""What several calls of one run read of the same original, summed up."""

from __future__ import annotations

from dataclasses import replace

from cloud_sync.handlers.messages import Unfinished
from cloud_sync.pipeline.events import Event, FileArchived, FilePaused, Observer


class Rounds:
    """Passes events on, with what earlier calls read of the original that they left unfinished.

    `unfinished` is what the next call is to be told. Originals of a medium are worked on one after
    the other, so at most one of them is unfinished.
    """

    def __init__(self, before: Unfinished, observe: Observer) -> None:
        self._before = before
        self._observe = observe
        self.unfinished = Unfinished()

    def observe(self, event: Event) -> None:
        """To be told every event of the call."""
        if isinstance(event, (FileArchived, FilePaused)):
            event = self._summed(event)
        if isinstance(event, FilePaused):
            self.unfinished = Unfinished(
                file=event.file_number,
                bytes=event.bytes_transferred,
                seconds=round(event.duration_seconds, 3),
            )
        self._observe(event)

    def _summed(self, event: FileArchived | FilePaused) -> FileArchived | FilePaused:
        before = self._before
        if event.file_number != before.file:
            return event
        return replace(
            event,
            bytes_transferred=event.bytes_transferred + before.bytes,
            duration_seconds=event.duration_seconds + before.seconds,
        )
