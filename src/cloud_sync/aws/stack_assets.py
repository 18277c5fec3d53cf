"""Files on their way into a stack, in the bucket that they go through."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.aws.cloud_assembly import Asset, key_of
from cloud_sync.aws.errors import Resource, code_of, translated
from cloud_sync.aws.staging_bucket import bucket_name
from cloud_sync.errors import UsageError

_ABSENT = frozenset({"404", "NoSuchBucket", "NoSuchKey", "NotFound"})


class StagingBucket:
    """The bucket of one account and region. A bucket of that name in another account is never
    used: whoever owned it could put other code into the functions.
    """

    def __init__(self, account: str, region: str, options: Mapping[str, Any]) -> None:
        self.name = bucket_name(account, region)
        self._account = account
        self._resource = Resource(
            f"the bucket {self.name}", "s3", "cloud-sync aws deploy --bootstrap", encrypted=False
        )
        self._client = client_of("s3", self._resource, options=options)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def exists(self) -> bool:
        """Whether it is there; UsageError where somebody else has a bucket of that name."""
        with translated("looking at", self._resource):
            try:
                return self._found(self._client.head_bucket, Bucket=self.name)
            except Exception as error:
                if code_of(error) not in ("403", "AccessDenied"):
                    raise
                raise UsageError(
                    f"looking at the bucket {self.name}: AWS denies access",
                    kept="nothing was deployed",
                    hint="it belongs to another account, or your role lacks s3:ListBucket on it",
                ) from error

    def put(self, bucket: str, key: str, asset: Asset) -> None:
        """Put an asset at its key, unless it lies there: keys are made from the content."""
        with translated("filling", self._resource):
            if not self._found(self._client.head_object, Bucket=bucket, Key=key):
                self._put(bucket, key, asset.content())

    def put_template(self, body: str) -> str:
        """Put a template there; the URL that CloudFormation reads it from."""
        content = body.encode()
        key = key_of(content, "template.json")
        with translated("filling", self._resource):
            self._put(self.name, key, content)
        return f"{self._client.meta.endpoint_url}/{self.name}/{key}"

    def _put(self, bucket: str, key: str, content: bytes) -> None:
        self._client.put_object(
            Bucket=bucket, Key=key, Body=content, ExpectedBucketOwner=self._account
        )

    def _found(self, head: Any, **where: str) -> bool:
        try:
            head(**where, ExpectedBucketOwner=self._account)
        except Exception as error:
            if code_of(error) in _ABSENT:
                return False
            raise
        return True
