"""How an execution looks to a script and to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cloud_sync.aws.executions import Execution, MapCounts
from cloud_sync.cli.aws_execution_end import ExecutionEnd


def execution_url(region: str, arn: str) -> str:
    """Where a person sees the execution in the browser."""
    return (
        f"https://{region}.console.aws.amazon.com/states/home?region={region}"
        f"#/v2/executions/details/{arn}"
    )


def progress_json(
    execution: Execution, counts: MapCounts | None, message: str
) -> dict[str, object]:
    """The object of how far it has come."""
    return {
        "event": "execution_progress",
        "execution": execution.name,
        "media": counts.total if counts else None,
        "done": counts.done if counts else None,
        "in_work": counts.running if counts else None,
        "message": message,
    }


def end_json(execution: Execution, end: ExecutionEnd) -> dict[str, object]:
    """The object of an execution that is over."""
    return {
        "event": "execution_ended",
        "execution": execution.name,
        "status": execution.status.value,
        "exit_code": int(end.exit_code),
        "message": end.message,
        "hint": end.hint,
    }


def count_json(document: Mapping[str, Any]) -> dict[str, object]:
    """The object of a dry execution's counts; null where it did not come so far."""
    media = document.get("media") or {}
    return {
        "event": "counted",
        "found": media.get("total_found"),
        "due": media.get("new_count"),
        "already_archived": media.get("already_synced"),
    }


def count_text(document: Mapping[str, Any]) -> str:
    """A dry execution's counts for a person."""
    counted = count_json(document)
    if counted["found"] is None:
        return "Nothing was counted."
    return (
        f"{counted['found']} media in the cloud: {counted['due']} to archive, "
        f"{counted['already_archived']} archived already. Nothing was moved."
    )
