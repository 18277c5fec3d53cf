"""How a run looks: JSON lines for scripts, plain lines, or nothing but the result."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import Protocol

from cloud_sync.cli.terminal import one_line, result_json, say
from cloud_sync.model.report import Named, Outcome
from cloud_sync.pipeline.events import (
    Event,
    FileArchived,
    FileFailed,
    FileProgress,
    LoginAwaited,
    LoginRenewed,
    MediumSettled,
    PageListed,
    PlanMade,
    RunEnded,
    Warned,
)
from cloud_sync.summary.render import count, duration_text, shown_name, size_text, summary_json


class Display(Protocol):
    """An onlooker with a beginning and an end."""

    def observe(self, event: Event) -> None:
        """Show the event; called from several threads."""
        ...

    def shown(self) -> AbstractContextManager[None]:
        """Show for as long as the block lasts."""
        ...


class JsonDisplay:
    """Every event but the progress of bytes as one JSON object a line on standard output."""

    def observe(self, event: Event) -> None:
        if isinstance(event, RunEnded):
            result_json(summary_json(event.summary))
        elif not isinstance(event, FileProgress):
            name = re.sub(r"(?<!^)(?=[A-Z])", "_", type(event).__name__).lower()
            result_json({"event": name, **asdict(event)})

    def shown(self) -> AbstractContextManager[None]:
        return nullcontext()


class QuietDisplay:
    """Nothing on the way but what a person must do; the end of the run is told elsewhere."""

    def observe(self, event: Event) -> None:
        """Look away, unless the run waits for a person."""
        if isinstance(event, LoginAwaited):
            say(one_line(plain_line(event)))

    def shown(self) -> AbstractContextManager[None]:
        return nullcontext()


class PlainDisplay:
    """A line for each thing that a person may want to read later in a log."""

    def observe(self, event: Event) -> None:
        line = plain_line(event)
        if line:
            say(one_line(line))

    def shown(self) -> AbstractContextManager[None]:
        return nullcontext()


def plain_line(event: Event) -> str:
    """The line for an event; empty for those that only a live display shows."""
    match event:
        case PageListed(found, total) if found % 1000 < 100 and found >= 1000:
            return f"listing: {found} of {total if total is not None else '?'} media"
        case PlanMade():
            return plan_line(event)
        case FileArchived():
            return f"archived {event.key} ({size_text(event.size)})"
        case FileFailed(retry_in=float(wait)):
            return f"retrying {event.filename or event.media_id} in {wait:.1f} s: {event.message}"
        case MediumSettled(named=Named() as named):
            word = "failed" if event.outcome == Outcome.FAILED else "left"
            return f"{word} {shown_name(named)}: {named.message}"
        case LoginAwaited(message, hint, seconds):
            return f"waiting up to {duration_text(seconds)} for a login; next: {hint} ({message})"
        case LoginRenewed():
            return "the login works; going on"
        case Warned(message):
            return f"warning: {message}"
        case _:
            return ""


def plan_line(event: PlanMade) -> str:
    """What the plan came to."""
    if not event.due:
        return f"plan: nothing to archive, {event.already_archived} archived by earlier runs"
    return (
        f"plan: {count(event.due, 'medium', 'media')} to archive (about "
        f"{size_text(event.due_bytes)}), {event.already_archived} archived by earlier runs"
    )
