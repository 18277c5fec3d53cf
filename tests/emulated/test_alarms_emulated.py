"""The deployed alarms on an emulator: what runs measure sets them off, and the topic hears of it.

The emulator evaluates alarms only when a value is written, takes all periods as one, and all values
of a name whatever their dimensions; it knows no missing ones. How CloudWatch evaluates is shown by
tests/unit/test_alarms.py, and dimensions by tests/infra/test_monitoring_template.py. Here it is
seen that what is deployed, what is written and what is told fit together.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from builders import summary
from cloud_sync.metrics.definitions import NAMESPACE
from cloud_sync.metrics.embedded import documents
from cloud_sync.metrics.measuring import Measuring
from cloud_sync.model.report import Outcome, Result
from cloud_sync.pipeline.events import Event, LoginChecked, RunEnded
from emulated_machine import Deployed, deploy, synthesise
from ministack import ministack

pytestmark = pytest.mark.xdist_group("ministack")

GOOD_LOGIN = LoginChecked(works=True, trouble="", message="", age_seconds=86_400.0, life_used=0.1)
GOOD: tuple[Event, ...] = (GOOD_LOGIN, RunEnded(summary(result=Result.COMPLETED)))
BAD: tuple[Event, ...] = (
    replace(GOOD_LOGIN, works=False, age_seconds=70 * 86_400.0, life_used=0.9),
    RunEnded(summary(result=Result.FAILED, counts=dict.fromkeys(Outcome, 0) | {Outcome.FAILED: 2})),
)
STAYS = timedelta(seconds=10)
"""How long a bad value still lies within the time that its alarm looks at."""

MIXED = "gopro-sync-function-errors-video-downloader-dev"
"""Left alone: it looks at less time than those of the other functions, whose errors the emulator
takes for its own.
"""

OF_EVENTS = ("run-failed-", "function-")
"""Alarms whose OK is told to nobody."""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    code, assembly = tmp_path_factory.mktemp("code"), tmp_path_factory.mktemp("assembly")
    (code / "package.py").write_text("answer = 42\n", encoding="utf-8")
    synthesise(code, assembly)
    with ministack(tmp_path_factory.mktemp("ministack")) as emulator:
        yield deploy(emulator, assembly)


def alarms(deployed: Deployed) -> dict[str, dict[str, Any]]:
    """What the emulator knows of the alarms, by name."""
    pages = deployed.emulator.client("cloudwatch").get_paginator("describe_alarms").paginate()
    found = {each["AlarmName"]: each for page in pages for each in page["MetricAlarms"]}
    del found[MIXED]
    return found


def write(deployed: Deployed, events: tuple[Event, ...], of_aws: float, late: bool) -> None:
    """What the functions print for the events, and a number for each metric of AWS's; `late` lets
    values fall out of their alarms' time soon.
    """
    found = alarms(deployed).values()
    now = datetime.now(UTC)
    windows = {
        each["MetricName"]: timedelta(seconds=each["Period"] * each["EvaluationPeriods"])
        for each in found
    }
    measuring = Measuring()
    printed = [
        document for event in events for document in documents(measuring.of(event), "dev", now, {})
    ]
    data: dict[str, list[dict[str, Any]]] = {NAMESPACE: []}
    for document in printed:
        (directive,) = document["_aws"]["CloudWatchMetrics"]
        for names in directive["Dimensions"]:
            pairs = [{"Name": name, "Value": document[name]} for name in names]
            data[directive["Namespace"]] += [
                {"MetricName": each["Name"], "Dimensions": pairs, "Value": document[each["Name"]]}
                for each in directive["Metrics"]
            ]
    for alarm in found:
        if alarm["Namespace"] != NAMESPACE:
            datum = {key: alarm[key] for key in ("MetricName", "Dimensions")}
            value = of_aws * alarm["Threshold"]
            data.setdefault(alarm["Namespace"], []).append({**datum, "Value": value})
    for namespace, values in data.items():
        for each in values:
            window = windows.get(each["MetricName"], STAYS)
            each["Timestamp"] = now - window + STAYS if late else now
        deployed.emulator.client("cloudwatch").put_metric_data(
            Namespace=namespace, MetricData=values
        )


def test_every_deployed_alarm_goes_off_gets_well_and_tells_the_topic(deployed: Deployed) -> None:
    """Each is told with what happened and what to type; OK only where it is an all-clear."""
    write(deployed, BAD, of_aws=1, late=True)
    states = {name: each["StateValue"] for name, each in alarms(deployed).items()}
    assert len(states) == 21
    assert set(states.values()) == {"ALARM"}, states

    deadline = time.monotonic() + 60
    while set(states.values()) != {"OK"} and time.monotonic() < deadline:
        time.sleep(1)
        write(deployed, GOOD, of_aws=0, late=False)
        states = {name: each["StateValue"] for name, each in alarms(deployed).items()}
    assert set(states.values()) == {"OK"}, states

    told: dict[str, list[str]] = {}
    for message in deployed.messages(deployed.alerts):
        content = json.loads(message["Message"])
        told.setdefault(content["AlarmName"], []).append(content["NewStateValue"])
        assert "cloud-sync explain " in content["AlarmDescription"]
    for name in states:
        base = name.removeprefix("gopro-sync-").removesuffix("-dev")
        assert told[name] == (["ALARM"] if base.startswith(OF_EVENTS) else ["ALARM", "OK"]), name


def test_the_dashboard_arrives_as_it_was_meant(deployed: Deployed) -> None:
    """With the names of the resources that were made in place of references."""
    client = deployed.emulator.client("cloudwatch")
    body = json.loads(client.get_dashboard(DashboardName="gopro-sync-dev")["DashboardBody"])
    (states,) = [each for each in body["widgets"] if each["type"] == "alarm"]
    arns = {each["AlarmArn"] for each in alarms(deployed).values()}
    assert arns < set(states["properties"]["alarms"])
    assert deployed.machine in json.dumps(body)
