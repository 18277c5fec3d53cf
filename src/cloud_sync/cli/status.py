"""`cloud-sync status`: counts, bytes, last run, token age, and what needs a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from cloud_sync.cli.options import Env, Json, Quiet, To, Verbose, examples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloud_sync.model.tracking import TrackedFile, TrackedMedium
    from cloud_sync.pipeline.standing import Standing

SHOWN_EACH = 5
SUSPECT = "source_damaged"
SUSPECT_MESSAGE = (
    "stored, but its bytes do not give the cloud's own checksum as other files do; look at it"
)


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
    to: To = None,
    env: Env = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """Show what is archived and what needs a person."""
    import os

    from cloud_sync.cli.advice import for_environment
    from cloud_sync.cli.terminal import result, result_json, set_up_logging
    from cloud_sync.config.load import load_config
    from cloud_sync.pipeline.standing import standing
    from cloud_sync.wiring.chosen import chosen_wiring

    set_up_logging(verbose=verbose)
    wiring = chosen_wiring(load_config({"to": to}, os.environ), os.environ, env)
    with wiring.existing_tracker() as tracker:
        credential = wiring.credentials().read()
        history = wiring.login_history()
        now = standing(tracker, wiring.location, credential, wiring.now(), history)
    if json:
        result_json(standing_json(now))
    else:
        result(for_environment(standing_text(now, brief=quiet), env))


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
    lines += _login_lines(standing, brief=brief)
    lines += _attention(standing.failures, "FAILED")
    lines += _attention(standing.without_original, "SKIPPED")
    lines += _suspects(standing.source_suspects)
    if standing.grown:
        grown = count(standing.grown, "archived medium", "archived media")
        lines.append(f"  needs you    {grown} grew in the cloud; cloud-sync sync names them")
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


def _suspects(files: Sequence[tuple[str, TrackedFile]]) -> list[str]:
    from cloud_sync.cli.terminal import one_line
    from cloud_sync.tracker.repair_plan import FETCH_AGAIN

    lines = [
        one_line(f"  needs you    {file.key}: {SUSPECT_MESSAGE}") for _, file in files[:SHOWN_EACH]
    ]
    if len(files) > SHOWN_EACH:
        lines.append("               more: cloud-sync status --json")
    if files:
        lines.append(f"               next: where one is damaged, {FETCH_AGAIN}")
    return lines


def _login_lines(standing: Standing, *, brief: bool) -> list[str]:
    from cloud_sync.summary.render import login_text, login_warning

    login = standing.login
    if login is None:
        return [] if brief else ["  login        none stored; cloud-sync login"]
    lines = [] if brief else [f"  login        {login_text(login, standing.now)}"]
    remarks = (login_warning(login, standing.now), standing.login_trouble)
    return lines + [f"  warning      {remark}" for remark in remarks if remark]


def standing_json(standing: Standing) -> dict[str, object]:
    """The object of `status --json`."""
    from cloud_sync.summary.render import login_json, summary_json

    return {
        "archive": standing.archive,
        "statuses": {
            status.value: {"media": tally.media, "files": tally.files, "bytes": tally.bytes}
            for status, tally in standing.tallies.items()
        },
        "last_run": summary_json(standing.last_run) if standing.last_run else None,
        "login": login_json(standing.login, standing.now, standing.login_trouble)
        if standing.login
        else None,
        "needs_attention": [
            {
                "media_id": medium.media_id,
                "filename": medium.filename,
                "code": medium.reason.code if medium.reason else None,
                "message": medium.error_message,
                "attempts": medium.attempts,
            }
            for medium in (*standing.failures, *standing.without_original)
        ]
        + [
            {
                "media_id": media_id,
                "filename": file.filename,
                "code": SUSPECT,
                "message": f"{file.key}: {SUSPECT_MESSAGE}",
                "attempts": None,
            }
            for media_id, file in standing.source_suspects
        ],
        "grown_at_source": standing.grown,
    }
