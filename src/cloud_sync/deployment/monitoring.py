"""Alarms and the optional budget, which tell the topic of alerts, and dashboards."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sns as sns
from constructs import Construct

from cloud_sync.deployment.alarms import BUDGET, PREFIX, Alarm
from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.series import Place


class Alarms(Construct):
    """Each alarm of `wanted` under its name at the place, with `prefix` before it.

    `arns` has theirs in that order.
    """

    def __init__(
        self,
        scope: Construct,
        prefix: str,
        wanted: tuple[Alarm, ...],
        place: Place,
        topic: sns.ITopic,
    ) -> None:
        super().__init__(scope, "Alarms")
        self._topic = [topic.topic_arn]
        self._prefix = prefix
        self.arns = [self._alarm(each, place).attr_arn for each in wanted]

    def _alarm(self, alarm: Alarm, place: Place) -> cloudwatch.CfnAlarm:
        return cloudwatch.CfnAlarm(
            self,
            alarm.name,
            alarm_name=place.resource(self._prefix + alarm.name),
            alarm_description=alarm.description(place.environment),
            namespace=alarm.series.namespace,
            metric_name=alarm.series.name,
            dimensions=[
                cloudwatch.CfnAlarm.DimensionProperty(
                    name=alarm.series.dimension, value=place.value(alarm.series)
                )
            ],
            statistic=alarm.statistic,
            period=alarm.seconds,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.periods,
            threshold=alarm.threshold,
            comparison_operator=alarm.comparison.value,
            treat_missing_data=alarm.missing.value,
            alarm_actions=self._topic,
            ok_actions=self._topic if alarm.clears else None,
        )


class Budget(Construct):
    """What the whole account may cost in a month: told when it is above, and when that is foreseen.

    Not the environment's costs alone: AWS tells costs apart by a tag only after somebody has
    switched the tag on for billing, and until then such a budget would never go off.
    """

    def __init__(self, scope: Construct, environment: Environment, topic: sns.Topic) -> None:
        super().__init__(scope, "Budget")
        budget = budgets.CfnBudget(
            self,
            "Monthly",
            budget=budgets.CfnBudget.BudgetDataProperty(
                budget_name=environment.resource(PREFIX + BUDGET),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budgets.CfnBudget.SpendProperty(
                    amount=environment.monthly_budget_usd, unit="USD"
                ),
            ),
            notifications_with_subscribers=[
                budgets.CfnBudget.NotificationWithSubscribersProperty(
                    notification=budgets.CfnBudget.NotificationProperty(
                        notification_type=kind,
                        comparison_operator="GREATER_THAN",
                        threshold=100,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[
                        budgets.CfnBudget.SubscriberProperty(
                            subscription_type="SNS", address=topic.topic_arn
                        )
                    ],
                )
                for kind in ("ACTUAL", "FORECASTED")
            ],
        )
        # AWS sends to the topic while it makes the budget, so its policy must be there
        budget.node.add_dependency(topic)


class Dashboard(Construct):
    """A dashboard with that name in the environment, and that body."""

    def __init__(self, scope: Construct, name: str, body: Mapping[str, Any]) -> None:
        super().__init__(scope, "Dashboard")
        cloudwatch.CfnDashboard(
            self,
            "Charts",
            dashboard_name=name,
            dashboard_body=Stack.of(self).to_json_string(body),
        )
