"""The stack of what must never be lost: bucket, table, login, and the key that encrypts them.

It is protected against deletion, and what it holds outlives it all the same.
"""

from __future__ import annotations

from aws_cdk import Aws, CfnOutput, Duration, RemovalPolicy, Stack, Tags
from aws_cdk import Environment as Target
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cloud_sync.archive.layout import ROOT
from cloud_sync.archive.run_files import RUNS_PREFIX
from cloud_sync.deployment import choices
from cloud_sync.deployment.accepted import accept
from cloud_sync.deployment.alert_topic import let_alarms_use
from cloud_sync.deployment.environments import Environment
from cloud_sync.deployment.permissions import INDEX

TRACKER = "gopro-sync-tracker"

_DEEP_ARCHIVE_MINIMUM = Duration.days(180)
"""Deep Archive bills 180 days of every object, so a version that was replaced is kept that long."""


class StorageStack(Stack):
    """Bucket, table, secret and key of one environment."""

    def __init__(self, scope: Construct, environment: Environment, target: Target | None) -> None:
        super().__init__(
            scope,
            environment.storage_stack,
            env=target,
            termination_protection=True,
            description=f"cloud-sync {environment.name}: the archive and what is known of it",
        )
        self.key = self._key(environment)
        self.bucket = self._bucket(environment)
        accept(self.bucket, "S1")
        # by name, so that a policy of another stack can be read without this one
        self.bucket_arn = f"arn:{Aws.PARTITION}:s3:::{environment.bucket(self.account)}"
        self.table = self._table(environment)
        self.secret = self._secret(environment)
        CfnOutput(self, "S3BucketName", value=self.bucket.bucket_name)
        CfnOutput(self, "DynamoDBTableName", value=self.table.table_name)
        CfnOutput(self, "SecretName", value=environment.secret)
        CfnOutput(self, "StoragePlan", value=environment.storage_plan)
        CfnOutput(self, choices.OUTPUT, value=choices.written(environment))
        Tags.of(self).add("Component", "storage")

    def _key(self, environment: Environment) -> kms.Key:
        key = kms.Key(
            self,
            "Key",
            alias=f"cloud-sync/{environment.name}",
            description=f"cloud-sync {environment.name}: archive, tracker, login, alerts",
            enable_key_rotation=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        let_alarms_use(key, environment)
        return key

    def _bucket(self, environment: Environment) -> s3.Bucket:
        return s3.Bucket(
            self,
            "Archive",
            bucket_name=environment.bucket(self.account),
            versioned=True,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            object_ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            lifecycle_rules=_lifecycle(environment),
            removal_policy=RemovalPolicy.RETAIN,
        )

    def _table(self, environment: Environment) -> dynamodb.Table:
        table = dynamodb.Table(
            self,
            "Tracker",
            table_name=environment.resource(TRACKER),
            partition_key=dynamodb.Attribute(name="media_id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            encryption=dynamodb.TableEncryption.CUSTOMER_MANAGED,
            encryption_key=self.key,
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )
        table.add_global_secondary_index(
            index_name=INDEX,
            partition_key=dynamodb.Attribute(name="status", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sync_timestamp", type=dynamodb.AttributeType.STRING),
            projection_type=dynamodb.ProjectionType.INCLUDE,
            # what lists of media show, and what the counts by status add up; the whole medium is
            # read from the table itself
            non_key_attributes=[
                "filename",
                "s3_key",
                "file_size",
                "retry_count",
                "error_message",
                "file_count",
                "stored_bytes",
            ],
        )
        return table

    def _secret(self, environment: Environment) -> secretsmanager.CfnSecret:
        """The secret without a value: a made-up one would be refused by the camera cloud, and
        that reads like a login that has expired. There is no rotation either: only a person can
        fetch a login from a browser, so a schedule would break a good one.
        """
        secret = secretsmanager.CfnSecret(
            self,
            "Login",
            name=environment.secret,
            description="The login of the camera cloud; set it with: cloud-sync aws login",
            kms_key_id=self.key.key_arn,
        )
        secret.apply_removal_policy(RemovalPolicy.RETAIN)
        accept(secret, "SMG4")
        return secret


def _lifecycle(environment: Environment) -> list[s3.LifecycleRule]:
    plan = environment.plan
    rules = [
        s3.LifecycleRule(
            id="unfinished-uploads",
            abort_incomplete_multipart_upload_after=Duration.days(7),
        ),
        s3.LifecycleRule(
            id="replaced-originals",
            prefix=f"{ROOT}/",
            noncurrent_version_expiration=_DEEP_ARCHIVE_MINIMUM,
        ),
        s3.LifecycleRule(
            id="run-files",
            prefix=RUNS_PREFIX,
            expiration=Duration.days(90),
            noncurrent_version_expiration=Duration.days(7),
        ),
    ]
    if plan.transitions:
        steps = [
            s3.Transition(
                storage_class=s3.StorageClass(step.storage_class),
                transition_after=Duration.days(step.days),
            )
            for step in plan.transitions
        ]
        rules.append(s3.LifecycleRule(id="storage-plan", prefix=f"{ROOT}/", transitions=steps))
    return rules
