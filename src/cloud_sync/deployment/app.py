"""The CDK app: an environment in, a cloud assembly out."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import App, CliCredentialsStackSynthesizer, Tags
from aws_cdk import Environment as Target
from aws_cdk.cx_api import CloudAssembly

from cloud_sync.aws import staging_bucket
from cloud_sync.deployment.copy_environment import CopiesEnvironment
from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.storage_stack import StorageStack
from cloud_sync.deployment.workflow_stack import WorkflowStack


def app_of(output: Path | None) -> App:
    """An app without stacks; `output` is where synthesis writes, a temporary folder if None."""
    return App(
        analytics_reporting=False,
        outdir=str(output) if output else None,
        # the storage stack cannot be deleted while the workflow stack refers to it
        context={"@aws-cdk/core:defaultCrossStackReferences": "strong"},
        # whoever deploys acts by their own rights, through a bucket of ours: no `cdk bootstrap`
        default_stack_synthesizer=CliCredentialsStackSynthesizer(
            file_assets_bucket_name=staging_bucket.NAME
        ),
    )


def target_of(choices: Environment | CopiesEnvironment) -> Target | None:
    """Where the stacks go; None where they fit any account and region."""
    if not choices.account:
        return None
    return Target(account=choices.account, region=choices.region)


def mark(app: App, environment: str) -> None:
    """The tags that everything deployed bears."""
    for tag, value in (("Project", "cloud-sync"), ("Environment", environment)):
        Tags.of(app).add(tag, value)


def build(environment: Environment, output: Path | None = None) -> App:
    """The app with both stacks; `output` is where synthesis writes, a temporary folder if None."""
    app = app_of(output)
    target = target_of(environment)
    storage = StorageStack(app, environment, target)
    WorkflowStack(app, environment, storage, target)
    mark(app, environment.name)
    return app


def synthesise(environment: Environment, output: Path) -> CloudAssembly:
    """Write the cloud assembly (templates and assets) of an environment into a folder."""
    return build(environment, output).synth()
