"""The optional record of every object call: a CloudTrail trail with data events."""

from __future__ import annotations

from aws_cdk import Duration, RemovalPolicy
from aws_cdk import aws_cloudtrail as cloudtrail
from aws_cdk import aws_s3 as s3
from constructs import Construct

from cloud_sync.deployment.accepted import accept
from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.storage_stack import StorageStack


class ObjectAudit(Construct):
    """A trail for the archive's bucket alone; its files stay a year in a bucket of their own."""

    def __init__(self, scope: Construct, environment: Environment, storage: StorageStack) -> None:
        super().__init__(scope, "ObjectAudit")
        files = s3.Bucket(
            self,
            "Files",
            encryption=s3.BucketEncryption.S3_MANAGED,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            versioned=True,
            lifecycle_rules=[
                s3.LifecycleRule(
                    id="a-year",
                    expiration=Duration.days(365),
                    noncurrent_version_expiration=Duration.days(30),
                )
            ],
            removal_policy=RemovalPolicy.RETAIN,
        )
        accept(files, "S1", "these files are themselves the record of who did what")
        trail = cloudtrail.Trail(
            self,
            "Trail",
            trail_name=environment.resource("gopro-archive-objects"),
            bucket=files,
            is_multi_region_trail=False,
            include_global_service_events=False,
            management_events=cloudtrail.ReadWriteType.NONE,
            enable_file_validation=True,
        )
        trail.add_s3_event_selector([cloudtrail.S3EventSelector(bucket=storage.bucket)])
