"""A run's summary as a person reads it in five seconds, and as a script reads it."""

from __future__ import annotations

from datetime import datetime, timedelta

from cloud_sync.clock import to_text
from cloud_sync.credentials.history import LoginOutlook
from cloud_sync.model.report import UNREADABLE_ROW, Named, Outcome, Result, RunSummary

_HEADLINES = {
    Result.COMPLETED: "done",
    Result.COMPLETED_WITH_FAILURES: "done, but something is missing",
    Result.AUTH_REQUIRED: "the camera cloud wants a login",
    Result.FAILED: "the run failed",
    Result.INTERRUPTED: "interrupted; the next run goes on from here",
}

NAMES_PER_REASON = 3

_WORDS = {
    Outcome.FAILED: "failed",
    Outcome.NEEDS_ATTENTION: "look at",
    Outcome.PENDING: "pending",
    Outcome.GONE: "gone",
    Outcome.FILTERED: "filtered",
}


def headline(summary: RunSummary) -> str:
    """One line: how the run ended and what it stored."""
    archived = summary.counts[Outcome.ARCHIVED]
    return (
        f"{_headline(summary)}: {count(archived, 'medium', 'media')} archived "
        f"({size_text(summary.bytes)})"
    )


def _headline(summary: RunSummary) -> str:
    if summary.result is Result.COMPLETED_WITH_FAILURES and not summary.listing_complete:
        if summary.counts[Outcome.FAILED]:
            return "done, but media failed and the listing was incomplete"
        return "done, but the listing was incomplete"
    return _HEADLINES[summary.result]


def summary_text(summary: RunSummary) -> str:
    """The whole summary, a few lines."""
    counts = summary.counts
    lines = [
        f"{_headline(summary)[0].upper()}{_headline(summary)[1:]}.",
        f"  found     {count(summary.found, 'medium', 'media')} in the cloud, {summary.new} new",
        _archived_line(summary),
        f"  before    {counts[Outcome.ALREADY_ARCHIVED]} archived by earlier runs",
    ]
    lines += _named_lines(summary)
    lines += [f"  warning   {sentence}" for sentence in _listing_warnings(summary)]
    lines.append(f"  lies in   {summary.archive}")
    return "\n".join(lines)


def _listing_warnings(summary: RunSummary) -> list[str]:
    warnings = []
    if summary.listing_short_by:
        missing = count(summary.listing_short_by, "medium", "media")
        warnings.append(f"the listing was incomplete, {missing} short; run again to find the rest")
    if unreadable := summary.reasons.get(UNREADABLE_ROW, 0):
        rows = count(unreadable, "row", "rows")
        warnings.append(
            f"{rows} of the listing could not be read, and running again does not help; "
            "report what --verbose prints"
        )
    cut_off = not summary.listing_complete and summary.result is Result.COMPLETED_WITH_FAILURES
    if cut_off and summary.message:
        warnings.append(f"the listing was incomplete: {summary.message}; run again")
    if cut_off and not warnings:
        warnings.append("the listing was not read to its end; run again to find the rest")
    return warnings


def _archived_line(summary: RunSummary) -> str:
    if not summary.files_archived:
        return f"  archived  nothing new, in {duration_text(summary.duration_seconds)}"
    return (
        f"  archived  {count(summary.counts[Outcome.ARCHIVED], 'medium', 'media')} "
        f"({count(summary.files_archived, 'file', 'files')}, {size_text(summary.bytes)}) in "
        f"{duration_text(summary.duration_seconds)}, {summary.throughput_mbps:.0f} Mbit/s"
    )


def _named_lines(summary: RunSummary) -> list[str]:
    return [
        f"  {word:<9} {_by_reason(outcome, summary)}"
        for outcome, word in _WORDS.items()
        if summary.counts[outcome]
    ]


def _by_reason(outcome: Outcome, summary: RunSummary) -> str:
    by_code: dict[str, list[str]] = {}
    for named in summary.named:
        if named.outcome is outcome:
            by_code.setdefault(named.code, []).append(shown_name(named))
    parts = [
        f"{summary.reasons[code]} {code.replace('_', ' ')} ({_examples(code, names, summary)})"
        for code, names in by_code.items()
    ]
    total = f"{summary.counts[outcome]} {'media' if summary.counts[outcome] != 1 else 'medium'}"
    return f"{total}: {'; '.join(parts)}" if parts else total


