"""The functions of the file-copy workflow: their sizes, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cloud_sync.deployment import copy_permissions, permissions
from cloud_sync.deployment.copy_environment import CopiesEnvironment
from cloud_sync.deployment.file_copy import COPIER_SECONDS
from cloud_sync.deployment.functions import Sizes, function_of
from cloud_sync.deployment.permissions import Statement
from cloud_sync.handlers.environment import CopyEnvironment

WORKFLOW = {
    "copy-validator": Sizes(256, 30),
    "copy-start": Sizes(256, 30),
    "object-copier": Sizes(512, COPIER_SECONDS),
    "copy-results": Sizes(256, 30),
    "copy-end": Sizes(256, 30),
    "copy-verdict": Sizes(256, 30),
}
"""What the state machine calls, by base name; the handler is the module of that name."""

WORKER, INVOKER, BUILDS = "replication-worker", "step-function-invoker", "build-worker"

AROUND = {WORKER: Sizes(256, 60), INVOKER: Sizes(256, 29)}
"""What starts it: on a new object, and on a call of the API, which waits for 30 seconds."""

EXAMPLE = {BUILDS: Sizes(512, 29)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """ARNs of what the functions work with, made from names so that nothing waits for another."""

    source: str
    destinations: list[str]
    table: str
    key: str
    machine: str
    executions: str


class CopyFunctions(Construct):
    """The functions of one environment, by their base names in `by_name`."""

    def __init__(
        self,
        scope: Construct,
        choices: CopiesEnvironment,
        names: Names,
        variables: CopyEnvironment,
        failed_events: sqs.IQueue,
    ) -> None:
        super().__init__(scope, "Functions")
        self._names = names
        self._failed_events = failed_events
        code = lambda_.Code.from_asset(str(choices.function_code))
        wanted = WORKFLOW | AROUND | (EXAMPLE if choices.build_worker else {})
        self.by_name = {
            base: function_of(
                self,
                base,
                size,
                environment=choices.environment,
                code=code,
                variables=variables.to_variables(),
                purpose=self._purpose(base),
                failed_events=failed_events if base == WORKER else None,
            )
            for base, size in wanted.items()
        }
        self.by_name[WORKER].configure_async_invoke(
            retry_attempts=2, max_event_age=Duration.hours(6)
        )

    def arn(self, base: str) -> str:
        """The function's ARN."""
        return self.by_name[base].function_arn

    def workflow_arns(self) -> list[str]:
        """Those that the state machine calls."""
        return [self.arn(base) for base in WORKFLOW]

    def _purpose(self, base: str) -> list[Statement]:
        names = self._names
        write = permissions.write_key(names.key)
        remember = [copy_permissions.remember_copies(names.table), write]
        start = permissions.start(names.machine)
        purposes: dict[str, list[Statement]] = {
            "copy-start": remember,
            "copy-end": remember,
            "object-copier": [
                *copy_permissions.read_source(names.source),
                *copy_permissions.write_destinations(names.destinations),
                write,
            ],
            WORKER: [
                start,
                *copy_permissions.look_at_source(names.source, versions=True),
                copy_permissions.read_encrypted(names.key),
                permissions.send("FailedEvents", self._failed_events.queue_arn),
            ],
            INVOKER: [start, copy_permissions.look_at_executions(names.executions)],
            BUILDS: [
                *copy_permissions.look_at_source(names.source),
                copy_permissions.write_builds(names.source),
                write,
            ],
        }
        return purposes.get(base, [])
