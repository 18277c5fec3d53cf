"""Schedules of EventBridge Scheduler, as they stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud_sync.aws.clients import client_of
from cloud_sync.aws.errors import Resource, code_of, translated


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something starts: an expression such as `cron(0 2 * * ? *)`, in a time zone."""

    expression: str
    zone: str
    enabled: bool


class Schedules:
    """Reads schedules by name. Any call may raise what `Executions` raises."""

    def __init__(
        self, deploy_hint: str, *, client_options: Mapping[str, Any] | None = None
    ) -> None:
        self._resource = Resource("the schedule", "scheduler", deploy_hint, encrypted=False)
        self._client = client_of(
            "scheduler", self._resource, options=client_options, connections=1, attempts=3
        )

    def close(self) -> None:
        """Let go of connections."""
        self._client.close()

    def find(self, name: str) -> Schedule | None:
        """The schedule of that name, None where it was removed."""
        with translated("looking at", self._resource):
            try:
                told = self._client.get_schedule(Name=name)
            except Exception as error:
                if code_of(error) == "ResourceNotFoundException":
                    return None
                raise
        return Schedule(
            expression=str(told["ScheduleExpression"]),
            zone=str(told.get("ScheduleExpressionTimezone") or "UTC"),
            enabled=told.get("State", "ENABLED") == "ENABLED",
        )
