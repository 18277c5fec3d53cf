"""What an environment costs: quantities from choices and a workload, dollars from dated prices."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cloud_sync.deployment.costs import (
    SERVICES,
    STATES_OF_A_MEDIUM,
    STATES_OF_A_RUN,
    Standing,
    Workload,
    bill,
    prices,
    quantities,
    restored,
)
from cloud_sync.deployment.environments import Environment
from cloud_sync.errors import UsageError
from orchestrator_functions import Script

HERE = Path(__file__).parent
FIRST_IMPORT = Workload(name="first", media=1_000, megabytes=4_000)
STANDING = Standing(keys=1, secrets=1, alarms=12, dashboards=1, metrics=14)
REGIONS = ("us-east-1", "eu-central-1")


def environment(**choices: Any) -> Environment:
    return replace(Environment(name="dev", function_code=HERE), **choices)


@pytest.mark.parametrize("region", REGIONS)
@pytest.mark.parametrize("plan", ["direct", "standard", "grace:7", "founding-97"])
def test_every_quantity_has_a_price_and_a_heading(plan: str, region: str) -> None:
    chosen = environment(storage_plan=plan, vpc=True, data_events=True)
    used = quantities(chosen, STANDING, FIRST_IMPORT)
    listed = [price for each in SERVICES.values() for price in each]
    assert set(used) <= set(listed) & set(prices(region).each)
    assert len(listed) == len(set(listed)), "a price under two headings would be billed once only"
    assert set(prices(region).free) <= set(prices(region).each)


def test_the_bill_is_what_a_person_works_out_by_hand() -> None:
    """4 TB into Deep Archive in us-east-1: 4,000 GB at 0.00099; 107 s of half a GB for each."""
    told = bill(quantities(environment(), STANDING, FIRST_IMPORT), prices("us-east-1"))
    assert told.listed["Deep Archive"] == pytest.approx(3.96)
    lambda_by_hand = 1_000 * (32_000 / 300 + 3) * 0.5 * 0.0000133334
    assert told.listed["Lambda"] == pytest.approx(lambda_by_hand, rel=0.02)
    parts = 636 * 1_000 * 0.005 / 1_000
    assert told.listed["S3 requests"] == pytest.approx(parts + 0.05, rel=0.02)
    assert told.listed["Logs, traces, metrics, alarms"] >= 12 * 0.1 + 14 * 0.3 + 3


def test_staging_in_instant_retrieval_is_billed_for_its_ninety_days() -> None:
    used = quantities(environment(storage_plan="founding-97"), STANDING, FIRST_IMPORT)
    assert used["GLACIER_IR"] == pytest.approx(4_000 * 3)
    assert used["STANDARD"] == pytest.approx(4_000 * 7 / 30)


def test_a_network_of_ones_own_makes_every_byte_cost() -> None:
    at = prices("us-east-1")
    without = bill(quantities(environment(), STANDING, FIRST_IMPORT), at)
    within = bill(quantities(environment(vpc=True), STANDING, FIRST_IMPORT), at)
    assert within.total - without.total == pytest.approx(730 * 0.045 + 4_000 * 0.045)


def test_what_is_free_is_taken_off_once_and_never_below_nothing() -> None:
    told = bill(quantities(environment(), STANDING, FIRST_IMPORT), prices("us-east-1"))
    assert all(0 <= told.with_free[name] <= told.listed[name] for name in SERVICES)
    assert told.with_free["Lambda"] == 0
    few = told.listed["Logs, traces, metrics, alarms"]
    assert told.with_free["Logs, traces, metrics, alarms"] < few


def test_the_way_out_of_aws_is_free_for_the_first_hundred_gigabytes_only() -> None:
    _, _, out = restored(Workload(name="month", media=200, megabytes=500), prices("us-east-1"))
    assert out == 0
    _, _, out = restored(FIRST_IMPORT, prices("us-east-1"))
    assert out == pytest.approx(3_900 * 0.09)


def test_a_region_without_known_prices_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match="mars-north-1") as refused:
        prices("mars-north-1")
    assert "us-east-1" in refused.value.hint


def test_the_transitions_that_are_billed_are_those_of_the_definition() -> None:
    ended = Script().run()
    assert len(ended.names) <= STATES_OF_A_RUN
    assert {len(child.names) + 1 for child in ended.children} == {STATES_OF_A_MEDIUM}
