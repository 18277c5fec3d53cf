"""The state machine, its role, its log of failures, and the schedule that starts it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from aws_cdk import Annotations, ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from cloud_sync.deployment import permissions
from cloud_sync.deployment.accepted import accept
from cloud_sync.deployment.download import LABEL
from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.functions import Functions
from cloud_sync.deployment.orchestrator import NAME, Parts, definition
from cloud_sync.deployment.roles import role_of
from cloud_sync.deployment.series import FAILED_ITEMS, MISSED_STARTS
from cloud_sync.deployment.storage_stack import StorageStack
from cloud_sync.schedule.daily import skipped_sentence

SCHEDULE = "gopro-sync-daily-schedule"
FLEXIBLE_MINUTES = 15
"""A start may come so much later; the service spreads its load so."""


def queue_of(scope: Construct, identity: str, name: str) -> sqs.Queue:
    """A queue that somebody reads when something went wrong; messages stay 14 days."""
    queue = sqs.Queue(
        scope,
        identity,
        queue_name=name,
        retention_period=Duration.days(14),
        encryption=sqs.QueueEncryption.SQS_MANAGED,
        enforce_ssl=True,
    )
    accept(queue, "SQS3")
    return queue


def failures_log(
    scope: Construct, machine: str
) -> sfn.CfnStateMachine.LoggingConfigurationProperty:
    """A state machine's failures without their data: what was being moved is a tracker's to tell.

    Groups of this prefix need no statement each in the log service's policy, which has little room.
    """
    group = logs.LogGroup(
        scope,
        "Log",
        log_group_name=f"/aws/vendedlogs/states/{machine}",
        retention=logs.RetentionDays.ONE_MONTH,
        removal_policy=RemovalPolicy.DESTROY,
    )
    return sfn.CfnStateMachine.LoggingConfigurationProperty(
        level="ERROR",
        include_execution_data=False,
        destinations=[
            sfn.CfnStateMachine.LogDestinationProperty(
                cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                    log_group_arn=group.log_group_arn
                )
            )
        ],
    )


class Orchestration(Construct):
    """`gopro-sync-orchestrator` of one environment. Its ARNs are made from its name, so that its
    own role can name it.
    """

    def __init__(
        self,
        scope: Construct,
        environment: Environment,
        storage: StorageStack,
        functions: Functions,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, "Orchestration")
        self._storage = storage
        self.name = environment.resource(NAME)
        self.failed_items = queue_of(self, "FailedItems", environment.resource(FAILED_ITEMS))
        parts = Parts(
            token_validator=functions.arn("token-validator"),
            media_lister=functions.arn("media-lister"),
            video_downloader=functions.arn("video-downloader"),
            run_summary=functions.arn("run-summary"),
            failure_marker=functions.arn("failure-marker"),
            topic=topic.topic_arn,
            failed_items_queue=self.failed_items.queue_url,
            bucket=storage.bucket.bucket_name,
            max_concurrency=environment.concurrency,
            soft_deadline_seconds=environment.soft_deadline_hours * 3600,
            login_hint=f"cloud-sync aws login --env {environment.name}",
        )
        role = role_of(
            self, "Role", "states.amazonaws.com", self._statements(functions, topic.topic_arn)
        )
        self.machine = sfn.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=self.name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition=definition(parts),
            logging_configuration=failures_log(self, self.name),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )
        accept(self.machine, "SF1")

    def _statements(self, functions: Functions, topic_arn: str) -> list[permissions.Statement]:
        bucket, key = self._storage.bucket_arn, self._storage.key.key_arn
        return [
            permissions.invoke([each.function_arn for each in functions.by_name.values()]),
            *permissions.run_map(self._arn("stateMachine"), self._arn("execution"), LABEL),
            permissions.map_files(bucket),
            permissions.tell(topic_arn),
            permissions.send("FailedItems", self.failed_items.queue_arn),
            permissions.write_key(key),
            permissions.log_delivery(),
            permissions.tracing_executions(),
        ]

    def _arn(self, kind: str) -> str:
        return Stack.of(self).format_arn(
            service="states",
            resource=kind,
            resource_name=self.name,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )


class DailyRun(Construct):
    """Starts the machine once a day; what could not be started lands in a queue."""

    def __init__(
        self, scope: Construct, environment: Environment, machine: sfn.CfnStateMachine
    ) -> None:
        super().__init__(scope, "DailyRun")
        self.missed = queue_of(self, "Missed", environment.resource(MISSED_STARTS))
        role = role_of(
            self,
            "Role",
            "scheduler.amazonaws.com",
            [
                permissions.start(machine.attr_arn),
                permissions.send("MissedStarts", self.missed.queue_arn),
            ],
        )
        self.name = environment.resource(SCHEDULE)
        start = environment.daily_start
        scheduler.CfnSchedule(
            self,
            "Schedule",
            name=self.name,
            description="Archives what is new in the camera cloud",
            schedule_expression=start.cron,
            schedule_expression_timezone=start.zone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE", maximum_window_in_minutes=FLEXIBLE_MINUTES
            ),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=machine.attr_arn,
                role_arn=role.role_arn,
                input=json.dumps({"scheduled_time": "<aws.scheduler.scheduled-time>"}),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=3600, maximum_retry_attempts=10
                ),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(
                    arn=self.missed.queue_arn
                ),
            ),
        )
        self._say_what_is_skipped(environment)

    def _say_what_is_skipped(self, environment: Environment) -> None:
        """The default start is known to be skipped once a year and is told as information; a start
        that somebody chose is warned of, for there another choice was as easy.
        """
        sentence = skipped_sentence(environment.daily_start, datetime.now(UTC).year)
        if not sentence:
            return
        if environment.is_default_start:
            Annotations.of(self).add_info(sentence)
        else:
            Annotations.of(self).add_warning_v2("cloud-sync:start-skipped", sentence)
