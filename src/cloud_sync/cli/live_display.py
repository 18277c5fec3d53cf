"""The live display of a run on a terminal: files in flight with bars and speed, totals, ETA."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from cloud_sync.cli.display import plain_line
from cloud_sync.cli.terminal import one_line
from cloud_sync.pipeline.events import (
    Event,
    FileArchived,
    FileFailed,
    FileProgress,
    FileStarted,
    MediumSettled,
    PageListed,
    PlanMade,
)

NAME_WIDTH = 36


class LiveDisplay:
    """Bars on standard error, redrawn a few times a second; messages scroll above them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._lock = threading.Lock()
        self._files: dict[tuple[str, int], TaskID] = {}
        self._progress = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(compact=True),
            console=console,
            transient=True,
        )
        self._total = self._progress.add_task(_fixed("listing"), total=None)
        self._due = self._settled = 0

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw for as long as the block lasts; nothing of the bars stays behind."""
        with self._progress:
            yield

    def observe(self, event: Event) -> None:
        """Draw the event."""
        with self._lock:
            self._draw(event)

    def _draw(self, event: Event) -> None:
        match event:
            case PageListed(found, total):
                shown = f"listing {found} of {total if total is not None else '?'}"
                self._progress.update(self._total, description=_fixed(shown))
            case PlanMade():
                self._begin(event)
            case FileStarted():
                self._start(event)
            case FileProgress(media_id, number, bytes_read):
                self._progress.advance(self._total, bytes_read)
                if (task := self._files.get((media_id, number))) is not None:
                    self._progress.advance(task, bytes_read)
            case FileArchived(media_id, number) | FileFailed(media_id, number):
                self._drop(media_id, number)
            case MediumSettled():
                self._settled += 1
                self._describe_total()
            case _:
                pass
        if not isinstance(event, FileArchived) and (line := plain_line(event)):
            self._console.print(one_line(line), markup=False, highlight=False)

    def _begin(self, event: PlanMade) -> None:
        self._due = event.due
        self._progress.reset(self._total, total=max(1, event.due_bytes))
        self._describe_total()

    def _start(self, event: FileStarted) -> None:
        self._drop(event.media_id, event.file_number)
        name = _fixed(event.filename or event.media_id)
        task = self._progress.add_task(name, total=event.size, completed=event.resumed)
        self._progress.advance(self._total, event.resumed)
        self._files[event.media_id, event.file_number] = task

    def _drop(self, media_id: str, number: int) -> None:
        task = self._files.pop((media_id, number), None)
        if task is not None:
            self._progress.remove_task(task)

    def _describe_total(self) -> None:
        self._progress.update(
            self._total, description=_fixed(f"{self._settled} of {self._due} media")
        )


def _fixed(text: str) -> str:
    text = one_line(text)
    if len(text) > NAME_WIDTH:
        text = text[: NAME_WIDTH - 1] + "…"
    return text.ljust(NAME_WIDTH)
