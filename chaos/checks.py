"""What must hold once the dust has settled. Each check gives sentences about what does not."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from chaos.targets import Target
from cloud_sync.simulator.counters import Snapshot
from cloud_sync.simulator.library import Library
from command_line import CommandLine, Ended
from library_checks import assert_everything_archived, wanted

_OWN = (".sqlite", ".sqlite-wal", ".sqlite-shm", ".json", ".jsonl", ".lock")
_REPAIRS = ("reopen", "adopt", "discard", "look")
_SHOWN = 5

_UNFINISHED = {
    "unfinished uploads": "SELECT count(*) FROM transfers",
    "parts of unfinished uploads": "SELECT count(*) FROM parts",
    "media that a run still holds": "SELECT count(*) FROM media WHERE lease_owner IS NOT NULL",
    "runs that have not ended": "SELECT count(*) FROM runs WHERE state = 'open'",
    "tries that have not ended": "SELECT count(*) FROM attempts WHERE ended_at IS NULL",
}


def check_archive(library: Library, rows: list[dict[str, Any]], target: Target) -> Iterator[str]:
    """Every original once and byte for byte, and nothing else."""
    try:
        assert_everything_archived(library, rows, target.read)
    except (AssertionError, OSError) as error:
        yield f"the archive does not hold every original once: {error}"
    listed = {row["key"] for row in rows if row["status"] == "COMPLETED"}
    if foreign := target.keys() - listed:
        yield f"{len(foreign)} objects are no original: {_some(foreign)}"
    if missing := listed - target.keys():
        yield f"{len(missing)} originals are not there: {_some(missing)}"
    if left := target.leftovers():
        yield f"{len(left)} leftovers of unfinished work: {_some(left)}"


def check_rows(library: Library, rows: list[dict[str, Any]]) -> Iterator[str]:
    """What is not COMPLETED is named as not ready, or as without an original, and truly so."""
    ready = {medium.id for medium in wanted(library)}
    due = {medium.id for medium in library.media()}
    for row in rows:
        if row["status"] != "COMPLETED" and row["media_id"] in ready:
            yield f"{row['media_id']}, file {row['file_number']}, is {row['status']}"
    if strangers := {row["media_id"] for row in rows} - due:
        yield f"{len(strangers)} tracked media were never in the cloud: {_some(strangers)}"
    if silent := due - {row["media_id"] for row in rows}:
        yield f"{len(silent)} media are not tracked at all: {_some(silent)}"


def check_home(home: Path, temporary: Path) -> Iterator[str]:
    """The tracker knows of nothing unfinished, and no temporary file is left."""
    trackers = list(home.rglob("*.sqlite"))
    if len(trackers) != 1:
        yield f"{len(trackers)} trackers instead of one"
    for tracker in trackers:
        yield from _unfinished(tracker)
    stray = [path.name for path in home.rglob("*") if path.is_file() and path.suffix not in _OWN]
    stray += [path.name for path in temporary.iterdir()]
    if stray:
        yield f"{len(stray)} temporary files: {_some(stray)}"


def _unfinished(tracker: Path) -> Iterator[str]:
    with closing(sqlite3.connect(f"{tracker.as_uri()}?mode=ro", uri=True)) as database:
        for what, query in _UNFINISHED.items():
            (count,) = database.execute(query).fetchone()
            if count:
                yield f"the tracker holds {count} {what}"


def check_reports(command: CommandLine) -> Iterator[str]:
    """The product's own checks find nothing: each byte is read again, nothing is to be repaired."""
    deep = command("verify", "--deep", "--json")
    if deep.code:
        yield f"`verify --deep` ends with exit code {deep.code}: {deep.err.strip()}"
    elif (checked := deep.lines[-1])["read"] != checked["ok"] or checked["foreign"]:
        yield f"`verify --deep` finds {checked}"
    plan = command("reconcile", "--json")
    if plan.code or any(_last(plan)[action] for action in _REPAIRS):
        yield f"`reconcile` would repair: {plan.out.strip()} {plan.err.strip()}"


def check_cloud(counts: Snapshot) -> Iterator[str]:
    """The simulator itself was sound, and the login went nowhere but to the API."""
    if counts.crashes:
        yield f"the simulator met {counts.crashes} errors of its own"
    if counts.credentials_on_cdn:
        yield f"{counts.credentials_on_cdn} calls for bytes bore the login"


def check_secret(secret: str, *folders: Path) -> Iterator[str]:
    """The login is in nothing that the command has said or written."""
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and secret.encode() in path.read_bytes():
            yield f"{path.name} holds the login"


def _last(ended: Ended) -> dict[str, Any]:
    return ended.lines[-1]


def _some(names: set[str] | list[str]) -> str:
    shown = ", ".join(sorted(names)[:_SHOWN])
    return f"{shown}, …" if len(names) > _SHOWN else shown
