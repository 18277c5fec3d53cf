"""The CDK app of the file-copy workflow."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import App
from aws_cdk.cx_api import CloudAssembly

from cloud_sync.deployment.app import app_of, mark, target_of
from cloud_sync.deployment.copies_stack import CopiesStack
from cloud_sync.deployment.copy_environment import CopiesEnvironment


def build(choices: CopiesEnvironment, output: Path | None = None) -> App:
    """The app with its stack; `output` is where synthesis writes, a temporary folder if None."""
    app = app_of(output)
    CopiesStack(app, choices, target_of(choices))
    mark(app, choices.name)
    return app


def synthesise(choices: CopiesEnvironment, output: Path) -> CloudAssembly:
    """Write the cloud assembly (template and assets) into a folder."""
    return build(choices, output).synth()
