"""How deployments look: a line for each thing that happens, tables of changes, JSON for scripts."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from cloud_sync.aws.stack_changes import Action, ResourceChange, StackEvent
from cloud_sync.cli.terminal import one_line, result_json, say
from cloud_sync.clock import to_text

if TYPE_CHECKING:
    from rich.console import Console

_STACK = "AWS::CloudFormation::Stack"


def event_json(event: StackEvent) -> dict[str, object]:
    """The object of something that happened to a resource."""
    return {
        "event": "resource_event",
        "stack": event.stack,
        "at": to_text(event.at),
        "resource": event.resource,
        "kind": event.kind,
        "status": event.status,
        "reason": event.reason or None,
    }


def change_json(change: ResourceChange) -> dict[str, object]:
    """The object of what a deployment would do to a resource."""
    return {
        "event": "resource_change",
        "stack": change.stack,
        "action": change.action.value,
        "resource": change.resource,
        "kind": change.kind,
        "details": list(change.details),
        "endangers": change.endangers,
    }


def event_line(event: StackEvent) -> str:
    """The line of something that happened to a resource."""
    at = event.at.astimezone().strftime("%H:%M:%S")
    kind = "the stack itself" if event.kind == _STACK else event.kind
    reason = f": {event.reason}" if event.failed and event.reason else ""
    return f"{at}  {event.status:<28} {event.resource} ({kind}){reason}"


def onlooker(*, json: bool, quiet: bool) -> Callable[[StackEvent], None]:
    """What shows each event: JSON on standard output, a line on standard error, or nothing."""
    if json:
        return lambda event: result_json(event_json(event))
    if quiet:
        return lambda _event: None
    return lambda event: say(one_line(event_line(event)))


def sayer(*, json: bool, quiet: bool) -> Callable[[str], None]:
    """What tells a person how far it is."""
    return (lambda _text: None) if json or quiet else say


def print_changes(changes: Sequence[ResourceChange], *, to_error: bool = False) -> None:
    """The table of changes; in red what would no longer belong to the archive."""
    from rich.console import Console
    from rich.table import Table

    stream = sys.stderr if to_error else sys.stdout
    console = Console(file=stream, highlight=False)
    if not console.is_terminal:
        _print_plainly(changes, console)
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("action", "stack", "resource", "type", "because of"):
        table.add_column(name, overflow="fold")
    for each in changes:
        style = "bold red" if each.endangers else _STYLES.get(each.action, "")
        table.add_row(*map(one_line, _cells(each)), style=style)
    console.print(table, markup=False)


_STYLES = {Action.REPLACE: "yellow", Action.MAY_REPLACE: "yellow", Action.REMOVE: "yellow"}


def _print_plainly(changes: Iterable[ResourceChange], console: Console) -> None:
    """Aligned, but never folded: a line is a change."""
    rows = [tuple(map(one_line, _cells(each))) for each in changes]
    widths = [max((len(row[column]) for row in rows), default=0) for column in range(4)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, [*widths, 0], strict=True)]
        print("  ".join(cells).rstrip(), file=console.file)


def _cells(change: ResourceChange) -> tuple[str, ...]:
    warning = "  HOLDS DATA" if change.endangers else ""
    return (
        change.action.value,
        change.stack,
        change.resource,
        change.kind,
        ", ".join(change.details) + warning,
    )
