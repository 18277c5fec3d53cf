"""Run as a program: synthesises the file-copy workflow's environments, with cdk-nag's rules on."""

from __future__ import annotations

import sys
from pathlib import Path

from cloud_sync.deployment.copy_environment import CopiesEnvironment
from cloud_sync.deployment.node import use_packaged_node


def main(output: Path, code: Path) -> None:
    """Write one cloud assembly for each environment."""
    use_packaged_node()
    from aws_cdk import Validations
    from cdk_nag import AwsSolutionsChecks

    from cloud_sync.deployment.copies_app import build

    environments = {
        "dev": CopiesEnvironment(name="dev", function_code=code),
        "everything": CopiesEnvironment(name="dev", function_code=code, build_worker=True),
        "prod": CopiesEnvironment(
            name="prod",
            function_code=code,
            account="123456789012",
            region="eu-central-1",
            source="our-builds",
            destinations=("one-builds", "two-builds", "three-builds"),
            existing=("our-builds", "three-builds"),
            concurrency=4,
            alert_mail=("ops@example.org",),
            alert_https=("https://hooks.example.org/copies",),
            build_worker=True,
        ),
    }
    for name, choices in environments.items():
        app = build(choices, output / name)
        Validations.of(app).add_plugins(AwsSolutionsChecks(app))
        app.synth()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
