"""`file-copy-workflow` of one environment: the state machine, its role and its log of failures."""

from __future__ import annotations

from aws_cdk import ArnFormat, Stack
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cloud_sync.deployment import copy_permissions, permissions
from cloud_sync.deployment.accepted import accept
from cloud_sync.deployment.copy_environment import CopiesEnvironment
from cloud_sync.deployment.copy_functions import CopyFunctions
from cloud_sync.deployment.file_copy import NAME, Parts, definition
from cloud_sync.deployment.orchestration import failures_log
from cloud_sync.deployment.roles import role_of


class CopyMachine(Construct):
    """The state machine."""

    def __init__(
        self,
        scope: Construct,
        choices: CopiesEnvironment,
        functions: CopyFunctions,
        topic: sns.ITopic,
        key: kms.IKey,
    ) -> None:
        super().__init__(scope, "Machine")
        name = choices.resource(NAME)
        parts = Parts(
            copy_validator=functions.arn("copy-validator"),
            copy_start=functions.arn("copy-start"),
            object_copier=functions.arn("object-copier"),
            copy_results=functions.arn("copy-results"),
            copy_end=functions.arn("copy-end"),
            copy_verdict=functions.arn("copy-verdict"),
            topic=topic.topic_arn,
            max_concurrency=choices.concurrency,
        )
        bus = Stack.of(self).format_arn(
            service="events", resource="event-bus", resource_name="default"
        )
        role = role_of(
            self,
            "Role",
            "states.amazonaws.com",
            [
                permissions.invoke(functions.workflow_arns()),
                permissions.tell(topic.topic_arn),
                copy_permissions.announce(bus),
                permissions.write_key(key.key_arn),
                permissions.log_delivery(),
                permissions.tracing_executions(),
            ],
        )
        self.machine = sfn.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition=definition(parts),
            logging_configuration=failures_log(self, name),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )
        accept(self.machine, "SF1")


def arn_of(scope: Construct, choices: CopiesEnvironment, kind: str) -> str:
    """The ARN of the machine (`stateMachine`) or of its executions (`execution`) by its name."""
    return Stack.of(scope).format_arn(
        service="states",
        resource=kind,
        resource_name=choices.resource(NAME),
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
