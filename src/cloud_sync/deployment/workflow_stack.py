"""The stack that works on the archive: functions, state machine, schedule, alerts.

It keeps nothing, so it may be deleted and deployed again at any time.
"""

from __future__ import annotations

from aws_cdk import CfnOutput, Stack, Tags
from aws_cdk import Environment as Target
from constructs import Construct

from cloud_sync.deployment import choices, dashboard
from cloud_sync.deployment.alarms import PREFIX, alarms
from cloud_sync.deployment.alert_topic import alert_topic
from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.functions import Functions
from cloud_sync.deployment.log_queries import LogQueries
from cloud_sync.deployment.monitoring import Alarms, Budget, Dashboard
from cloud_sync.deployment.network import Network
from cloud_sync.deployment.object_audit import ObjectAudit
from cloud_sync.deployment.orchestration import DailyRun, Orchestration
from cloud_sync.deployment.series import Place
from cloud_sync.deployment.storage_stack import TRACKER, StorageStack

TOPIC = "gopro-sync-alerts"
DASHBOARD = "gopro-sync"


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
        self.topic = alert_topic(
            self,
            "Alerts",
            environment,
            name=TOPIC,
            display_name="GoPro Sync Alerts",
            key=storage.key,
        )
        self.functions = Functions(self, environment, storage, vpc)
        self.orchestration = Orchestration(self, environment, storage, self.functions, self.topic)
        self.daily_run = DailyRun(self, environment, self.orchestration.machine)
        LogQueries(self, environment, self.functions)
        self._monitoring(environment)
        if environment.data_events:
            ObjectAudit(self, environment, storage)
        self._outputs(environment)
        Tags.of(self).add("Component", "workflow")

    def _monitoring(self, environment: Environment) -> None:
        functions = tuple(self.functions.by_name)
        machine = self.orchestration.machine.attr_arn
        place = Place(environment.name, environment.resource, machine)
        told = Alarms(self, PREFIX, alarms(functions), place, self.topic)
        charts = dashboard.archive(place, self.region, functions, told.arns)
        Dashboard(self, environment.resource(DASHBOARD), charts)
        if environment.monthly_budget_usd:
            Budget(self, environment, self.topic)

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
            ("MissedStartsQueueUrl", self.daily_run.missed.queue_url),
            ("GoProApiUrl", environment.gopro_api_url),
            (choices.OUTPUT, choices.written(environment)),
        ):
            CfnOutput(self, name, value=value)
