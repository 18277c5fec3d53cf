"""Time series that alarms and dashboards read: ours by their definitions, AWS's by the resource
that they are of. Purely.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cloud_sync.metrics.definitions import ENVIRONMENT, NAMESPACE, Metric

LAMBDA, STATES, SQS = "AWS/Lambda", "AWS/States", "AWS/SQS"
FUNCTION, MACHINE, QUEUE = "FunctionName", "StateMachineArn", "QueueName"

FAILED_ITEMS = "gopro-sync-failed-items"
MISSED_STARTS = "gopro-sync-missed-starts"
FAILED_EVENTS = "file-copy-failed-events"


@dataclass(frozen=True, slots=True)
class Series:
    """A metric with its one dimension. `resource` is the base name of the function or queue that it
    is of; empty for metrics of the environment and of its state machine.
    """

    namespace: str
    name: str
    dimension: str
    resource: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What dimensions have as values in one environment: its name, how it names a resource, and
    the ARN of its state machine.
    """

    environment: str
    resource: Callable[[str], str]
    machine: str

    def value(self, series: Series) -> str:
        """The value of the series' dimension."""
        fixed = {ENVIRONMENT: self.environment, MACHINE: self.machine}
        return fixed.get(series.dimension) or self.resource(series.resource)


def ours(metric: Metric) -> Series:
    """Our own metric under the environment alone, where all its values come together."""
    return Series(NAMESPACE, metric.name, ENVIRONMENT)


def of_function(name: str, base: str) -> Series:
    """A metric of Lambda's of one function."""
    return Series(LAMBDA, name, FUNCTION, base)


def of_machine(name: str) -> Series:
    """A metric of Step Functions' of the stack's state machine."""
    return Series(STATES, name, MACHINE)


def of_queue(name: str, base: str) -> Series:
    """A metric of SQS's of one queue."""
    return Series(SQS, name, QUEUE, base)
