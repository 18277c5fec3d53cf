"""The five functions: their sizes, their environment, their logs, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cloud_sync.deployment import permissions
from cloud_sync.deployment.download import DOWNLOADER_SECONDS
from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.permissions import Statement
from cloud_sync.deployment.roles import role_of
from cloud_sync.deployment.storage_stack import StorageStack
from cloud_sync.handlers.environment import FunctionEnvironment
from cloud_sync.logs.record import Level

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64
LOG_LEVELS = {"dev": Level.DEBUG}
"""The least level that is logged; INFO in the other environments."""


def log_group_name(environment: Environment, base: str) -> str:
    """The log group of a function."""
    return f"/cloud-sync/{environment.name}/{base}"


@dataclass(frozen=True, slots=True)
class Sizes:
    """A function's memory in MB and its time limit in seconds."""

    memory: int
    seconds: int


def sizes(environment: Environment) -> dict[str, Sizes]:
    """Every function by its base name; the handler is the module of that name."""
    return {
        "token-validator": Sizes(256, 30),
        "media-lister": Sizes(512, 300),
        "video-downloader": Sizes(environment.downloader_memory, DOWNLOADER_SECONDS),
        "run-summary": Sizes(512, 300),
        "failure-marker": Sizes(256, 30),
    }


def function_of(
    scope: Construct,
    base: str,
    size: Sizes,
    *,
    environment: Environment,
    code: lambda_.Code,
    variables: dict[str, str],
    purpose: list[Statement],
    vpc: ec2.IVpc | None = None,
    failed_events: sqs.IQueue | None = None,
) -> lambda_.Function:
    """A function with a log of its own and a role that allows just its purpose.

    `failed_events` takes the events that Lambda itself was handed and that failed three times.
    """
    group = logs.LogGroup(
        scope,
        f"{base}-log",
        log_group_name=log_group_name(environment, base),
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
    own = [permissions.own_logs(group.log_group_arn), permissions.tracing()]
    role = role_of(scope, f"{base}-role", "lambda.amazonaws.com", own + purpose)
    return lambda_.Function(
        scope,
        base,
        function_name=environment.resource(base),
        runtime=RUNTIME,
        architecture=ARCHITECTURE,
        code=code,
        handler=f"cloud_sync.handlers.{base.replace('-', '_')}.handler",
        memory_size=size.memory,
        timeout=Duration.seconds(size.seconds),
        environment=variables,
        log_group=group,
        tracing=lambda_.Tracing.ACTIVE,
        role=role.without_policy_updates(),
        vpc=vpc,
        dead_letter_queue=failed_events,
    )


class Functions(Construct):
    """The functions of one environment, by their base names in `by_name`."""

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        storage: StorageStack,
        vpc: ec2.IVpc | None,
    ) -> None:
        super().__init__(scope, "Functions")
        self._environment = environment
        self._storage = storage
        self._vpc = vpc
        self._variables = FunctionEnvironment(
            environment=environment.name,
            table=storage.table.table_name,
            bucket=storage.bucket.bucket_name,
            secret=environment.secret,
            storage_plan=environment.storage_plan,
            concurrency=str(environment.concurrency),
            gopro_api_url=environment.gopro_api_url,
            log_level=LOG_LEVELS.get(environment.name, Level.INFO).value,
        ).to_variables()
        self._code = lambda_.Code.from_asset(str(environment.function_code))
        self.by_name = {
            base: self._function(base, size) for base, size in sizes(environment).items()
        }

    def arn(self, base: str) -> str:
        """The function's ARN."""
        return self.by_name[base].function_arn

    def _function(self, base: str, size: Sizes) -> lambda_.Function:
        own = [permissions.network_interfaces()] if self._vpc is not None else []
        return function_of(
            self,
            base,
            size,
            environment=self._environment,
            code=self._code,
            variables=self._variables,
            purpose=own + self._purpose(base),
            vpc=self._vpc,
        )

    def _purpose(self, base: str) -> list[Statement]:
        storage = self._storage
        bucket, key, table = storage.bucket_arn, storage.key.key_arn, storage.table.table_arn
        login = permissions.login(storage.secret.attr_id)
        write = permissions.write_key(key)
        return {
            "token-validator": [login, permissions.login_history(table), write],
            "media-lister": [
                login,
                permissions.tracker(table, claims=True, clears=True),
                permissions.tracker_index(table),
                permissions.write_manifest(bucket),
                permissions.discard_unfinished(bucket),
                write,
            ],
            "video-downloader": [
                login,
                permissions.tracker(table, claims=True, clears=True),
                permissions.tracker_index(table),
                *permissions.archive(bucket),
                write,
            ],
            "run-summary": [permissions.tracker(table), permissions.read_manifest(bucket), write],
            "failure-marker": [permissions.tracker(table, claims=True), write],
        }[base]
