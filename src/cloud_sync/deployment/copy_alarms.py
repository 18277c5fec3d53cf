"""The alarms of an environment's file copies as data. Purely.

The workflow tells of each object by itself. Alarms are for what it cannot tell: events that never
became an execution, and executions that ended without being able to say so.
"""

from __future__ import annotations

from collections.abc import Sequence

from cloud_sync.deployment.alarms import Alarm, ended, errors, throttles, waiting
from cloud_sync.deployment.series import FAILED_EVENTS

PREFIX = "file-copy-"

BUSY_FUNCTION = "object-copier"
VERDICT = "copy-verdict"
"""Its call fails wherever copies have failed: by that an execution can be redriven."""


def copy_alarms(functions: Sequence[str]) -> tuple[Alarm, ...]:
    """Every alarm of an environment with these functions, by their base names."""
    return (
        waiting(
            "failed-events",
            FAILED_EVENTS,
            "New objects that no copy could be started for are named in the queue",
        ),
        *_of_executions(),
        *(errors(base, busy=base == BUSY_FUNCTION) for base in functions if base != VERDICT),
        *(throttles(base) for base in functions),
    )


def _of_executions() -> list[Alarm]:
    ends = {
        "copies-failed": (
            "ExecutionsFailed",
            "failed; its notice says which object, if a notice could be sent",
        ),
        "copies-failed-timeout": ("ExecutionsTimedOut", "ran into its time limit"),
        "copies-failed-abort": ("ExecutionsAborted", "was stopped by somebody"),
    }
    return [
        ended(name, "copies-failed", metric, f"An execution of the file-copy workflow {end}.")
        for name, (metric, end) in ends.items()
    ]
