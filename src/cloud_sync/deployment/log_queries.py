"""The saved queries over the functions' logs, as the console of Logs Insights lists them."""

from __future__ import annotations

from aws_cdk import aws_logs as logs
from constructs import Construct

from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.functions import Functions, log_group_name
from cloud_sync.logs.queries import QUERIES

FOLDER = "cloud-sync"


class LogQueries(Construct):
    """Each query of `logs.queries` under the environment's name."""

    def __init__(self, scope: Construct, environment: Environment, functions: Functions) -> None:
        super().__init__(scope, "LogQueries")
        for query in QUERIES:
            logs.CfnQueryDefinition(
                self,
                query.name,
                name=f"{FOLDER}/{environment.name}/{query.title}",
                query_string=query.text,
                log_group_names=[log_group_name(environment, base) for base in query.functions],
            )
        # the groups are named, not referred to
        self.node.add_dependency(functions)
