"""The topic by which people hear of what went wrong, and what lets AWS's services send to it."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from cloud_sync.deployment.environments import Environment


def alert_topic(
    scope: Construct,
    identity: str,
    environment: Environment,
    *,
    name: str,
    display_name: str,
    key: kms.IKey,
) -> sns.Topic:
    """An encrypted topic with the environment's subscribers, to which its alarms may send."""
    topic = sns.Topic(
        scope,
        identity,
        topic_name=environment.resource(name),
        display_name=display_name,
        master_key=key,
        enforce_ssl=True,
    )
    # a policy of its own (for TLS) replaces the one that lets the account's alarms in
    for sid, service in _who_tells(environment).items():
        topic.add_to_resource_policy(
            _statement(sid, service, ["sns:Publish"], resource=topic.topic_arn)
        )
    for address in environment.alert_mail:
        topic.add_subscription(subscriptions.EmailSubscription(address))
    for url in environment.alert_https:
        topic.add_subscription(subscriptions.UrlSubscription(url))
    return topic


def let_alarms_use(key: kms.Key, environment: Environment) -> None:
    """What is sent to the topic is encrypted by whoever sends it."""
    for sid, service in _who_tells(environment).items():
        actions = ["kms:Decrypt", "kms:GenerateDataKey"]
        key.add_to_resource_policy(_statement(sid, service, actions, resource="*"))


def _who_tells(environment: Environment) -> dict[str, str]:
    """The services that send to the topic, by the names of their statements."""
    services = {"AlarmsTellTheTopic": "cloudwatch.amazonaws.com"}
    if environment.monthly_budget_usd:
        services["BudgetTellsTheTopic"] = "budgets.amazonaws.com"
    return services


def _statement(sid: str, service: str, actions: list[str], *, resource: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(
        sid=sid,
        principals=[iam.ServicePrincipal(service)],
        actions=actions,
        resources=[resource],
        conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
    )
