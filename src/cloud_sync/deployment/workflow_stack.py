"""The stack that works on the archive: functions, state machine, schedule, alerts.

It keeps nothing, so it may be deleted and deployed again at any time.
"""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput, Stack, Tags
from aws_cdk import Environment as Target
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.functions import Functions
from cloud_sync.deployment.network import Network
from cloud_sync.deployment.object_audit import ObjectAudit
from cloud_sync.deployment.orchestration import DailyRun, Orchestration
from cloud_sync.deployment.storage_stack import TRACKER, StorageStack

TOPIC = "gopro-sync-alerts"


class WorkflowStack(Stack):
    """Everything of one environment that works on the storage stack's archive."""

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        storage: StorageStack,
        target: Target | None,
    ) -> None:
        super().__init__(
            scope,
            environment.workflow_stack,
            env=target,
            description=f"cloud-sync {environment.name}: what works on the archive",
        )
        vpc = Network(self, environment).vpc if environment.vpc else None
        self.topic = self._topic(environment, storage)
        self.functions = Functions(self, environment, storage, vpc)
        self.orchestration = Orchestration(self, environment, storage, self.functions, self.topic)
        self.daily_run = DailyRun(self, environment, self.orchestration.machine)
        if environment.data_events:
            ObjectAudit(self, environment, storage)
        self._outputs(environment)
        Tags.of(self).add("Component", "workflow")

    def _topic(self, environment: Environment, storage: StorageStack) -> sns.Topic:
        topic = sns.Topic(
            self,
            "Alerts",
            topic_name=environment.resource(TOPIC),
            display_name="GoPro Sync Alerts",
            master_key=storage.key,
            enforce_ssl=True,
        )
        # a policy of its own (for TLS) replaces the one that lets the account's alarms in
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsTellTheTopic",
                principals=[iam.ServicePrincipal("cloudwatch.amazonaws.com")],
                actions=["sns:Publish"],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
            )
        )
        for address in environment.alert_mail:
            topic.add_subscription(subscriptions.EmailSubscription(address))
        for url in environment.alert_https:
            topic.add_subscription(subscriptions.UrlSubscription(url))
        return topic

    def _outputs(self, environment: Environment) -> None:
        machine = self.orchestration.machine.attr_arn
        console = (
            f"https://{self.region}.console.aws.amazon.com/states/home?region={self.region}"
            f"#/statemachines/view/{machine}"
        )
        for name, value in (
            ("StateMachineArn", machine),
            ("StateMachineConsoleUrl", console),
            # the name is historical: this is a schedule of EventBridge Scheduler
            ("EventBridgeRuleName", self.daily_run.name),
            ("DynamoDBTableName", environment.resource(TRACKER)),
            ("S3BucketName", environment.bucket(self.account)),
            ("AlertsTopicArn", self.topic.topic_arn),
            ("FailedItemsQueueUrl", self.orchestration.failed_items.queue_url),
        ):
            CfnOutput(self, name, value=value)
