"""The HTTP API of the file-copy workflow: calls must be signed by an IAM identity."""

from __future__ import annotations

import json

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

_LOGGED = {
    "requestId": "$context.requestId",
    "routeKey": "$context.routeKey",
    "status": "$context.status",
    "caller": "$context.identity.userArn",
    "error": "$context.error.message",
    "time": "$context.requestTime",
}


class CopyApi(Construct):
    """`routes` are like `POST /step-function`, each with its function."""

    def __init__(
        self, scope: Construct, name: str, environment: str, routes: dict[str, lambda_.Function]
    ) -> None:
        super().__init__(scope, "Api")
        self._api = apigateway.CfnApi(self, "Api", name=name, protocol_type="HTTP")
        for route, function in routes.items():
            self._route(route, function)
        group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"/cloud-sync/{environment}/copies-api",
            retention=logs.RetentionDays.ONE_MONTH,
            removal_policy=RemovalPolicy.DESTROY,
        )
        apigateway.CfnStage(
            self,
            "Stage",
            api_id=self._api.ref,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=group.log_group_arn, format=json.dumps(_LOGGED)
            ),
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_burst_limit=50, throttling_rate_limit=20
            ),
        )
        self.url = self._api.attr_api_endpoint

    def _route(self, route: str, function: lambda_.Function) -> None:
        name = function.node.id
        integration = apigateway.CfnIntegration(
            self,
            f"{name}-integration",
            api_id=self._api.ref,
            integration_type="AWS_PROXY",
            integration_uri=function.function_arn,
            payload_format_version="2.0",
        )
        apigateway.CfnRoute(
            self,
            f"{name}-route",
            api_id=self._api.ref,
            route_key=route,
            authorization_type="AWS_IAM",
            target=f"integrations/{integration.ref}",
        )
        lambda_.CfnPermission(
            self,
            f"{name}-permission",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="apigateway.amazonaws.com",
            source_arn=f"arn:{Aws.PARTITION}:execute-api:{Aws.REGION}:{Aws.ACCOUNT_ID}:"
            f"{self._api.ref}/*/{route.replace(' ', '')}",
        )
