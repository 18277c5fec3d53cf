"""Linters of templates and definitions, and what was deployed against what was meant."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from cloud_sync.deployment.node import JSII_NODE, use_packaged_node


def reasons(value: Any) -> list[str]:
    """Every reason in a report, wherever it stands."""
    if isinstance(value, dict):
        own = [value["reason"]] if "reason" in value else []
        return own + [each for inner in value.values() for each in reasons(inner)]
    if isinstance(value, list):
        return [each for inner in value for each in reasons(inner)]
    return []


def lint(*paths: Path) -> subprocess.CompletedProcess[str]:
    """cfn-lint's opinion. W3005 is left out: the CDK states the order of two resources twice."""
    cfn_lint = Path(sys.executable).with_name("cfn-lint")
    return subprocess.run(
        [str(cfn_lint), "--ignore-checks", "W3005", "--template", *map(str, paths)],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def validate(path: Path) -> subprocess.CompletedProcess[str]:
    """asl-validator's opinion, from the folder that `make` installs it into."""
    validator = Path(sys.prefix) / "linters/node_modules/asl-validator/dist/bin/asl-validator.js"
    use_packaged_node()
    return subprocess.run(
        [os.environ[JSII_NODE], str(validator), "--json-path", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def differences(place: str, expected: Any, deployed: Any) -> list[str]:
    """Where a deployed document differs from the expected one, references to resources apart."""
    if isinstance(deployed, dict) and set(deployed) <= {"Ref", "Fn::GetAtt", "Fn::ImportValue"}:
        return []
    if isinstance(expected, dict) and isinstance(deployed, dict):
        lost = [f"{place}.{key}: only on one side" for key in expected.keys() ^ deployed.keys()]
        return lost + [
            each
            for key in expected.keys() & deployed.keys()
            for each in differences(f"{place}.{key}", expected[key], deployed[key])
        ]
    if isinstance(expected, list) and isinstance(deployed, list) and len(expected) == len(deployed):
        pairs = zip(expected, deployed, strict=True)
        return [
            each
            for number, (left, right) in enumerate(pairs)
            for each in differences(f"{place}[{number}]", left, right)
        ]
    return [] if expected == deployed else [f"{place}: {deployed!r} instead of {expected!r}"]
