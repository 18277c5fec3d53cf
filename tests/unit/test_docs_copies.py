"""The pages about copies say what the program does: held against the code, table by table."""

from __future__ import annotations

from dataclasses import fields

from cloud_sync.cli.copy_run import refusal_json
from cloud_sync.errors import (
    ChecksumMismatch,
    CloudSyncError,
    InternalError,
    StreamBroken,
    Throttled,
)
from cloud_sync.replicate import failures, outcome
from cloud_sync.replicate.completion import completed
from cloud_sync.replicate.outcome import CopyOutcome, CopyResults, CopyStatus
from cloud_sync.replicate.request import CopyRequest, PrefixMapping, Problem, RequestRefused
from cloud_sync.replicate.tracker import CopyState
from documentation import code, read, rows_by_code, section

REQUEST = CopyRequest("builds", "app.zip", ("region-a",), "v", "C", PrefixMapping("", ""))
OUTCOME = CopyOutcome("region-a", "app.zip", CopyStatus.COPIED)
RESULTS = CopyResults.of(REQUEST, [OUTCOME])


def table(text: str, head: str) -> set[str]:
    """All names in the first column of the table whose first heading is `head`."""
    part = text.split(f"| {head} |", 1)[1].split("\n\n", 1)[0]
    return {name for row in part.splitlines()[2:] for name in code(row.split("|")[1])}


def test_every_code_of_an_outcome_is_documented_and_no_other() -> None:
    rows = rows_by_code(section(read("docs/reference/statuses.md"), "## Copies"))
    raised = {
        kind.code
        for kind in vars(failures).values()
        if isinstance(kind, type)
        and issubclass(kind, CloudSyncError)
        and kind.__module__ == failures.__name__
    }
    raised |= {kind.code for kind in (Throttled, StreamBroken, ChecksumMismatch, InternalError)}
    skipped = {outcome.ALREADY_THERE, outcome.NEWER_THERE}
    assert set(rows) == raised | skipped | {outcome.NOT_TRIED, outcome.INTERRUPTED}
    assert {name for name, row in rows.items() if row[1] == "SKIPPED"} == skipped


def test_every_field_of_request_outcome_and_results_is_documented() -> None:
    text = section(read("docs/reference/json.md"), "## copy and watch-copies")
    assert table(text, "request field") == set(REQUEST.to_json())
    assert table(text, "outcome field") == set(OUTCOME.to_json())
    assert table(text, "results field") == set(completed(REQUEST, RESULTS, "e"))
    assert len(fields(CopyOutcome)) == len(OUTCOME.to_json())
    assert all(
        f"`{state}`" in text for state in (*CopyState, *CopyStatus) if state != "IN_PROGRESS"
    )


def test_a_refusal_has_the_fields_that_the_page_names() -> None:
    text = section(read("docs/reference/json.md"), "## copy and watch-copies")
    told = refusal_json(RequestRefused((Problem("sourceKey", "is empty"),)))
    assert all(f"`{name}`" in text for name in told if name != "event")
    assert str(told["event"]) in text
