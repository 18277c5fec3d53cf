"""The adapters of the file-copy workflow's functions on AWS: DynamoDB, S3 and Step Functions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from cloud_sync.aws.executions import Executions
from cloud_sync.clock import Clock, SystemClock
from cloud_sync.replicate.store import ObjectStore
from cloud_sync.replicate.tracker import CopyTracker
from cloud_sync.transfer.retry import RetryPolicy

CONNECTIONS = 64
"""As many as object-copier has parts in work."""

QUICK = RetryPolicy(tries=2, seconds=60.0, first_wait=0.2, longest_wait=1.0)
"""Short, for the state machine tries a call anew."""


@dataclass(frozen=True, kw_only=True)
class AwsCopyWiring:
    """What the functions of one environment work with; each part is made when it is first needed
    and lives as long as the process.

    Endpoint, region and credentials of AWS are the SDK's own settings.
    """

    table: str
    machine: str
    source: str
    destinations: tuple[str, ...]
    retries: RetryPolicy = QUICK

    @cached_property
    def clock(self) -> Clock:
        return SystemClock()

    @cached_property
    def tracker(self) -> CopyTracker:
        """The table of copies."""
        from cloud_sync.replicate.tracker_dynamodb import DynamoCopyTracker

        return DynamoCopyTracker(self.table)

    @cached_property
    def store(self) -> ObjectStore:
        """Amazon S3, with the function's own role."""
        from cloud_sync.replicate.s3_store import connect

        return connect(connections=CONNECTIONS)

    @cached_property
    def executions(self) -> Executions:
        """The state machine."""
        return Executions(self.machine, "deploy the stack of copies anew")
