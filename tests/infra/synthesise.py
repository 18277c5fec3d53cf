"""Run as a program: synthesises every environment into a folder, with cdk-nag's rules on.

A program of its own, because what the CDK has to say goes to the process's standard error.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.node import use_packaged_node

EVERYTHING = "everything"
"""An environment with every optional part, and a start that somebody chose in a skipped hour."""


def main(output: Path, code: Path) -> None:
    """Write one cloud assembly for each environment."""
    use_packaged_node()
    from aws_cdk import Validations
    from cdk_nag import AwsSolutionsChecks

    from cloud_sync.deployment.app import build

    environments = {
        "dev": Environment(name="dev", function_code=code),
        "staging": Environment(name="staging", function_code=code, storage_plan="grace:7"),
        "prod": Environment(
            name="prod",
            function_code=code,
            account="123456789012",
            region="eu-central-1",
            alert_mail=("ops@example.org",),
            alert_https=("https://hooks.example.org/cloud-sync",),
        ),
        EVERYTHING: Environment(
            name="dev",
            function_code=code,
            storage_plan="founding-97",
            start_time="02:30",
            concurrency=8,
            vpc=True,
            data_events=True,
            monthly_budget_usd=40,
        ),
    }
    for name, environment in environments.items():
        app = build(environment, output / name)
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        app.synth()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