def _examples(code: str, names: list[str], summary: RunSummary) -> str:
    shown = ", ".join(names[:NAMES_PER_REASON])
    more = summary.reasons[code] - min(len(names), NAMES_PER_REASON)
    return shown + (f" and {more} more" if more > 0 else "")


def summary_json(summary: RunSummary) -> dict[str, object]:
    """The `run_summary` object of `sync --json`."""
    return {
        "event": "run_summary",
        "run_id": summary.run_id,
        "result": summary.result.value,
        "archive": summary.archive,
        "started_at": to_text(summary.started_at),
        "duration_seconds": round(summary.duration_seconds, 3),
        "found": summary.found,
        "new": summary.new,
        **{outcome.value: summary.counts[outcome] for outcome in Outcome},
        "files_archived": summary.files_archived,
        "bytes": summary.bytes,
        "throughput_mbps": round(summary.throughput_mbps, 3),
        "listing_complete": summary.listing_complete,
        "listing_short_by": summary.listing_short_by,
        "reasons": summary.reasons,
        "named": [
            {
                "media_id": named.media_id,
                "filename": named.filename,
                "outcome": named.outcome.value,
                "code": named.code,
                "message": named.message,
            }
            for named in summary.named
        ],
        "message": summary.message,
    }


def shown_name(named: Named) -> str:
    """A medium's name for a terminal: what could steer the terminal is shown as `?`."""
    name = named.filename.strip() or named.media_id or "a row without id"
    return "".join(char if char.isprintable() else "?" for char in name)


def count(number: int, one: str, many: str) -> str:
    """`1 medium`, `2 media`."""
    return f"{number} {one if number == 1 else many}"


def size_text(size: int) -> str:
    """Bytes in the largest decimal unit that leaves a whole part: `1.5 GB`."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 999.5:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def duration_text(seconds: float) -> str:
    """`4.2 s`, `3 min 20 s`, `2 h 5 min`."""
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def age_text(age: timedelta) -> str:
    """`3 days`, `5 hours`, `12 minutes`."""
    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:
        return count(minutes, "minute", "minutes")
    if minutes < 48 * 60:
        return count(minutes // 60, "hour", "hours")
    return count(minutes // 1440, "day", "days")


def login_text(login: LoginOutlook, now: datetime) -> str:
    """Age and origin of a login, and whether it was refused."""
    age = login.age(now)
    if age is None:
        text = f"from {login.origin}, of unknown age"
    elif login.stored_at is None:
        text = f"first used {age_text(age)} ago, from {login.origin}"
    else:
        text = f"{age_text(age)} old, from {login.origin}"
    if login.refused_at is not None:
        text += f"; refused {age_text(now - login.refused_at)} ago: cloud-sync login"
    return text


def login_warning(login: LoginOutlook, now: datetime) -> str:
    """A sentence where the login is about as old as logins come; empty otherwise."""
    age = login.age(now)
    if age is None or login.learned_life is None or not login.nearly_over(now):
        return ""
    return (
        f"the login is {age_text(age)} old, and earlier ones lasted about "
        f"{age_text(login.learned_life)}: fetch a fresh token and type `cloud-sync login`"
    )


def login_json(login: LoginOutlook, now: datetime, trouble: str) -> dict[str, object]:
    """The object `login` of `status --json` and `doctor --json`; `trouble` is the history's."""
    age, life = login.age(now), login.learned_life
    warnings = (login_warning(login, now), trouble)
    return {
        "origin": login.origin,
        "stored_at": _instant(login.stored_at),
        "age_seconds": None if age is None else age.total_seconds(),
        "last_worked_at": _instant(login.last_worked),
        "refused_at": _instant(login.refused_at),
        "learned_life_seconds": None if life is None else life.total_seconds(),
        "warning": "; ".join(warning for warning in warnings if warning),
    }


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else to_text(instant)
