"""How many messages wait in a queue of SQS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.aws.errors import Resource, translated


class Queues:
    """Counts, and never takes a message. Any call may raise what `Executions` raises."""

    def __init__(
        self, deploy_hint: str, *, client_options: Mapping[str, Any] | None = None
    ) -> None:
        self._resource = Resource("the queue", "sqs", deploy_hint, encrypted=False)
        self._client = client_of(
            "sqs", self._resource, options=client_options, connections=1, attempts=3
        )

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def waiting(self, url: str) -> int:
        """About how many messages wait in the queue at that URL."""
        name = "ApproximateNumberOfMessages"
        with translated("counting what waits in", self._resource):
            told = self._client.get_queue_attributes(QueueUrl=url, AttributeNames=[name])
        return int(told["Attributes"][name])
