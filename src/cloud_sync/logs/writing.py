"""Events on their way into a log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cloud_sync.clock import Clock, to_text
from cloud_sync.logs.events import Line, LogContext, line_of
from cloud_sync.logs.record import Level
from cloud_sync.pipeline.events import Event, RunStarted


class EventLog:
    """Hands each line of `level` or above to `write`, from whatever thread it comes.

    The lines after a `RunStarted` belong to its run, where the context names none.
    """

    def __init__(
        self, context: LogContext, level: Level, clock: Clock, write: Callable[[str], None]
    ) -> None:
        self._context = context
        self._level = level
        self._clock = clock
        self._write = write

    def observe(self, event: Event) -> None:
        """Write the event."""
        if isinstance(event, RunStarted) and not self._context.run_id:
            self._context = replace(self._context, run_id=event.run_id)
        line = line_of(event)
        if line is not None:
            self.tell(line)

    def tell(self, line: Line) -> None:
        """Write a line that is no event of a run."""
        if line[1].at_least(self._level):
            record = self._context.record(to_text(self._clock.now()), line)
            self._write(record.to_line())
