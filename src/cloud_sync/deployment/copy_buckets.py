"""The buckets of the file-copy workflow that its stack makes."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cloud_sync.deployment.accepted import accept


def bucket_of(scope: Construct, identity: str, name: str, key: kms.IKey) -> s3.Bucket:
    """A bucket that keeps every version, outlives its stack, and tells EventBridge of new objects,
    so that anything may follow them.
    """
    bucket = s3.Bucket(
        scope,
        identity,
        bucket_name=name,
        versioned=True,
        encryption=s3.BucketEncryption.KMS,
        encryption_key=key,
        bucket_key_enabled=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
        enforce_ssl=True,
        minimum_tls_version=1.2,
        lifecycle_rules=[
            s3.LifecycleRule(
                id="unfinished-uploads", abort_incomplete_multipart_upload_after=Duration.days(7)
            )
        ],
        removal_policy=RemovalPolicy.RETAIN,
    )
    accept(bucket, "S1")
    _notify(bucket, {"EventBridgeConfiguration": {"EventBridgeEnabled": True}})
    return bucket


def tell_function(
    bucket: s3.Bucket, worker: lambda_.Function, permission: lambda_.CfnPermission
) -> None:
    """Have every new object of the bucket told to the function as well."""
    _notify(
        bucket,
        {
            "EventBridgeConfiguration": {"EventBridgeEnabled": True},
            "LambdaConfigurations": [
                {"Event": "s3:ObjectCreated:*", "Function": worker.function_arn}
            ],
        },
    )
    # S3 tries the function when it takes the notification
    bucket.node.add_dependency(permission)


def _notify(bucket: s3.Bucket, configuration: dict[str, object]) -> None:
    plain = bucket.node.default_child
    if not isinstance(plain, s3.CfnBucket):
        raise TypeError(f"{bucket.node.path} is made of something else than a bucket")
    # the CDK's own way is a function of its own, with rights on every bucket
    plain.add_property_override("NotificationConfiguration", configuration)
