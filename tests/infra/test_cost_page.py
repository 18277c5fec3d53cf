"""The page of costs says what the templates and the prices come to."""

from __future__ import annotations

import pytest

from assemblies import Assemblies
from cloud_sync.deployment.cost_tables import (
    WORKLOADS,
    cost_table,
    main,
    options_table,
    restore_table,
    standing,
)
from cloud_sync.deployment.costs import ERROR_TYPES, PART_MB, prices
from cloud_sync.deployment.environments import Environment
from cloud_sync.metrics.definitions import METRICS, series_written
from documentation import read

pytestmark = pytest.mark.xdist_group("cdk")


def environment(assemblies: Assemblies) -> Environment:
    return Environment(name="dev", function_code=assemblies.folder)


def test_the_page_has_the_tables_as_they_are_computed_now(assemblies: Assemblies) -> None:
    """An alarm more, another price or another size of a function changes the page."""
    page, chosen = read("docs/reference/aws-costs.md"), environment(assemblies)
    kept = standing(assemblies.folder / "dev", chosen)
    for table in (cost_table(chosen, kept), options_table(chosen, kept), restore_table()):
        assert table in page, f"as it is now:\n{table}"


def test_what_is_there_all_month_is_counted_from_the_templates(assemblies: Assemblies) -> None:
    kept = standing(assemblies.folder / "dev", environment(assemblies))
    workflow = assemblies.workflow("dev")
    assert kept.alarms == len(workflow.all("AWS::CloudWatch::Alarm")) > 20
    assert (kept.dashboards, kept.keys, kept.secrets) == (1, 1, 1)
    assert kept.metrics == series_written(ERROR_TYPES)


def test_series_are_counted_from_the_definitions() -> None:
    on_aws = [each for each in METRICS if each.functions]
    assert series_written(0) == len(on_aws) == len(METRICS) - 1
    assert series_written(3) == len(on_aws) + 3, "one metric is told by error type"


def test_the_page_names_what_is_assumed() -> None:
    page = read("docs/reference/aws-costs.md")
    (runs,) = {work.runs for work in WORKLOADS}
    (mbps,) = {work.mbps for work in WORKLOADS}
    assert f"| runs in a month | {runs} |" in page
    assert f"| what one function gets from the cloud | {mbps:.0f} Mbit/s |" in page
    assert f"| {PART_MB * 10**6 / 2**20:.0f} MiB each" in page
    assert f"| error types that are seen in a month | {ERROR_TYPES};" in page
    assert prices("us-east-1").as_of == "2026-06"
    assert "list prices of June 2026" in page


def test_the_program_prints_the_pages_tables(
    assemblies: Assemblies, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(assemblies.folder / "dev")]) == 0
    tables = capsys.readouterr().out.split("\n\n")
    assert len(tables) == 3
    assert all(table.strip() in read("docs/reference/aws-costs.md") for table in tables)
