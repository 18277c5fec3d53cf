"""Whether a template's alarms are those of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assemblies import Template
from cloud_sync.deployment.alarms import Alarm
from cloud_sync.deployment.series import Place
from series_read import flat


def functions_of(template: Template, suffix: str) -> list[str]:
    """The base names of the stack's functions, in its order."""
    functions = template.all("AWS::Lambda::Function").values()
    return [each["FunctionName"].removesuffix(suffix) for each in functions]


def deployed_otherwise(
    template: Template, environment: str, prefix: str, wanted: Sequence[Alarm]
) -> list[tuple[str, object, object]]:
    """Each alarm that is not deployed as it stands in the table: its name, as wanted, as found."""
    suffix = "" if environment == "prod" else f"-{environment}"
    (machine,) = template.all("AWS::StepFunctions::StateMachine")
    (topic,) = template.all("AWS::SNS::Topic")
    place = Place(environment, lambda base: base + suffix, f"<{machine}>")
    found = {
        each["AlarmName"]: _told(each) for each in template.all("AWS::CloudWatch::Alarm").values()
    }
    told = [{"Ref": topic}]
    expected = {f"{prefix}{each.name}{suffix}": _expected(each, place, told) for each in wanted}
    return [
        (name, expected.get(name), found.get(name))
        for name in sorted(expected.keys() | found.keys())
        if expected.get(name) != found.get(name)
    ]


def _told(properties: dict[str, Any]) -> dict[str, Any]:
    dimensions = {each["Name"]: flat(each["Value"]) for each in properties["Dimensions"]}
    rest = {name: value for name, value in properties.items() if name not in _LEFT_OUT}
    return {"OKActions": [], **rest, "Dimensions": dimensions}


_LEFT_OUT = {"AlarmName", "Tags"}


def _expected(alarm: Alarm, place: Place, told: list[dict[str, str]]) -> dict[str, Any]:
    """All that an alarm has: no unit, since one that differs from the written one finds no data."""
    return {
        "Namespace": alarm.series.namespace,
        "MetricName": alarm.series.name,
        "Dimensions": {alarm.series.dimension: place.value(alarm.series)},
        "Period": alarm.seconds,
        "EvaluationPeriods": alarm.periods,
        "DatapointsToAlarm": alarm.periods,
        "Statistic": alarm.statistic,
        "ComparisonOperator": alarm.comparison.value,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.missing.value,
        "AlarmDescription": alarm.description(place.environment),
        "AlarmActions": told,
        "OKActions": told if alarm.clears else [],
    }
