"""The runbook: each alarm and each code has its section, and each section says the same things."""

from __future__ import annotations

import re
from dataclasses import fields

from cloud_sync.cli import runbook
from cloud_sync.cli.runbook import Explanation, explanations, parse
from cloud_sync.deployment import alarms
from cloud_sync.deployment.copy_alarms import copy_alarms
from cloud_sync.errors import CloudSyncError
from cloud_sync.replicate.request import RequestRefused
from documentation import ROOT, code, read, rows_by_code, section

PAGE = "docs/how-to/runbook.md"
SHIPPED = "src/cloud_sync/cli/runbook.md"

ALARMS = {
    "no-good-run",
    "authentication-failed",
    "run-failed",
    "media-failed",
    "three-bad-runs",
    "login-ageing",
    "failed-items",
    "missed-starts",
    "function-errors",
    "function-throttles",
    "failed-events",
    "copies-failed",
    "budget",
}
"""The anchors that alarms link to; a link out there in a mail does not change with the page."""


def documented_codes() -> set[str]:
    """All that the reference pages know, which other tests hold against the code."""
    statuses = read("docs/reference/statuses.md")
    errors = read("docs/reference/exit-codes-and-messages.md")
    repairs = section(read("docs/reference/commands.md"), "## cloud-sync reconcile")
    found = set(rows_by_code(section(statuses, "## Reasons")))
    found |= set(rows_by_code(section(statuses, "## Copies")))
    found |= set(rows_by_code(section(errors, "## Errors")))
    table = repairs.split("| it finds |", 1)[1].split("\n\n", 1)[0]
    found |= {name for row in table.splitlines() for name in code(row.rsplit("|", 2)[-2])}
    return found | {CloudSyncError.code, RequestRefused.code}


def test_every_code_and_alarm_has_its_section_and_no_other() -> None:
    assert set(explanations()) == documented_codes() | ALARMS
    assert {name for name, each in explanations().items() if each.kind == "Alarms"} == ALARMS


def test_every_alarm_that_can_go_off_has_its_section() -> None:
    functions = [alarms.BUSY_FUNCTION]
    both = (*alarms.alarms(functions), *copy_alarms(functions))
    assert {each.anchor for each in both} | {alarms.BUDGET} == ALARMS


def test_the_fields_of_an_explanation_are_documented() -> None:
    text = section(read("docs/reference/json.md"), "## explain")
    assert code(text) == [field.name for field in fields(Explanation)]


def test_every_section_has_the_form_that_is_read() -> None:
    """One that has not would be missing on the machine, without a word."""
    headings = re.findall(r"^### (.+)$", read(PAGE), re.MULTILINE)
    assert [name.strip("`") for name in headings] == list(explanations())


def test_what_is_shipped_is_the_page() -> None:
    assert read(SHIPPED) == read(PAGE), f"cp {PAGE} {SHIPPED}"
    assert (ROOT / SHIPPED).parent == (ROOT / "src/cloud_sync/cli/runbook.py").parent
    assert runbook.__file__ == str(ROOT / "src/cloud_sync/cli/runbook.py")


def test_no_line_of_an_explanation_is_empty_or_has_links_of_markdown() -> None:
    for each in explanations().values():
        for text in (each.means, each.safe, each.look, each.do, each.over):
            assert len(text) >= len("Nothing."), each.code
            assert "](" not in text, each.code


def test_pages_that_an_explanation_names_are_there() -> None:
    named = {
        page
        for each in explanations().values()
        for text in (each.means, each.safe, each.look, each.do, each.over)
        for page in re.findall(r"\((docs/[^)]+)\)", text)
    }
    assert named
    assert not [page for page in named if not (ROOT / page).is_file()]


def test_codes_that_an_explanation_sends_to_are_explained() -> None:
    sent_to = set(re.findall(r"cloud-sync explain ([a-z_-]+)", str(list(explanations().values()))))
    assert "auth_required" in sent_to
    assert sent_to <= set(explanations())


def test_links_become_what_a_reader_at_a_terminal_can_follow() -> None:
    page = (
        "## Errors\n\n### `a_b`\n\nSee [the way](../reference/json.md#x).\n\n"
        "- **Safe:** All.\n- **Look:** `cloud-sync status`\n- **Do:** As [c](#c).\n"
        "- **Over:** `cloud-sync aws status --env dev`; `/cloud-sync/dev/x`\n"
    )
    (found,) = parse(page).values()
    assert found == Explanation(
        code="a_b",
        kind="Errors",
        means="See the way (docs/reference/json.md).",
        safe="All.",
        look="`cloud-sync status`",
        do="As `cloud-sync explain c`.",
        over="`cloud-sync aws status --env dev`; `/cloud-sync/dev/x`",
    )
    at_prod = found.told_for("prod")
    assert at_prod.look == "`cloud-sync status --env prod`"
    assert at_prod.over == "`cloud-sync aws status --env prod`; `/cloud-sync/prod/x`"
    assert found.told_for(None) == found
