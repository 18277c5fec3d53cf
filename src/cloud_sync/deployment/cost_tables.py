"""The tables of what the default environment costs, from its synthesised templates.

`python -m cloud_sync.deployment.cost_tables cdk.out` prints them for the assembly in that folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from cloud_sync.deployment.costs import (
    ERROR_TYPES,
    SERVICES,
    Bill,
    Standing,
    Workload,
    bill,
    prices,
    quantities,
    restored,
)
from cloud_sync.deployment.environments import Environment
from cloud_sync.errors import CloudSyncError, UsageError
from cloud_sync.metrics.definitions import series_written

REGIONS = ("us-east-1", "eu-central-1")
WORKLOADS = (
    Workload(name="100 GB a month", media=200, megabytes=500, known=1_000),
    Workload(name="the first 4 TB", media=1_000, megabytes=4_000),
    Workload(name="12 TB a month", media=3_000, megabytes=4_000, known=10_000),
)
"""200 media of 500 MB; 1,000 of 4 GB; and a hundred a day of 4 GB."""


def standing(assembly: Path, environment: Environment) -> Standing:
    """What the archive's two stacks in an assembly keep all month; UsageError without them."""
    templates = []
    for stack in (environment.storage_stack, environment.workflow_stack):
        path = assembly / f"{stack}.template.json"
        try:
            templates.append(json.loads(path.read_text("utf-8")))
        except (OSError, ValueError):
            raise UsageError(
                f"reading the template {path}: it is not there, or no JSON",
                hint=f"python -m cloud_sync.deployment --name {environment.name} …",
            ) from None
    return Standing.of(templates, series_written(ERROR_TYPES))


def cost_table(environment: Environment, kept: Standing) -> str:
    """Dollars of the first month, by heading, workload and region, in Markdown."""
    columns = [(work, region) for work in WORKLOADS for region in REGIONS]
    bills = [bill(quantities(environment, kept, work), prices(region)) for work, region in columns]
    head = [f"{work.name}, {region}" for work, region in columns]
    rows = [
        [service, *(f"{each.listed[service]:.2f}" for each in bills)]
        for service in SERVICES
        if any(each.listed[service] for each in bills)
    ]
    return _table(
        ["USD", *head],
        [*rows, _totals("**list prices**", bills), _free("**with what is always free**", bills)],
    )


def restore_table() -> str:
    """Dollars of getting a workload back by bulk retrieval, in Markdown."""
    rows = []
    for work in WORKLOADS:
        for region in REGIONS:
            retrieval, copy, out = restored(work, prices(region))
            cells = [f"{each:.2f}" for each in (retrieval, copy, out)]
            rows.append([f"{work.name}, {region}", *cells])
    return _table(
        ["USD", "bulk retrieval", "a copy in Standard for 7 days", "out to the internet"], rows
    )


def options_table(environment: Environment, kept: Standing) -> str:
    """Dollars that each optional part adds to the first month, at list prices, in Markdown."""
    chosen = {
        "`vpc`": replace(environment, vpc=True),
        "`data_events`": replace(environment, data_events=True),
    }
    rows = []
    for work in WORKLOADS:
        for region in REGIONS:
            plain = _listed(environment, kept, work, region)
            more = [_listed(each, kept, work, region) - plain for each in chosen.values()]
            rows.append([f"{work.name}, {region}", *(f"{each:.2f}" for each in more)])
    return _table(["USD", *chosen], rows)


def _listed(environment: Environment, kept: Standing, work: Workload, region: str) -> float:
    return bill(quantities(environment, kept, work), prices(region)).total


def _totals(name: str, bills: Iterable[Bill]) -> list[str]:
    return [name, *(f"**{each.total:.2f}**" for each in bills)]


def _free(name: str, bills: Iterable[Bill]) -> list[str]:
    return [name, *(f"**{each.total_with_free:.2f}**" for each in bills)]


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *("--:" for _ in head[1:])], *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def main(arguments: Sequence[str]) -> int:
    """Print the tables; the exit code of the command line."""
    assembly = Path(arguments[0] if arguments else "cdk.out")
    environment = Environment(name="dev", function_code=assembly.parent)
    try:
        kept = standing(assembly, environment)
    except CloudSyncError as error:
        sys.stderr.write(f"{error.message}\n{error.hint}\n")
        return error.exit_code
    tables = (cost_table(environment, kept), options_table(environment, kept), restore_table())
    sys.stdout.write("\n".join(tables))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
