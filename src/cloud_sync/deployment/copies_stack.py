"""The stack of the file-copy workflow: buckets, table, functions, state machine, API, topic.

It stands alone. Buckets, table and key outlive it.
"""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput, RemovalPolicy, Stack, Tags
from aws_cdk import Environment as Target
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cloud_sync.deployment import dashboard
from cloud_sync.deployment.alert_topic import alert_topic, let_alarms_use
from cloud_sync.deployment.choices import OUTPUT, written
from cloud_sync.deployment.copy_alarms import PREFIX, copy_alarms
from cloud_sync.deployment.copy_api import CopyApi
from cloud_sync.deployment.copy_buckets import bucket_of, tell_function
from cloud_sync.deployment.copy_environment import CopiesEnvironment
from cloud_sync.deployment.copy_functions import BUILDS, INVOKER, WORKER, CopyFunctions, Names
from cloud_sync.deployment.copy_machine import CopyMachine, arn_of
from cloud_sync.deployment.monitoring import Alarms, Dashboard
from cloud_sync.deployment.orchestration import queue_of
from cloud_sync.deployment.series import FAILED_EVENTS, Place
from cloud_sync.handlers.environment import CopyEnvironment

TABLE = "FileCopyTracking"
TOPIC = "file-copy-failures"


class CopiesStack(Stack):
    """Everything of one environment's file-copy workflow."""

    def __init__(self, scope: Construct, choices: CopiesEnvironment, target: Target | None) -> None:
        super().__init__(
            scope,
            choices.stack,
            env=target,
            description=f"cloud-sync {choices.name}: copies of new objects in many buckets",
        )
        self._choices = choices
        self.key = self._key()
        self.table = self._table()
        self.topic = alert_topic(
            self,
            "Failures",
            choices.environment,
            name=TOPIC,
            display_name="File copy failures",
            key=self.key,
        )
        self.failed_events = queue_of(self, "FailedEvents", choices.resource(FAILED_EVENTS))
        self.functions = self._functions()
        self.machine = CopyMachine(self, choices, self.functions, self.topic, self.key)
        self._buckets()
        self.api = self._api()
        self._monitoring()
        self._outputs()
        Tags.of(self).add("Component", "copies")

    def _key(self) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias=f"cloud-sync/{self._choices.name}-copies",
            description=f"cloud-sync {self._choices.name}: copies, what is known of them, notices",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        let_alarms_use(key, self._choices.environment)
        return key

    def _table(self) -> dynamodb.Table:
        text = dynamodb.AttributeType.STRING
        return dynamodb.Table(
            self,
            "Copies",
            table_name=self._choices.resource(TABLE),
            partition_key=dynamodb.Attribute(name="fileKey", type=text),
            sort_key=dynamodb.Attribute(name="sourceBucket", type=text),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            deletion_protection=self._choices.name != "dev",
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _functions(self) -> CopyFunctions:
        source = self._choices.source_bucket(self.account)
        destinations = self._choices.destination_buckets(self.account)
        names = Names(
            source=_bucket_arn(source),
            destinations=[_bucket_arn(each) for each in destinations],
            table=self.table.table_arn,
            key=self.key.key_arn,
            machine=arn_of(self, self._choices, "stateMachine"),
            executions=arn_of(self, self._choices, "execution"),
        )
        variables = CopyEnvironment(
            environment=self._choices.name,
            table=self.table.table_name,
            machine=names.machine,
            source=source,
            destinations=",".join(destinations),
        )
        return CopyFunctions(self, self._choices, names, variables, self.failed_events)

    def _buckets(self) -> None:
        """Those that are not there already. One that is must be told to call the worker."""
        source = self._choices.source_bucket(self.account)
        worker = self.functions.by_name[WORKER]
        permission = lambda_.CfnPermission(
            self,
            "SourceCallsWorker",
            action="lambda:InvokeFunction",
            function_name=worker.function_arn,
            principal="s3.amazonaws.com",
            source_arn=_bucket_arn(source),
            source_account=Aws.ACCOUNT_ID,
        )
        if made := self._made("Source", source):
            tell_function(made, worker, permission)
        for number, name in enumerate(self._choices.destination_buckets(self.account), start=1):
            self._made(f"Destination{number}", name)

    def _made(self, identity: str, name: str) -> s3.Bucket | None:
        if name in self._choices.existing:
            return None
        return bucket_of(self, identity, name, self.key)

    def _api(self) -> CopyApi:
        routes = {"POST /step-function": self.functions.by_name[INVOKER]}
        if self._choices.build_worker:
            routes["POST /builds"] = self.functions.by_name[BUILDS]
        name = self._choices.resource("file-copy")
        return CopyApi(self, name, self._choices.name, routes)

    def _monitoring(self) -> None:
        machine = self.machine.machine.attr_arn
        place = Place(self._choices.name, self._choices.resource, machine)
        functions = tuple(self.functions.by_name)
        told = Alarms(self, PREFIX, copy_alarms(functions), place, self.topic)
        charts = dashboard.copies(place, self.region, functions, told.arns)
        Dashboard(self, self._choices.resource("file-copy"), charts)

    def _outputs(self) -> None:
        resource = self._choices.resource
        for name, value, export in (
            ("StepFunctionArn", self.machine.machine.attr_arn, "step-function-arn"),
            ("ApiGatewayUrl", self.api.url, "api-gateway-url"),
            ("SourceBucketName", self._choices.source_bucket(self.account), ""),
            (
                "DestinationBucketNames",
                ",".join(self._choices.destination_buckets(self.account)),
                "",
            ),
            ("DynamoDBTableName", resource(TABLE), ""),
            ("FailuresTopicArn", self.topic.topic_arn, ""),
            ("FailedEventsQueueUrl", self.failed_events.queue_url, ""),
            ("ReplicationWorkerArn", self.functions.arn(WORKER), ""),
        ):
            exported = resource(export) if export else None
            CfnOutput(self, name, value=value, export_name=exported)
        CfnOutput(self, OUTPUT, value=written(self._choices))


def _bucket_arn(name: str) -> str:
    return f"arn:{Aws.PARTITION}:s3:::{name}"
