"""What stays of a stack when all that works in it is removed. Purely."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from cloud_sync.deployment.choices import OUTPUT

Template = dict[str, Any]

_BELONGING = frozenset({"AWS::KMS::Alias", "AWS::S3::BucketPolicy"})
"""Types that stay with what they belong to: a key is found by its alias, and a bucket without its
policy takes plain HTTP.
"""


def kept(template: Mapping[str, Any]) -> Template:
    """The template with only what outlives its stack, what belongs to that, and the outputs that
    tell of it; buckets tell no function of new objects any more. The one given is not changed.

    So a stack that is deployed again finds what it left, which CloudFormation could not give to a
    stack that is made anew.
    """
    resources = template["Resources"]
    staying = {name for name, each in resources.items() if each.get("DeletionPolicy") == "Retain"}
    gone = set(resources) - staying
    for name in sorted(gone):
        each = resources[name]
        if each["Type"] in _BELONGING and not names_any(each["Properties"], gone - {name}):
            staying.add(name)
    gone -= staying
    outputs = template.get("Outputs", {})
    return {
        **template,
        "Resources": {name: _still(resources[name], gone) for name in resources if name in staying},
        "Outputs": {
            name: {"Value": output["Value"]}
            for name, output in outputs.items()
            if name == OUTPUT or not names_any(output, gone)
        },
    }


def names_any(part: object, names: set[str]) -> bool:
    """Whether a part of a template refers to any of these resources."""
    text = json.dumps(part)
    return any(f'"{name}"' in text for name in names)


def _still(resource: Mapping[str, Any], gone: set[str]) -> dict[str, Any]:
    """A resource that waits for nothing that goes, and calls nothing that goes."""
    made = {key: value for key, value in resource.items() if key != "DependsOn"}
    waits = resource.get("DependsOn", [])
    left = [name for name in ([waits] if isinstance(waits, str) else waits) if name not in gone]
    if left:
        made["DependsOn"] = left
    properties = made.get("Properties", {})
    told = properties.get("NotificationConfiguration", {})
    if names_any(told, gone):
        still = {key: value for key, value in told.items() if not names_any(value, gone)}
        made["Properties"] = {**properties, "NotificationConfiguration": still}
    return made
