"""Synthesised stacks as a graph: what there is, and who may use what, by the policies in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from diagrams.dot import Edge, Graph, Node

Resources = Mapping[str, Mapping[str, Any]]

SHOWN = {
    "AWS::ApiGatewayV2::Api": ("API", "#fce7f3"),
    "AWS::DynamoDB::Table": ("table", "#dbeafe"),
    "AWS::Lambda::Function": ("function", "#ffedd5"),
    "AWS::S3::Bucket": ("bucket", "#dcfce7"),
    "AWS::SNS::Topic": ("topic", "#fce7f3"),
    "AWS::SQS::Queue": ("queue", "#fce7f3"),
    "AWS::Scheduler::Schedule": ("schedule", "#fef9c3"),
    "AWS::SecretsManager::Secret": ("secret", "#fee2e2"),
    "AWS::StepFunctions::StateMachine": ("state machine", "#ede9fe"),
}
"""What is drawn. Roles and policies become arrows; logs and the key, which all use, do not."""

_NAMES = ("FunctionName", "StateMachineName", "TableName", "QueueName", "TopicName", "Name")


def graph_of(templates: Mapping[str, Mapping[str, Any]], title: str) -> Graph:
    """Stacks by their names, each in a frame of its own."""
    graph = Graph(title, direction="LR")
    for stack, template in templates.items():
        for logical, resource in template["Resources"].items():
            if resource["Type"] in SHOWN:
                kind, colour = SHOWN[resource["Type"]]
                label = f"{_name(logical, resource)}\n{kind}"
                graph.nodes.append(Node(logical, label, "box", colour, stack, rounded=True))
    shown = {
        logical: resource
        for template in templates.values()
        for logical, resource in template["Resources"].items()
        if resource["Type"] in SHOWN
    }
    for template in templates.values():
        calls = list(_calls(template["Resources"], shown))
        beginnings = {each.start for each in calls}
        allowed = _edges(template["Resources"], shown)
        graph.edges += calls
        graph.edges += [replace(each, back=each.end in beginnings) for each in allowed]
    return graph


def _edges(resources: Resources, shown: Resources) -> Iterator[Edge]:
    for logical, resource in resources.items():
        if logical not in shown:
            continue
        if resource["Type"] == "AWS::Scheduler::Schedule":
            target = json.dumps(resource["Properties"]["Target"])
            yield from (Edge(logical, each) for each in _named(target, shown))
            continue
        for role in _roles(resource, resources):
            for statement in _statements(role, resources):
                text = json.dumps(statement["Resource"])
                for each in _named(text, shown):
                    if each != logical:
                        yield Edge(logical, each)


def _calls(resources: Resources, shown: Resources) -> Iterator[Edge]:
    """What calls a function by the function's own permission: a bucket and an API."""
    for logical, resource in resources.items():
        properties = resource["Properties"]
        if resource["Type"] == "AWS::S3::Bucket":
            told = json.dumps(properties.get("NotificationConfiguration", {}))
            yield from (Edge(logical, each) for each in _named(told, shown))
        if resource["Type"] == "AWS::ApiGatewayV2::Integration":
            target = json.dumps(properties["IntegrationUri"])
            yield from (Edge(properties["ApiId"]["Ref"], each) for each in _named(target, shown))


def _roles(resource: Mapping[str, Any], resources: Resources) -> list[str]:
    text = json.dumps([resource["Properties"].get(name) for name in ("Role", "RoleArn")])
    kinds = (name for name, each in resources.items() if each["Type"] == "AWS::IAM::Role")
    return [name for name in kinds if f'"{name}"' in text]


def _statements(role: str, resources: Resources) -> Iterator[Mapping[str, Any]]:
    for policy in resources[role]["Properties"].get("Policies", ()):
        yield from policy["PolicyDocument"]["Statement"]
    for each in resources.values():
        if each["Type"] == "AWS::IAM::Policy" and role in json.dumps(each["Properties"]["Roles"]):
            yield from each["Properties"]["PolicyDocument"]["Statement"]


def _named(text: str, shown: Resources) -> list[str]:
    """The resources that a policy's text means: by reference, by export, or by a name in an ARN."""
    return [
        logical
        for logical, resource in shown.items()
        if logical in text or any(part in text for part in _in_arns(resource))
    ]


def _in_arns(resource: Mapping[str, Any]) -> list[str]:
    """How a bucket's or a state machine's name stands in ARNs that are made of names; a bucket's
    goes on with the account's number.
    """
    if resource["Type"] == "AWS::StepFunctions::StateMachine":
        return [f":stateMachine:{resource['Properties']['StateMachineName']}"]
    if resource["Type"] != "AWS::S3::Bucket":
        return []
    return [f":::{_bucket(resource).partition('…')[0]}"]


def _name(logical: str, resource: Mapping[str, Any]) -> str:
    properties = resource["Properties"]
    for name in _NAMES:
        if isinstance(properties.get(name), str):
            return str(properties[name])
    if resource["Type"] == "AWS::S3::Bucket":
        return _bucket(resource)
    return re.sub(r"[0-9A-F]{8}$", "", logical)


def _bucket(resource: Mapping[str, Any]) -> str:
    """The bucket's name, with an ellipsis where the account's number will be."""
    name = resource["Properties"]["BucketName"]
    parts = [name] if isinstance(name, str) else name["Fn::Join"][1]
    return "".join(part if isinstance(part, str) else "…" for part in parts)
