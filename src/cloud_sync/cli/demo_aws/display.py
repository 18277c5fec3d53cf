"""How `cloud-sync demo --aws` looks: live on a terminal, plain lines, JSON, or nothing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from cloud_sync.cli.demo_aws.events import (
    DemoEvent,
    ExecutionEnded,
    ExecutionStarted,
    MediumArchived,
    NoticeReceived,
    Observe,
    StateEntered,
    StepBegun,
    StepDone,
)
from cloud_sync.cli.terminal import one_line, result_json, say
from cloud_sync.summary.render import count, size_text


@contextmanager
def shown(*, json: bool, quiet: bool) -> Iterator[Observe]:
    """Show events for as long as the block lasts; a live bar leaves nothing behind."""
    if json:
        yield lambda event: result_json(json_of(event))
    elif quiet:
        yield lambda _event: None
    elif sys.stderr.isatty() and os.environ.get("TERM") != "dumb":
        with _live() as observe:
            yield observe
    else:
        yield _plain


def json_of(event: DemoEvent) -> dict[str, object]:
    """The event as one JSON object."""
    name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
    return {"event": name, **asdict(event)}


def line_of(event: DemoEvent) -> str:
    """The line for an event; empty for those that only a live display shows."""
    match event:
        case StepDone(step, told, seconds):
            return f"{step:<10} {told} ({seconds:.1f} s)"
        case ExecutionStarted(execution, purpose):
            return f"\nExecution {execution}: {purpose}"
        case StateEntered(_, state, seconds):
            return f"  {seconds:5.1f} s  {state}"
        case MediumArchived():
            files = f", {event.files} files" if event.files != 1 else ""
            return f"           archived {event.key} ({size_text(event.bytes)}{files})"
        case ExecutionEnded(_, status, told, seconds):
            return f"  {seconds:5.1f} s  {status}: {told}"
        case NoticeReceived(subject, told):
            return f"  alert    {subject}: {told}"
        case _:
            return ""


def _plain(event: DemoEvent) -> None:
    if line := line_of(event):
        _put(line, say)


def _put(line: str, write: Callable[[str], None]) -> None:
    """Write the line; an empty one before it where it begins a part."""
    if line.startswith("\n"):
        write("")
    write(one_line(line.removeprefix("\n")))


@contextmanager
def _live() -> Iterator[Observe]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)

    def write(line: str) -> None:
        console.print(line, markup=False, highlight=False, soft_wrap=True)

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    ) as bars:
        task = bars.add_task("", total=None)

        def observe(event: DemoEvent) -> None:
            if line := line_of(event):
                _put(line, write)
            match event:
                case StepBegun(doing):
                    bars.reset(task, total=None, description=doing)
                case ExecutionStarted():
                    bars.reset(task, total=None, description="starting")
                case StateEntered(state=state):
                    bars.update(task, description=state)
                case MediumArchived(done=done, due=due):
                    told = f"{done} of {count(due, 'medium', 'media')}"
                    bars.update(task, completed=done, total=due, description=told)
                case _:
                    pass

        yield observe
