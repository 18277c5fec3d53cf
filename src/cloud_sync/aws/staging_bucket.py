"""The bucket that templates and functions' packages go through on their way into a stack.

One for each account and region, in a small stack of its own: whoever deploys needs nothing but
this. It holds nothing that a deployment does not put there again.
"""

from __future__ import annotations

from typing import Any

STACK = "CloudSync-assets"
NAME = "cloud-sync-assets-${AWS::AccountId}-${AWS::Region}"
"""With the placeholders that CloudFormation and cloud assemblies know."""

KEPT_DAYS = 90
"""A replaced version is kept so long; what a stack was made from is never removed by time."""


def bucket_name(account: str, region: str) -> str:
    """The bucket's name in an account and a region."""
    return filled(NAME, account, region)


def filled(text: str, account: str, region: str) -> str:
    """`text` with the placeholders of account, region and partition filled in."""
    partition = "aws-cn" if region.startswith("cn-") else "aws"
    partition = "aws-us-gov" if region.startswith("us-gov-") else partition
    return (
        text.replace("${AWS::AccountId}", account)
        .replace("${AWS::Region}", region)
        .replace("${AWS::Partition}", partition)
    )


def template() -> dict[str, Any]:
    """The stack: a private bucket, encrypted, with versions, that speaks TLS only."""
    arn = {"Fn::GetAtt": ["Assets", "Arn"]}
    return {
        "Description": "cloud-sync: what deployments put into stacks passes through here",
        "Resources": {
            "Assets": {
                "Type": "AWS::S3::Bucket",
                "DeletionPolicy": "Retain",
                "UpdateReplacePolicy": "Retain",
                "Properties": _properties(),
            },
            "AssetsPolicy": {
                "Type": "AWS::S3::BucketPolicy",
                "Properties": {
                    "Bucket": {"Ref": "Assets"},
                    "PolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [
                            {
                                "Sid": "TlsOnly",
                                "Effect": "Deny",
                                "Principal": {"AWS": "*"},
                                "Action": "s3:*",
                                "Resource": [arn, {"Fn::Join": ["", [arn, "/*"]]}],
                                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                            }
                        ],
                    },
                },
            },
        },
        "Outputs": {"BucketName": {"Value": {"Ref": "Assets"}}},
    }


def _properties() -> dict[str, Any]:
    return {
        "BucketName": {"Fn::Sub": NAME},
        "VersioningConfiguration": {"Status": "Enabled"},
        "BucketEncryption": {
            "ServerSideEncryptionConfiguration": [
                {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
            ]
        },
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "BlockPublicPolicy": True,
            "IgnorePublicAcls": True,
            "RestrictPublicBuckets": True,
        },
        "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        "LifecycleConfiguration": {
            "Rules": [
                {
                    "Id": "unfinished-uploads",
                    "Status": "Enabled",
                    "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                },
                {
                    "Id": "replaced-assets",
                    "Status": "Enabled",
                    "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_DAYS},
                },
            ]
        },
        "Tags": [{"Key": "Project", "Value": "cloud-sync"}],
    }
