"""The CDK app: an environment in, a cloud assembly out."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import App, Tags
from aws_cdk import Environment as Target
from aws_cdk.cx_api import CloudAssembly

from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.storage_stack import StorageStack
from cloud_sync.deployment.workflow_stack import WorkflowStack


def build(environment: Environment, output: Path | None = None) -> App:
    """The app with both stacks; `output` is where synthesis writes, a temporary folder if None."""
    app = App(
        analytics_reporting=False,
        outdir=str(output) if output else None,
        # the storage stack cannot be deleted while the workflow stack refers to it
        context={"@aws-cdk/core:defaultCrossStackReferences": "strong"},
    )
    target = None
    if environment.account:
        target = Target(account=environment.account, region=environment.region)
    storage = StorageStack(app, environment, target)
    WorkflowStack(app, environment, storage, target)
    for tag, value in (("Project", "cloud-sync"), ("Environment", environment.name)):
        Tags.of(app).add(tag, value)
    return app


def synthesise(environment: Environment, output: Path) -> CloudAssembly:
    """Write the cloud assembly (templates and assets) of an environment into a folder."""
    return build(environment, output).synth()
