"""How copies look: JSON lines for scripts, a live line on a terminal, or plain lines."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Protocol

from cloud_sync.cli.terminal import one_line, result_json, say
from cloud_sync.replicate.execution import (
    CopyEvent,
    CopyProgress,
    CopySettled,
    CopyStarted,
    CopyWarned,
    Execution,
)
from cloud_sync.replicate.outcome import CopyOutcome, CopyStatus
from cloud_sync.replicate.request import CopyRequest


class CopyDisplay(Protocol):
    """An onlooker with a beginning and an end."""

    def observe(self, event: CopyEvent) -> None:
        """Show the event; called from several threads."""
        ...

    def shown(self) -> AbstractContextManager[object]:
        """Show for as long as the block lasts."""
        ...


class JsonCopyDisplay:
    """Every event but the progress of bytes as one JSON object a line on standard output."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def observe(self, event: CopyEvent) -> None:
        match event:
            case CopyStarted(bucket, key):
                told: dict[str, object] = {"event": "copy_started", "bucket": bucket, "key": key}
            case CopySettled(outcome):
                told = {"event": "copy_settled", **outcome.to_json()}
            case CopyWarned(message):
                told = {"event": "warned", "message": message}
            case _:
                return
        with self._lock:
            result_json(told)

    def shown(self) -> AbstractContextManager[object]:
        return nullcontext()


class PlainCopyDisplay:
    """A line for each destination that is settled; `quiet` shows warnings only."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet

    def observe(self, event: CopyEvent) -> None:
        if isinstance(event, CopyWarned):
            say(one_line(f"warning: {event.message}"))
        elif isinstance(event, CopySettled) and not self._quiet:
            say(one_line(outcome_line(event.outcome)))

    def shown(self) -> AbstractContextManager[object]:
        return nullcontext()


class LiveCopyDisplay:
    """A line that counts bytes and destinations; what is settled scrolls above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            Progress,
            SpinnerColumn,
            TextColumn,
            TotalFileSizeColumn,
            TransferSpeedColumn,
        )

        self._console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            TotalFileSizeColumn(),
            TransferSpeedColumn(),
            console=self._console,
            transient=True,
        )
        self._task = self._progress.add_task("copying", total=None)
        self._lock = threading.Lock()
        self._bytes = self._begun = self._settled = 0

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Draw for as long as the block lasts; nothing of it stays behind."""
        with self._progress:
            yield

    def observe(self, event: CopyEvent) -> None:
        with self._lock:
            match event:
                case CopyStarted():
                    self._begun += 1
                case CopyProgress(_, length):
                    self._bytes += length
                case CopySettled(outcome):
                    self._settled += 1
                    self._print(outcome_line(outcome))
                case CopyWarned(message):
                    self._print(f"warning: {message}")
            self._progress.update(
                self._task,
                description=f"copying: {self._settled} of {self._begun} destinations",
                total=self._bytes,
                completed=self._bytes,
            )

    def _print(self, line: str) -> None:
        self._console.print(one_line(line), markup=False, highlight=False)


def copy_display_of(*, json: bool, quiet: bool) -> CopyDisplay:
    """JSON if asked for; otherwise live on a terminal, plain elsewhere, or quiet."""
    if json:
        return JsonCopyDisplay()
    if not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        return LiveCopyDisplay()
    return PlainCopyDisplay(quiet=quiet)


def outcome_line(outcome: CopyOutcome) -> str:
    """One destination for a person."""
    # only what is shown needs the words for it
    from cloud_sync.summary.render import size_text

    where = f"s3://{outcome.bucket}/{outcome.key}"
    match outcome.status:
        case CopyStatus.COPIED:
            size = size_text(outcome.size or 0)
            return f"copied   {where} ({size}, {outcome.message})"
        case CopyStatus.SKIPPED:
            return f"skipped  {where}: {outcome.message}"
        case _:
            return f"failed   {where}: {outcome.code}: {outcome.message}"


def results_text(request: CopyRequest, done: Execution) -> str:
    """The end of an execution for a person."""
    from cloud_sync.summary.render import count

    results = done.results
    skipped = sum(each.status is CopyStatus.SKIPPED for each in results.outcomes)
    holding = count(results.successful, "destination holds", "destinations hold")
    lines = [
        f"{holding} {request.source_key}, {results.failed} failed.",
        f"  copied    {results.successful - skipped}, there before {skipped}",
    ]
    lines += [
        f"  failed    {each.bucket} [{each.code}] {each.message}" for each in results.failures
    ]
    lines.append(f"  execution {done.execution_id}")
    return "\n".join(one_line(line) for line in lines)
