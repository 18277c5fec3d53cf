"""Carries out `cloud-sync report`."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from cloud_sync.cli.terminal import one_line, result, result_json, say, set_up_logging
from cloud_sync.clock import to_text
from cloud_sync.config.load import load_config
from cloud_sync.config.quantities import parse_duration
from cloud_sync.errors import UsageError
from cloud_sync.logs.queries import BY_NAME, FAILED, SLOW, THROUGHPUT
from cloud_sync.logs.report import Report, Scope, report
from cloud_sync.summary.render import count, duration_text, size_text
from cloud_sync.wiring.local import LocalWiring
from cloud_sync.wiring.recording import log_path


def run_report(
    about: str,
    since: str,
    run_id: str | None,
    to: str | None,
    *,
    json: bool,
    quiet: bool,
    verbose: bool,
) -> None:
    """Print the report; UsageError for one that there is not, and where there is no log."""
    set_up_logging(verbose=verbose)
    query = BY_NAME.get(about)
    if query is None:
        raise UsageError(f"there is no report {about!r}", hint="one of: " + ", ".join(BY_NAME))
    config = load_config({"to": to}, os.environ)
    wiring = LocalWiring(config, os.environ)
    path = log_path(config)
    if path is None:
        raise UsageError(
            "reporting: the log is switched off (log_file)",
            hint="switch it on; the runs from then on can be reported",
        )
    scope = Scope(wiring.location, wiring.now() - parse_duration(since), run_id)
    found = report(query, path, scope)
    if found.unreadable:
        lines = count(found.unreadable, "line", "lines")
        say(f"warning: {lines} of the log {path} cannot be read and are left out")
    if json:
        result_json(report_json(found))
    else:
        result(report_text(found, brief=quiet))


def report_json(found: Report) -> dict[str, object]:
    """The object of `report --json`."""
    return {
        "report": found.query.name,
        "archive": found.scope.archive,
        "since": to_text(found.scope.since),
        "run_id": found.scope.run_id,
        "unreadable_lines": found.unreadable,
        "rows": found.rows,
    }


def report_text(found: Report, *, brief: bool) -> str:
    """A line for each row; `brief` leaves out what the rows are of."""
    title, scope = found.query.title, found.scope
    of = f" of run {scope.run_id}" if scope.run_id else ""
    head = f"{title.capitalize()}{of} since {to_text(scope.since.replace(microsecond=0))}"
    rows = [one_line(_LINES[found.query.name](row)) for row in found.rows] or ["none"]
    lines = rows if brief else [f"{head}, {scope.archive}:", *(f"  {row}" for row in rows)]
    return "\n".join(lines)


def _failed(row: Mapping[str, Any]) -> str:
    name = row["filename"] or row["media_id"]
    return f"{row['@timestamp']}  {name}  {row['error_code']}: {row['error_message']}"


def _throughput(row: Mapping[str, Any]) -> str:
    return (
        f"{count(row['transfers'], 'transfer', 'transfers')}, {size_text(row['bytes'])}: "
        f"{row['avg_throughput']:.1f} Mbit/s on average, {row['min_throughput']:.1f} to "
        f"{row['max_throughput']:.1f}"
    )


def _slow(row: Mapping[str, Any]) -> str:
    name = row["filename"] or row["media_id"]
    seconds, size = row["transfer_duration_seconds"], row["file_size_bytes"]
    return f"{row['@timestamp']}  {name}  {size_text(size)} in {duration_text(seconds)}"


_LINES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    FAILED.name: _failed,
    THROUGHPUT.name: _throughput,
    SLOW.name: _slow,
}
