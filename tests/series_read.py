"""Which time series alarms and dashboards of a template read, and whether somebody writes them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from assemblies import Template
from cloud_sync.metrics.definitions import (
    BY_NAME,
    ENVIRONMENT,
    ERROR_TYPE,
    NAMESPACE,
    Measurement,
    dimension_sets,
)

AWS_METRICS = {
    "AWS/Lambda": {"Invocations", "Errors", "Throttles", "Duration", "ConcurrentExecutions"},
    "AWS/States": {
        "ExecutionsStarted",
        "ExecutionsSucceeded",
        "ExecutionsFailed",
        "ExecutionsTimedOut",
        "ExecutionsAborted",
        "ExecutionTime",
    },
    "AWS/SQS": {"ApproximateNumberOfMessagesVisible"},
}
"""Names that the services' guides list; only those that are read here."""

RESOURCES = {
    "AWS/Lambda": ("FunctionName", "AWS::Lambda::Function", "FunctionName"),
    "AWS/SQS": ("QueueName", "AWS::SQS::Queue", "QueueName"),
}
_SEARCH = re.compile(r"SEARCH\('\{([\w,]+)\} MetricName=\"(\w+)\" Environment=\"(\w+)\"', 'Sum', ")
_ID = re.compile(r"\b[a-z][a-z0-9_]*\b")


@dataclass(frozen=True)
class Read:
    """A series that is read, by whom."""

    by: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]


def flat(value: Any) -> str:
    """A value of a template as text; references stand in angle brackets."""
    match value:
        case {"Ref": str(name)} | {"Fn::GetAtt": [str(name), "Arn"]}:
            return f"<{name}>"
        case {"Fn::Join": ["", list(parts)]}:
            return "".join(flat(part) for part in parts)
        case _:
            return str(value)


def dashboard(template: Template) -> dict[str, Any]:
    """The body of the only dashboard."""
    body = json.loads(flat(template.one("AWS::CloudWatch::Dashboard")["DashboardBody"]))
    assert isinstance(body, dict)
    return body


def read_by_alarms(template: Template) -> list[Read]:
    return [
        Read(
            each["AlarmName"],
            each["Namespace"],
            each["MetricName"],
            tuple((pair["Name"], flat(pair["Value"])) for pair in each["Dimensions"]),
        )
        for each in template.all("AWS::CloudWatch::Alarm").values()
    ]


def read_by_widgets(body: dict[str, Any]) -> list[Read]:
    """Of all charts. An expression that names what its chart has not fails here."""
    charts = [each["properties"] for each in body["widgets"] if each["type"] == "metric"]
    return [found for chart in charts for found in _read_by_chart(chart)]


def _read_by_chart(chart: dict[str, Any]) -> Iterator[Read]:
    title, lines = chart["title"], chart["metrics"]
    ids = {line[-1].get("id") for line in lines}
    for line in lines:
        expression = line[-1].get("expression")
        if expression is None:
            namespace, name, *pairs = line[:-1]
            yield Read(title, namespace, name, tuple(zip(pairs[::2], pairs[1::2], strict=True)))
        elif search := _SEARCH.match(expression):
            schema, name, environment = search.groups()
            namespace, *dimensions = schema.split(",")
            values = {ENVIRONMENT: environment}
            pairs = tuple((each, values.get(each, "*")) for each in dimensions)
            yield Read(title, namespace, name, pairs)
        else:
            assert set(_ID.findall(expression)) <= ids, f"{title}: {expression}"


def trouble(read: Read, template: Template, environment: str) -> str:
    """Why a series never has a value; empty if somebody writes it."""
    if read.namespace == NAMESPACE:
        return _trouble_of_ours(read, environment)
    if read.name not in AWS_METRICS.get(read.namespace, ()):
        return f"{read.namespace} has no {read.name}"
    if read.namespace == "AWS/States":
        (machine,) = template.all("AWS::StepFunctions::StateMachine")
        known = {(("StateMachineArn", f"<{machine}>"),)}
    else:
        dimension, kind, name = RESOURCES[read.namespace]
        known = {((dimension, flat(each[name])),) for each in template.all(kind).values()}
    return "" if read.dimensions in known else f"nothing is called {read.dimensions}"


def _trouble_of_ours(read: Read, environment: str) -> str:
    metric = BY_NAME.get(read.name)
    if metric is None or not metric.functions:
        return f"no function writes {read.name}"
    written = dimension_sets(Measurement(metric, 1.0, "*" if metric.by_error_type else ""))
    values = {ENVIRONMENT: environment, ERROR_TYPE: "*"}
    known = {tuple((name, values[name]) for name in names) for names in written}
    return "" if read.dimensions in known else f"{read.name} is not written by {read.dimensions}"
