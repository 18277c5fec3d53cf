"""The optional VPC: private subnets with one NAT gateway, through which every medium comes.

Objects and rows take the free gateway endpoints.
"""

from __future__ import annotations

from aws_cdk import RemovalPolicy
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from cloud_sync.deployment.environments import Environment


class Network(Construct):
    """A VPC in two zones, with a log of refused connections."""

    def __init__(self, scope: Construct, environment: Environment) -> None:
        super().__init__(scope, "Network")
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/cloud-sync/{environment.name}/network",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.vpc = ec2.Vpc(
            self,
            "Vpc",
            max_azs=2,
            nat_gateways=1,
            restrict_default_security_group=False,
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDB": ec2.GatewayVpcEndpointOptions(
                    service=ec2.GatewayVpcEndpointAwsService.DYNAMODB
                ),
            },
            flow_logs={
                "Refused": ec2.FlowLogOptions(
                    destination=ec2.FlowLogDestination.to_cloud_watch_logs(group),
                    traffic_type=ec2.FlowLogTrafficType.REJECT,
                )
            },
        )
