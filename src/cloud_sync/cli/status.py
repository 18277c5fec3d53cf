"""`cloud-sync status`: counts, bytes, last run, token age, and what needs a person."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import typer

from cloud_sync.cli.options import Json, Quiet, To, Verbose, examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloud_sync.model.tracking import TrackedMedium
    from cloud_sync.pipeline.standing import Standing

SHOWN_EACH = 5


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "status",
        epilog=examples(
            "cloud-sync status                      of the configured, only or last archive",
            "cloud-sync status --to /mnt/archive    of this one",
        ),
    )(status)


def status(
    to: To = None, json: Json = False, quiet: Quiet = False, verbose: Verbose = False
) -> None:
    """Show what is archived and what needs a person."""
    import os

    from cloud_sync.cli.terminal import result, result_json, set_up_logging
    from cloud_sync.config.load import load_config
    from cloud_sync.pipeline.standing import standing
    from cloud_sync.wiring.local import LocalWiring

    set_up_logging(verbose=verbose)
    wiring = LocalWiring(load_config({"to": to}, os.environ), os.environ)
    with wiring.existing_tracker() as tracker:
        credential = wiring.credentials().read()
        now = standing(tracker, wiring.location, credential, wiring.now())
    if json:
        result_json(standing_json(now))
    else:
        result(standing_text(now, brief=quiet))


def standing_text(standing: Standing, *, brief: bool) -> str:
    """A few lines for a person; `brief` leaves out what needs no attention."""
    from cloud_sync.clock import to_text
    from cloud_sync.summary.render import count, headline, size_text

    lines = [f"Archive {standing.archive}"]
    for status, tally in standing.tallies.items():
        if tally.media:
            files = f", {count(tally.files, 'file', 'files')}" if tally.files else ""
            size = f", {size_text(tally.bytes)}" if tally.bytes else ""
            lines.append(f"  {status:<11}  {count(tally.media, 'medium', 'media')}{files}{size}")
    if standing.last_run and not brief:
        when = to_text(standing.last_run.started_at.replace(microsecond=0))
        lines.append(f"  last run     {when}: {headline(standing.last_run)}")
    if not brief:
        lines.append(f"  login        {_login_text(standing)}")
    lines += _attention(standing.failures, "FAILED")
    lines += _attention(standing.without_original, "SKIPPED")
    return "\n".join(lines)


def _attention(media: Sequence[TrackedMedium], status: str) -> list[str]:
    from cloud_sync.cli.terminal import one_line

    lines = [
        one_line(f"  needs you    {medium.filename or medium.media_id}: {medium.error_message}")
        for medium in media[:SHOWN_EACH]
    ]
    if len(media) > SHOWN_EACH:
        lines.append(f"               more: cloud-sync list --status {status}")
    return lines


def _login_text(standing: Standing) -> str:
    if standing.login_origin is None:
        return "none stored; cloud-sync login"
    if standing.login_stored_at is None:
        return f"from {standing.login_origin}, of unknown age"
    return f"{age_text(standing.now - standing.login_stored_at)} old, from {standing.login_origin}"


def age_text(age: timedelta) -> str:
    """`3 days`, `5 hours`, `12 minutes`."""
    from cloud_sync.summary.render import count

    minutes = max(0, int(age.total_seconds() // 60))
    if minutes < 120:
        return count(minutes, "minute", "minutes")
    if minutes < 48 * 60:
        return count(minutes // 60, "hour", "hours")
    return count(minutes // 1440, "day", "days")


def standing_json(standing: Standing) -> dict[str, object]:
    """The object of `status --json`."""
    from cloud_sync.clock import to_text
    from cloud_sync.summary.render import summary_json

    stored_at = standing.login_stored_at
    return {
        "archive": standing.archive,
        "statuses": {
            status.value: {"media": tally.media, "files": tally.files, "bytes": tally.bytes}
            for status, tally in standing.tallies.items()
        },
        "last_run": summary_json(standing.last_run) if standing.last_run else None,
        "login": None
        if standing.login_origin is None
        else {
            "origin": standing.login_origin,
            "stored_at": to_text(stored_at) if stored_at else None,
            "age_seconds": (standing.now - stored_at).total_seconds() if stored_at else None,
        },
        "needs_attention": [
            {
                "media_id": medium.media_id,
                "filename": medium.filename,
                "code": medium.reason.code if medium.reason else None,
                "message": medium.error_message,
                "attempts": medium.attempts,
            }
            for medium in (*standing.failures, *standing.without_original)
        ],
    }
