"""Alarms, dashboards and the budget, held on the templates: they read what is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from alarms_deployed import deployed_otherwise, functions_of
from assemblies import ENVIRONMENTS, Assemblies
from cloud_sync.deployment.alarms import alarms
from cloud_sync.metrics.definitions import METRICS
from series_read import Read, dashboard, read_by_alarms, read_by_widgets, trouble

pytestmark = pytest.mark.xdist_group("cdk")


@pytest.fixture(params=ENVIRONMENTS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_alarm_of_the_table_is_deployed_as_it_stands_there(
    assemblies: Assemblies, name: str
) -> None:
    """So what the table's alarms were seen to do, the deployed ones do."""
    suffix = "" if name == "prod" else f"-{name}"
    template = assemblies.workflow(name)
    wanted = alarms(functions_of(template, suffix))
    assert deployed_otherwise(template, name, "gopro-sync-", wanted) == []


def reads(assemblies: Assemblies, name: str) -> Iterator[Read]:
    template = assemblies.workflow(name)
    yield from read_by_alarms(template)
    yield from read_by_widgets(dashboard(template))


def test_every_alarm_and_chart_reads_what_somebody_writes(
    assemblies: Assemblies, name: str
) -> None:
    """A name or dimension that differs in one letter is no error on AWS: it is empty for ever."""
    template = assemblies.workflow(name)
    found = list(reads(assemblies, name))
    assert len(found) > 60
    assert [(each, why) for each in found if (why := trouble(each, template, name))] == []


def test_a_drifted_name_or_dimension_is_found(assemblies: Assemblies) -> None:
    """Of every series that is read, each part in turn."""
    template = assemblies.workflow("dev")
    for each in set(reads(assemblies, "dev")):
        (first, value), *rest = each.dimensions
        drifted = [
            replace(each, namespace=each.namespace + "X"),
            replace(each, name=each.name + "s"),
            replace(each, dimensions=((first.lower(), value), *rest)),
            replace(each, dimensions=((first, value + "-x"), *rest)),
            replace(each, dimensions=(*each.dimensions, ("ErrorType", "failed"))),
        ]
        assert all(trouble(other, template, "dev") for other in drifted), each
    assert trouble(Read("", "GoProSync", "LastSuccess", (("Environment", "dev"),)), template, "dev")


@pytest.mark.parametrize("metric", [each.name for each in METRICS if each.functions])
def test_every_metric_that_is_written_is_on_the_dashboard(
    assemblies: Assemblies, metric: str
) -> None:
    body = dashboard(assemblies.workflow("prod"))
    assert metric in {each.name for each in read_by_widgets(body)}


def test_failures_are_on_the_dashboard_by_their_type_too(assemblies: Assemblies) -> None:
    found = read_by_widgets(dashboard(assemblies.workflow("prod")))
    dimensions = {each.dimensions for each in found if each.name == "SyncFailures"}
    assert dimensions == {
        (("Environment", "prod"),),
        (("Environment", "prod"), ("ErrorType", "*")),
    }


def test_the_dashboard_shows_every_alarm_and_function(assemblies: Assemblies, name: str) -> None:
    template = assemblies.workflow(name)
    body = dashboard(template)
    (states,) = [each for each in body["widgets"] if each["type"] == "alarm"]
    shown = {each.strip("<>") for each in states["properties"]["alarms"]}
    assert shown == set(template.all("AWS::CloudWatch::Alarm"))
    found = {
        each.dimensions[0][1] for each in read_by_widgets(body) if each.namespace[4:] == "Lambda"
    }
    names = {each["FunctionName"] for each in template.all("AWS::Lambda::Function").values()}
    assert found == names


def test_widgets_lie_side_by_side_and_never_over_each_other(assemblies: Assemblies) -> None:
    taken = set()
    for each in dashboard(assemblies.workflow("dev"))["widgets"]:
        for x in range(each["x"], each["x"] + each["width"]):
            for y in range(each["y"], each["y"] + each["height"]):
                assert x < 24
                assert (x, y) not in taken
                taken.add((x, y))


@pytest.mark.parametrize(
    ("title", "unit", "shown"),
    [
        ("Success rate", "%", "100*FILL(synced,0)/(FILL(synced,0)+FILL(failed,0))"),
        ("Volume", "GB (10^9 bytes)", "transferred/1000000000"),
        ("Throughput of an original", "Mbit/s (10^6 bits)", "TransferThroughput"),
        ("Duration of an original's transfer", "seconds", "TransferDuration"),
        ("Longest call", "milliseconds", "Duration"),
        ("Longest execution", "minutes", "time/60000"),
        ("Age of the login", "days", "CookieAgeDays"),
    ],
)
def test_an_axis_says_the_unit_of_what_it_shows(
    assemblies: Assemblies, title: str, unit: str, shown: str
) -> None:
    """AWS measures functions and executions in milliseconds; ours are in seconds and bytes."""
    charts = [each["properties"] for each in dashboard(assemblies.workflow("dev"))["widgets"]]
    (chart,) = [each for each in charts if each.get("title") == title]
    assert chart["yAxis"]["left"]["label"] == unit
    assert shown in [line[-1].get("expression") or line[1] for line in chart["metrics"]]


def test_no_budget_unless_asked_for(assemblies: Assemblies, name: str) -> None:
    """It is about the whole account, which others may use too."""
    assert assemblies.workflow(name).all("AWS::Budgets::Budget") == {}


def test_a_budget_tells_the_topic_when_it_is_exceeded_and_when_that_is_foreseen(
    assemblies: Assemblies,
) -> None:
    workflow = assemblies.workflow("everything")
    (topic,) = workflow.all("AWS::SNS::Topic")
    budget = workflow.one("AWS::Budgets::Budget")
    assert budget["Budget"]["BudgetName"] == "gopro-sync-budget-dev"
    assert budget["Budget"]["BudgetLimit"] == {"Amount": 40, "Unit": "USD"}
    told = budget["NotificationsWithSubscribers"]
    assert [each["Notification"]["NotificationType"] for each in told] == ["ACTUAL", "FORECASTED"]
    for each in told:
        assert each["Subscribers"] == [{"SubscriptionType": "SNS", "Address": {"Ref": topic}}]
        assert each["Notification"]["Threshold"] == 100


def test_a_budget_may_use_the_topic_and_its_key(assemblies: Assemblies) -> None:
    key = assemblies.storage("everything").one("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    workflow = assemblies.workflow("everything")
    topic = workflow.one("AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    for policy in (key, topic):
        tells = [each for each in policy if each.get("Sid", "").endswith("TheTopic")]
        services = {each["Principal"]["Service"] for each in tells}
        assert services == {"budgets.amazonaws.com", "cloudwatch.amazonaws.com"}
    plain = assemblies.storage("dev").one("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    assert "budgets.amazonaws.com" not in str(plain)
