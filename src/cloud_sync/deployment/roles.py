"""Roles whose whole policy is written out: the CDK adds nothing to them."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_iam as iam
from constructs import Construct

from cloud_sync.deployment.accepted import accept_wildcards
from cloud_sync.deployment.permissions import Statement


def role_of(scope: Construct, identity: str, service: str, statements: list[Statement]) -> iam.Role:
    """A role for one service of this account, allowed just these statements."""
    trusted: iam.PrincipalBase = iam.ServicePrincipal(service)
    if service != "lambda.amazonaws.com":
        # Lambda does not say for whom it assumes a role
        trusted = trusted.with_conditions({"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}})
    role = iam.Role(
        scope,
        identity,
        assumed_by=trusted,
        inline_policies={
            "Written": iam.PolicyDocument(
                statements=[iam.PolicyStatement.from_json(each) for each in statements]
            )
        },
    )
    accept_wildcards(role, statements)
    return role
