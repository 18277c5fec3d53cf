"""The five functions: their sizes, their environment, their logs, and what each may do."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from cloud_sync.deployment import permissions
from cloud_sync.deployment.download import DOWNLOADER_SECONDS
from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.permissions import Statement
from cloud_sync.deployment.roles import role_of
from cloud_sync.deployment.storage_stack import StorageStack
from cloud_sync.handlers.environment import FunctionEnvironment

RUNTIME = lambda_.Runtime.PYTHON_3_14
ARCHITECTURE = lambda_.Architecture.ARM_64


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
        ).to_variables()
        self._code = lambda_.Code.from_asset(str(environment.function_code))
        self.by_name = {
            base: self._function(base, size) for base, size in sizes(environment).items()
        }

    def arn(self, base: str) -> str:
        """The function's ARN."""
        return self.by_name[base].function_arn

    def _function(self, base: str, size: Sizes) -> lambda_.Function:
        group = logs.LogGroup(
            self,
            f"{base}-log",
            log_group_name=f"/cloud-sync/{self._environment.name}/{base}",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        role = role_of(self, f"{base}-role", "lambda.amazonaws.com", self._statements(base, group))
        return lambda_.Function(
            self,
            base,
            function_name=self._environment.resource(base),
            runtime=RUNTIME,
            architecture=ARCHITECTURE,
            code=self._code,
            handler=f"cloud_sync.handlers.{base.replace('-', '_')}.handler",
            memory_size=size.memory,
            timeout=Duration.seconds(size.seconds),
            environment=self._variables,
            log_group=group,
            tracing=lambda_.Tracing.ACTIVE,
            role=role.without_policy_updates(),
            vpc=self._vpc,
        )

    def _statements(self, base: str, group: logs.LogGroup) -> list[Statement]:
        own = [permissions.own_logs(group.log_group_arn), permissions.tracing()]
        if self._vpc is not None:
            own.append(permissions.network_interfaces())
        return own + self._purpose(base)

    def _purpose(self, base: str) -> list[Statement]:
        storage = self._storage
        bucket, key = storage.bucket_arn, storage.key.key_arn
        login = permissions.login(storage.secret.ref)
        tracker = permissions.tracker(storage.table.table_arn)
        write = permissions.write_key(key)
        discard = permissions.discard_unfinished(bucket)
        return {
            "token-validator": [login, *tracker, write],
            "media-lister": [login, *tracker, permissions.write_manifest(bucket), discard, write],
            "video-downloader": [login, *tracker, *permissions.archive(bucket), write],
            "run-summary": [
                *tracker,
                permissions.read_manifest(bucket),
                permissions.list_bucket(bucket),
                write,
            ],
            "failure-marker": [*tracker, discard, write],
        }[base]
