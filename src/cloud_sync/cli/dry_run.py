"""`cloud-sync sync --dry-run`: the plan, with sizes, dates, and a reason for every skip."""

from __future__ import annotations

from collections import Counter

from cloud_sync.archive.layout import directory, first_key_candidates
from cloud_sync.cli.display import Display
from cloud_sync.cli.terminal import one_line, result, result_json
from cloud_sync.errors import ExitCode
from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Outcome
from cloud_sync.pipeline.calls import Caller
from cloud_sync.pipeline.login import LoginGuard
from cloud_sync.pipeline.planning import Planned, make_plan, named
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.summary.render import count, shown_name, size_text
from cloud_sync.transfer.stopping import Stop


def show_plan(
    rooms: Rooms, options: RunOptions, stop: Stop, display: Display, *, json: bool
) -> ExitCode:
    """Print the plan. Nothing is written, neither to the archive nor to the tracker."""
    caller = Caller(options.retries, stop, display.observe)
    with display.shown():
        login = LoginGuard(rooms, caller)
        login.check()
        planned = make_plan(rooms, options, caller, login)
    if json:
        _print_json(planned)
    else:
        _print_text(planned, rooms.archive.location)
    return ExitCode.DONE if planned.census.complete else ExitCode.SOME_FAILED


def _print_json(planned: Planned) -> None:
    plan, census = planned.plan, planned.census
    for item in plan.due:
        result_json(
            {
                "event": "planned",
                "media_id": item.id,
                "filename": item.filename,
                "type": item.type,
                "size": item.size,
                "captured_at": item.captured_at.isoformat() if item.captured_at else None,
                "key": likely_key(item),
            }
        )
    for decision in plan.skips:
        skip = named(decision)
        result_json(
            {
                "event": "skipped",
                "media_id": skip.media_id,
                "filename": skip.filename,
                "outcome": skip.outcome.value,
                "code": skip.code,
                "message": skip.message,
            }
        )
    skipped = Counter(named(decision).outcome for decision in plan.skips)
    result_json(
        {
            "event": "plan_summary",
            "found": len(census.ids) + len(census.unreadable),
            "new": plan.seen_first,
            "due": len(plan.due),
            "due_bytes": sum(item.size or 0 for item in plan.due),
            "already_archived": plan.already_archived,
            **{
                outcome.value: skipped[outcome]
                for outcome in (
                    Outcome.PENDING,
                    Outcome.GONE,
                    Outcome.NEEDS_ATTENTION,
                    Outcome.FILTERED,
                )
            },
            "unreadable": census.unreadable,
            "listing_complete": census.complete,
        }
    )


def _print_text(planned: Planned, location: str) -> None:
    plan, census = planned.plan, planned.census
    for item in plan.due:
        size = size_text(item.size) if item.size else "size unknown"
        moment = item.captured_at or item.uploaded_at
        day = moment.date().isoformat() if moment else "undated"
        result(one_line(f"archive  {day:10}  {size:>12}  {likely_key(item)}"))
    for decision in plan.skips:
        skip = named(decision)
        result(one_line(f"skip     {skip.outcome.value:10}  {shown_name(skip)}: {skip.message}"))
    for sentence in census.unreadable:
        result(one_line(f"skip     unreadable  {sentence}"))
    due_bytes = sum(item.size or 0 for item in plan.due)
    unknown = sum(1 for item in plan.due if not item.size)
    note = f", {unknown} of unknown size" if unknown else ""
    result(
        f"{count(len(plan.due), 'medium', 'media')} to archive ({size_text(due_bytes)}{note}), "
        f"{len(plan.skips) + len(census.unreadable)} to skip, {plan.already_archived} already "
        f"archived in {location}. Nothing was moved."
    )


def likely_key(item: MediaItem) -> str:
    """The first file's key as far as the listing tells; a name twin would get its id added."""
    candidates = first_key_candidates(item)
    return candidates[0] if candidates else f"{directory(item)}{item.id}"
