"""Reports from this machine's log: the saved queries, answered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from cloud_sync.clock import from_text
from cloud_sync.errors import ArchiveUnusable, UsageError
from cloud_sync.logs.file import files_of
from cloud_sync.logs.insights import answer
from cloud_sync.logs.queries import LogQuery


@dataclass(frozen=True, slots=True)
class Scope:
    """Which lines count: of this archive, from `since` on, and of one run where it is given."""

    archive: str
    since: datetime
    run_id: str | None = None

    def holds(self, record: dict[str, Any]) -> bool:
        """Whether the line is one of these."""
        if record.get("archive") != self.archive:
            return False
        if self.run_id is not None and record.get("run_id") != self.run_id:
            return False
        return from_text(str(record["timestamp"])) >= self.since


@dataclass(slots=True)
class Report:
    """A query's rows. `unreadable` counts lines of the log that are no records."""

    query: LogQuery
    scope: Scope
    rows: list[dict[str, Any]]
    unreadable: int = 0


def report(query: LogQuery, log: Path, scope: Scope) -> Report:
    """The query's answer; UsageError where there is no log, ArchiveUnusable where it cannot be
    read.
    """
    files = files_of(log)
    if not files:
        raise UsageError(
            f"reading the log {log}: there is none yet",
            hint="cloud-sync sync writes it; `cloud-sync doctor` shows the setting log_file",
        )
    found = Report(query, scope, [])
    found.rows = answer(query.text, _records(files, found))
    return found


def _records(files: list[Path], found: Report) -> Iterator[dict[str, Any]]:
    for path in files:
        for line in _lines(path):
            try:
                record = json.loads(line)
                counts = found.scope.holds(record)
            except (ValueError, KeyError, AttributeError):
                found.unreadable += 1
                continue
            if counts:
                yield record


def _lines(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as lines:
            yield from lines
    except FileNotFoundError:
        # it was moved on while the others were read; its lines are too old to matter
        return
    except OSError as error:
        raise ArchiveUnusable(f"reading the log {path}: {error.strerror}") from None
