"""The page of alarms has each one as it is deployed, and each leads to what to do."""

from __future__ import annotations

import pytest

from cloud_sync.deployment.alarms import BUDGET, Alarm, Comparison, Missing, alarms
from cloud_sync.deployment.copy_alarms import copy_alarms
from documentation import code, read, rows_by_code, section

FUNCTIONS = (
    "token-validator",
    "media-lister",
    "video-downloader",
    "run-summary",
    "failure-marker",
)
COPY_FUNCTIONS = (
    "copy-validator",
    "copy-start",
    "object-copier",
    "copy-results",
    "copy-end",
    "copy-verdict",
    "replication-worker",
    "step-function-invoker",
    "build-worker",
)
OF_ARCHIVE = {each.name: each for each in alarms(FUNCTIONS)}
OF_COPIES = {each.name: each for each in copy_alarms(COPY_FUNCTIONS)}
ALARMS = OF_ARCHIVE | OF_COPIES
LENGTHS = {300: "5 min", 1800: "30 min", 3600: "1 h", 86_400: "1 day"}
MISSING = {
    Missing.BREACHING: "counts as breaching",
    Missing.NOT_BREACHING: "counts as well",
    Missing.IGNORE: "changes nothing",
}


def row(alarm: Alarm) -> list[str]:
    at_least = alarm.comparison is Comparison.AT_LEAST
    periods = f"{alarm.periods} × " if alarm.periods > 1 else ""
    return [
        f"`{alarm.name}`",
        f"`{alarm.series.namespace}` `{alarm.series.name}`, {alarm.statistic}",
        f"{'at least' if at_least else 'below'} {alarm.threshold}",
        periods + LENGTHS[alarm.seconds],
        MISSING[alarm.missing],
        "yes" if alarm.clears else "no",
        f"[{alarm.anchor}](../how-to/runbook.md#{alarm.anchor})",
    ]


@pytest.mark.parametrize(
    ("heading", "deployed"),
    [("## The alarms", OF_ARCHIVE), ("## Alarms of file copies", OF_COPIES)],
    ids=["archive", "copies"],
)
def test_the_table_has_every_alarm_as_it_is_deployed(
    heading: str, deployed: dict[str, Alarm]
) -> None:
    rows = rows_by_code(section(read("docs/reference/alarms.md"), heading))
    assert rows == {name: row(alarm) for name, alarm in deployed.items()}


@pytest.mark.parametrize("anchor", sorted({each.anchor for each in ALARMS.values()} | {BUDGET}))
def test_the_runbook_has_a_section_for_each_alarm(anchor: str) -> None:
    text = section(read("docs/how-to/runbook.md"), "## Alarms")
    assert section(text, f"### `{anchor}`").strip()


def test_the_runbook_has_no_section_for_an_alarm_that_is_not_there() -> None:
    text = section(read("docs/how-to/runbook.md"), "## Alarms")
    heads = {code(line)[0] for line in text.splitlines() if line.startswith("### ")}
    assert heads == {each.anchor for each in ALARMS.values()} | {BUDGET}


@pytest.mark.parametrize("alarm", ALARMS.values(), ids=ALARMS)
def test_a_message_says_what_happened_and_what_to_type(alarm: Alarm) -> None:
    """CloudWatch takes 1,024 characters."""
    said = alarm.description("dev")
    assert f"cloud-sync explain {alarm.anchor} --env dev" in said
    assert said.endswith(f"docs/how-to/runbook.md#{alarm.anchor}")
    assert len(said) < 1024


def test_the_page_of_costs_counts_the_alarms_of_file_copies() -> None:
    """Without the example function. An alarm costs 0.10 USD a month."""
    count = len(copy_alarms([each for each in COPY_FUNCTIONS if each != "build-worker"]))
    assert f"{count} alarms ({count / 10:.2f} USD a month)" in read("docs/reference/aws-costs.md")
