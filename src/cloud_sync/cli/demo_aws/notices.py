"""What the stacks tell people: a queue that hears the alerts' topic, and that of failed items."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.aws.errors import Resource, translated

QUEUE = "cloud-sync-demo-alerts"


@dataclass(frozen=True, slots=True)
class Notice:
    """An alert as its subscriber gets it: the subject, and the document in the message."""

    subject: str
    document: Mapping[str, Any]


class Notices:
    """The subscriber of a topic, and a reader of queues."""

    def __init__(self, topic: str) -> None:
        """Makes the queue and subscribes it; raises what `aws.errors` says."""
        self._sqs = client_of("sqs", Resource("the queues", "sqs", ""), connections=2)
        sns = client_of("sns", Resource("the alerts' topic", "sns", ""), connections=1)
        try:
            with translated("subscribing to", Resource("the alerts' topic", "sns", "")):
                made = self._sqs.create_queue(
                    QueueName=QUEUE, Attributes={"Policy": json.dumps(_heard_from(topic))}
                )
                self._queue = str(made["QueueUrl"])
                asked = self._sqs.get_queue_attributes(
                    QueueUrl=self._queue, AttributeNames=["QueueArn"]
                )
                sns.subscribe(
                    TopicArn=topic, Protocol="sqs", Endpoint=asked["Attributes"]["QueueArn"]
                )
        finally:
            sns.close()

    def received(self) -> list[Notice]:
        """What has arrived since the last call."""
        return [
            Notice(str(each.get("Subject", "")), _document(each.get("Message", "")))
            for each in self.taken(self._queue)
        ]

    def taken(self, queue: str) -> list[dict[str, Any]]:
        """All messages of a queue, which are then no longer there."""
        found: list[dict[str, Any]] = []
        with translated("reading", Resource("the queues", "sqs", "")):
            while True:
                page = self._sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)
                if not page.get("Messages"):
                    return found
                for message in page["Messages"]:
                    found.append(_document(message["Body"]))
                    self._sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    def close(self) -> None:
        """Close the connections."""
        self._sqs.close()


def _heard_from(topic: str) -> dict[str, Any]:
    """The queue's policy: the topic, and no other, may send to it."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
                "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
            }
        ],
    }


def _document(text: str) -> dict[str, Any]:
    """The JSON object in a message; one that is none is kept as `text`."""
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"text": text}
