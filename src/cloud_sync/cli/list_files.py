"""`cloud-sync list`: every tracked file, one a line."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import typer

from cloud_sync.cli.options import Env, Json, Quiet, To, Verbose, examples
from cloud_sync.model.tracking import Status, TrackedFile, TrackedMedium


def register(app: typer.Typer) -> None:
    """Add the command to the application."""
    app.command(
        "list",
        epilog=examples(
            "cloud-sync list                        every tracked file",
            "cloud-sync list --status FAILED        what failed, and why",
            "cloud-sync list --json > archive.jsonl one JSON object a line",
        ),
    )(list_files)


def list_files(
    to: To = None,
    env: Env = None,
    status: Annotated[
        Status | None,
        typer.Option("--status", case_sensitive=False, help="Only files of this status."),
    ] = None,
    media_id: Annotated[
        str | None, typer.Option("--media-id", metavar="ID", help="Only this medium's files.")
    ] = None,
    json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
) -> None:
    """List every tracked file, one a line."""
    import os

    from cloud_sync.cli.terminal import one_line, result, result_json, say, set_up_logging
    from cloud_sync.config.load import load_config
    from cloud_sync.wiring.chosen import chosen_wiring

    set_up_logging(verbose=verbose)
    wiring = chosen_wiring(load_config({"to": to}, os.environ), os.environ, env)
    with wiring.existing_tracker() as tracker:
        if not quiet:
            say(f"Archive: {wiring.location}")
        for medium in tracker.media(media_id=media_id):
            for row in rows_of(medium):
                if status and row["status"] != status.value:
                    continue
                if json:
                    result_json(row)
                else:
                    result(one_line(line_of(row)))


def rows_of(medium: TrackedMedium) -> Iterator[dict[str, object]]:
    """One object per file; one without a key for a medium whose files are not known yet."""
    files: tuple[TrackedFile | None, ...] = medium.files or (None,)
    for file in files:
        yield {
            "media_id": medium.media_id,
            "file_number": file.number if file else 1,
            "filename": (file.filename if file else "") or medium.filename,
            "status": status_of(medium, file).value,
            "key": file.key if file else None,
            "size": file.size if file else medium.file_size,
            "checksum_crc64nvme": file.checksum if file else None,
            "captured_at": medium.captured_at.isoformat() if medium.captured_at else None,
            "attempts": medium.attempts,
            "source_check": file.source_check if file else None,
            "error": error_of(medium, file),
        }


def status_of(medium: TrackedMedium, file: TrackedFile | None) -> Status:
    """A file that is done is COMPLETED whatever its medium still lacks."""
    if file and file.status is Status.COMPLETED:
        return Status.COMPLETED
    return medium.status


def error_of(medium: TrackedMedium, file: TrackedFile | None) -> dict[str, str] | None:
    """The medium's reason, for files that it concerns."""
    if medium.reason is None or status_of(medium, file) is Status.COMPLETED:
        return None
    return {"code": medium.reason.code, "message": medium.reason.message}


def line_of(row: dict[str, object]) -> str:
    """The row for a person."""
    name = row["key"] or row["filename"] or row["media_id"]
    error = row["error"]
    why = f"  ({error['message']})" if isinstance(error, dict) else ""
    return (
        f"{row['status']:<11}  {row['size'] if row['size'] is not None else '?':>14}  {name}{why}"
    )
