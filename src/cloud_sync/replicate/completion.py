"""What is told once all destinations of a request are settled, and the contract of hearing it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from cloud_sync.replicate.outcome import CopyResults
from cloud_sync.replicate.request import CopyRequest
from cloud_sync.replicate.tracker import state_of


class OnComplete(Protocol):
    """Is told of every execution that has ended, to begin what is to come after the copies.

    Told at least once, after the results are on record. Raises a CloudSyncError when it could not
    be told; the copies stay as they are then.
    """

    def __call__(self, summary: Mapping[str, object]) -> None:
        """Take the summary."""
        ...


def completed(request: CopyRequest, results: CopyResults, execution_id: str) -> dict[str, object]:
    """The summary of an execution as JSON: its id and state, and the results."""
    return {
        "executionId": execution_id,
        "state": state_of(results).value,
        "versionId": request.version_id,
        **results.to_json(),
    }
