"""What the emulator takes of a template: purely, with a reason for each thing that is left out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

REFUSED: Mapping[str, str] = {
    "AWS::Budgets::Budget": "the emulator has no budgets",
    "AWS::CloudTrail::Trail": "the emulator keeps no trail of calls",
    "AWS::CloudWatch::CompositeAlarm": "the emulator has no alarms of alarms",
    "AWS::Logs::QueryDefinition": "the emulator keeps no saved queries",
    "AWS::SecretsManager::ResourcePolicy": "the emulator has no policies of secrets",
    "AWS::SecretsManager::RotationSchedule": "the emulator rotates no secrets",
}
"""Types of resources that it refuses, as ministack 1.5.33 was seen to."""

METRIC_MATH = "the emulator computes no metrics out of metrics"

Template = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A resource that is not deployed into the emulator, and why."""

    name: str
    type: str
    reason: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """The template that the emulator takes, and what it lacks."""

    template: Template
    left_out: tuple[LeftOut, ...]


def accepted(template: Mapping[str, Any]) -> Accepted:
    """The template without what the emulator refuses; the one given is not changed.

    With a resource go the outputs that name it and the places that wait for it. ValueError where
    a resource that stays refers to one that goes: there is then nothing that could be deployed.
    """
    made: Template = dict(template)
    resources: dict[str, Any] = made["Resources"]
    left_out = tuple(
        LeftOut(name, resource["Type"], reason)
        for name, resource in resources.items()
        if (reason := _refusal(resource))
    )
    gone = {each.name for each in left_out}
    made["Resources"] = {
        name: _without_waiting(resource, gone)
        for name, resource in resources.items()
        if name not in gone
    }
    outputs = made.pop("Outputs", {})
    kept = {name: output for name, output in outputs.items() if not gone & set(named(output))}
    if kept:
        made["Outputs"] = kept
    for name, resource in made["Resources"].items():
        if missing := sorted(gone & set(named(resource))):
            raise ValueError(f"{name} refers to {missing[0]}, which the emulator refuses")
    return Accepted(made, left_out)


def named(part: object) -> Iterator[str]:
    """Every logical name that a part of a template refers to."""
    if isinstance(part, list):
        for each in part:
            yield from named(each)
    elif isinstance(part, dict):
        for key, value in part.items():
            yield from _referred(key, value)
            yield from named(value)


def _referred(key: str, value: object) -> Iterator[str]:
    if key == "Ref" and isinstance(value, str):
        yield value
    elif key == "Fn::GetAtt":
        yield value[0] if isinstance(value, list) else str(value).partition(".")[0]
    elif key == "Fn::Sub":
        text = value[0] if isinstance(value, list) else str(value)
        for piece in text.split("${")[1:]:
            yield piece.partition("}")[0].partition(".")[0]


def _refusal(resource: Mapping[str, Any]) -> str:
    kind = resource["Type"]
    if kind == "AWS::CloudWatch::Alarm" and resource.get("Properties", {}).get("Metrics"):
        return METRIC_MATH
    return REFUSED.get(kind, "")


def _without_waiting(resource: dict[str, Any], gone: set[str]) -> dict[str, Any]:
    waits = resource.get("DependsOn", [])
    left = [name for name in ([waits] if isinstance(waits, str) else waits) if name not in gone]
    rest = {key: value for key, value in resource.items() if key != "DependsOn"}
    return rest | ({"DependsOn": left} if left else {})
