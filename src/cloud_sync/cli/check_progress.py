"""How far a check has come, drawn on standard error where that is a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from cloud_sync.cli.terminal import say
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.events import Event, Warned
from cloud_sync.transfer.retry import RetryPolicy
from cloud_sync.transfer.stopping import Stop

STOPPING = "Stopping; nothing that was done is lost. Once more to stop at once."

Advance = Callable[[int, int], None]
"""Takes how many files are done and how many there are."""


@contextmanager
def progress_shown(doing: str, *, quiet: bool) -> Iterator[Advance]:
    """A bar for as long as the block lasts; nothing of it stays behind."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    with Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=40),
        MofNCompleteColumn(),
        TextColumn("files"),
        console=Console(stderr=True),
        transient=True,
    ) as bars:
        task = bars.add_task(doing, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=max(done, total))


def warning_caller(stop: Stop) -> Caller:
    """Calls with the usual retries, whose warnings go to standard error."""

    def tell(event: Event) -> None:
        if isinstance(event, Warned):
            say(f"warning: {event.message}")

    return Caller(RetryPolicy(), stop, tell)
