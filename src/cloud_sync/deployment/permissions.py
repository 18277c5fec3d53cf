"""What each role may do, written out: one statement a purpose, in IAM's own form.

Every action stands here by its full name. `*` as a resource stands only in statements whose
service knows no narrower one; `EVERYWHERE` has the reason for each.
"""

from __future__ import annotations

from typing import Any

from cloud_sync.archive.layout import ROOT
from cloud_sync.archive.run_files import RUNS_PREFIX

Statement = dict[str, Any]

EVERYWHERE = {
    "Tracing": "X-Ray takes segments for an account and region; it has no resource to name",
    "LogDelivery": "the log delivery API of CloudWatch knows no resources",
    "NetworkInterfaces": "Lambda makes its interfaces in a VPC under names that it chooses",
}
"""The statements whose resource is `*`, and why it cannot be less."""


def statement(sid: str, actions: list[str], resources: list[str]) -> Statement:
    """One Allow."""
    return {"Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources}


def own_logs(group_arn: str) -> Statement:
    """A function's lines go to its own group, which the deployment has made.

    The ARN that CloudFormation gives for a group ends in `:*`, which means its streams.
    """
    return statement("OwnLogs", ["logs:CreateLogStream", "logs:PutLogEvents"], [group_arn])


def tracing() -> Statement:
    """Active tracing."""
    return statement("Tracing", ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], ["*"])


def tracing_executions() -> Statement:
    """A state machine that is traced also asks which executions are to be."""
    return statement(
        "Tracing",
        [
            "xray:GetSamplingRules",
            "xray:GetSamplingTargets",
            "xray:PutTelemetryRecords",
            "xray:PutTraceSegments",
        ],
        ["*"],
    )


def network_interfaces() -> Statement:
    """A function in a VPC makes, sees and removes its network interfaces."""
    return statement(
        "NetworkInterfaces",
        [
            "ec2:CreateNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:DescribeSubnets",
            "ec2:DeleteNetworkInterface",
            "ec2:AssignPrivateIpAddresses",
            "ec2:UnassignPrivateIpAddresses",
        ],
        ["*"],
    )


def login(secret_arn: str) -> Statement:
    """Read the login; nobody but a person writes it."""
    return statement("Login", ["secretsmanager:GetSecretValue"], [secret_arn])


def write_key(key_arn: str) -> Statement:
    """Write what the key encrypts; completing an upload in parts needs Decrypt as well."""
    return statement("WriteEncrypted", ["kms:Decrypt", "kms:GenerateDataKey"], [key_arn])


def login_history(table_arn: str) -> Statement:
    """What is remembered of logins: one item, read as it is now and put on a condition."""
    return statement("LoginHistory", ["dynamodb:GetItem", "dynamodb:PutItem"], [table_arn])


def tracker(table_arn: str, *, claims: bool = False, clears: bool = False) -> Statement:
    """Rows, keys and outcomes are read in batches and written in transactions.

    `claims`: takes media, on the condition that the run still holds its lease. `clears`: removes
    what is recorded of the parts of uploads that are over.
    """
    actions = ["dynamodb:BatchGetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"]
    if claims:
        actions.append("dynamodb:ConditionCheckItem")
    if clears:
        actions.append("dynamodb:DeleteItem")
    return statement("TrackerItems", sorted(actions), [table_arn])


def tracker_index(table_arn: str) -> Statement:
    """Which media are due, and which are archived, is asked of the index."""
    return statement("TrackerIndex", ["dynamodb:Query"], [f"{table_arn}/index/{INDEX}"])


INDEX = "status-sync_timestamp-index"


def write_manifest(bucket_arn: str) -> Statement:
    """The list of due media, for the Map to read."""
    return statement("Manifest", ["s3:PutObject"], [f"{bucket_arn}/{RUNS_PREFIX}*"])


def read_manifest(bucket_arn: str) -> Statement:
    """The summary reads which media the run was about."""
    return statement("Manifest", ["s3:GetObject"], [f"{bucket_arn}/{RUNS_PREFIX}*"])


def archive(bucket_arn: str) -> list[Statement]:
    """Store originals and look at what is stored. Deleting is for the version that the same call
    has just written and found to differ from what it sent; nothing else is ever deleted.
    """
    originals = f"{bucket_arn}/{ROOT}/*"
    return [
        statement(
            "Originals",
            [
                "s3:AbortMultipartUpload",
                "s3:DeleteObjectVersion",
                "s3:GetObject",
                "s3:GetObjectVersion",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
                "s3:PutObjectTagging",
            ],
            [originals],
        ),
        list_bucket(bucket_arn),
    ]


def discard_unfinished(bucket_arn: str) -> Statement:
    """End the uploads of media that will not be finished: they are gone at the source."""
    return statement(
        "Unfinished",
        ["s3:AbortMultipartUpload", "s3:ListMultipartUploadParts"],
        [f"{bucket_arn}/{ROOT}/*"],
    )


def list_bucket(bucket_arn: str) -> Statement:
    """Without it S3 answers 403 and not 404 for an object that is not there, and an upload that
    another write was quicker than, or that is gone, would look like access that is denied.
    """
    return statement("Bucket", ["s3:ListBucket"], [bucket_arn])


def invoke(function_arns: list[str]) -> Statement:
    """The state machine calls the five functions."""
    return statement("Functions", ["lambda:InvokeFunction"], function_arns)


def run_map(machine_arn: str, executions_arn: str, label: str) -> list[Statement]:
    """The Distributed Map starts, watches and stops children; a continuation starts the machine.

    `executions_arn` is `arn:…:execution:NAME`; children lie under `NAME/LABEL:`. Watching and
    stopping is granted as the service's guide has it, on `NAME:` as well.
    """
    children = f"{executions_arn}/{label}:*"
    return [
        statement("Executions", ["states:StartExecution"], [machine_arn]),
        statement(
            "Children",
            ["states:DescribeExecution", "states:StopExecution"],
            [f"{executions_arn}:*", children],
        ),
        statement("Redrive", ["states:RedriveExecution"], [children]),
    ]


def map_files(bucket_arn: str) -> Statement:
    """The Map reads the manifest and writes the children's results beside it."""
    return statement(
        "MapFiles",
        [
            "s3:AbortMultipartUpload",
            "s3:GetObject",
            "s3:ListMultipartUploadParts",
            "s3:PutObject",
        ],
        [f"{bucket_arn}/{RUNS_PREFIX}*"],
    )


def tell(topic_arn: str) -> Statement:
    """Alerts."""
    return statement("Alerts", ["sns:Publish"], [topic_arn])


def send(sid: str, queue_arn: str) -> Statement:
    """Messages into one queue."""
    return statement(sid, ["sqs:SendMessage"], [queue_arn])


def start(machine_arn: str) -> Statement:
    """The schedule starts the machine."""
    return statement("Start", ["states:StartExecution"], [machine_arn])


def log_delivery() -> Statement:
    """The state machine's log of failures."""
    return statement(
        "LogDelivery",
        [
            "logs:CreateLogDelivery",
            "logs:DeleteLogDelivery",
            "logs:DescribeLogGroups",
            "logs:DescribeResourcePolicies",
            "logs:GetLogDelivery",
            "logs:ListLogDeliveries",
            "logs:PutResourcePolicy",
            "logs:UpdateLogDelivery",
        ],
        ["*"],
    )
