"""What an execution's end means to whoever waits for it. Purely."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cloud_sync.aws.executions import Execution, ExecutionStatus, MapCounts
from cloud_sync.errors import ExitCode
from cloud_sync.handlers.messages import (
    TEXT_LIMIT,
    AuthRequiredError,
    PermanentError,
    TransientError,
)
from cloud_sync.model.report import RunSummary
from cloud_sync.secret import scrub
from cloud_sync.tracker.transitions import ANOTHER_AT_WORK

_OURS = frozenset(kind.__name__ for kind in (TransientError, PermanentError, AuthRequiredError))
_UNTOLD = "NotificationFailed"
_NO_LOGIN = "AuthRequired"
_FORCED = {
    ExecutionStatus.TIMED_OUT: "it ran into its time limit and was ended by force",
    ExecutionStatus.ABORTED: "somebody has stopped it",
}


@dataclass(frozen=True, slots=True)
class ExecutionEnd:
    """`message` is why it ended so, empty where its summary says all; `hint` as in errors."""

    exit_code: ExitCode
    message: str = ""
    hint: str = ""


def end_of(
    execution: Execution,
    document: Mapping[str, Any],
    summary: RunSummary | None,
    environment: str,
) -> ExecutionEnd:
    """How an execution that is over has ended; `document` is what it had gathered by then.

    `summary` is the run's own, None where it did not come to one.
    """
    log_in = f"cloud-sync aws login --env {environment}"
    again = f"cloud-sync aws run --env {environment}"
    if execution.status is ExecutionStatus.SUCCEEDED:
        if summary is None and not is_dry(document):
            return ExecutionEnd(ExitCode.FAILED, "it left no summary in the tracker", again)
        return ExecutionEnd(summary.result.exit_code if summary else ExitCode.DONE)
    if execution.status in _FORCED:
        return ExecutionEnd(ExitCode.FAILED, _FORCED[execution.status], f"{again}: it goes on")
    if execution.error == _NO_LOGIN:
        return ExecutionEnd(ExitCode.AUTH_REQUIRED, _login_trouble(document, summary), log_in)
    cause = _cause(document)
    if cause.startswith(ANOTHER_AT_WORK):
        return ExecutionEnd(
            ExitCode.LEASE_HELD, cause, f"cloud-sync aws status --env {environment}"
        )
    if execution.error == _UNTOLD and summary is not None:
        return ExecutionEnd(
            summary.result.exit_code,
            "media failed, and the alert about it could not be sent",
            f"cloud-sync list --env {environment} --status FAILED",
        )
    told = cause or (summary.message if summary else "")
    return ExecutionEnd(ExitCode.FAILED, told or "it failed and left no reason", again)


def is_dry(document: Mapping[str, Any]) -> bool:
    """Whether the execution was one that only counts."""
    return bool(_part(document, "context").get("dry_run"))


def next_of_chain(document: Mapping[str, Any]) -> int | None:
    """The number of the execution that goes on with what this one left, None where none does."""
    summary = _part(document, "summary")
    number = _part(document, "context").get("continuation")
    goes_on = summary.get("postponed", 0) > 0 and bool(summary.get("progressed"))
    return int(number) + 1 if goes_on and isinstance(number, int | float) else None


def progress_text(counts: MapCounts | None, *, begun: bool) -> str:
    """How far an execution has come; `begun`: its run is open in the tracker."""
    if counts is None:
        return "listing and planning" if begun else "checking the login"
    return f"{counts.done} of {counts.total} media done, {counts.running} in work"


def _login_trouble(document: Mapping[str, Any], summary: RunSummary | None) -> str:
    validation = _part(document, "validation")
    words = (
        summary.message if summary else "",
        _cause(document),
        "" if validation.get("valid") else str(validation.get("message") or ""),
    )
    return next((text for text in words if text), "the camera cloud wants a login")


def _cause(document: Mapping[str, Any]) -> str:
    """Why a step failed. Only our own functions' words are passed on; of others only the name."""
    error = _part(document, "error")
    if not error:
        return ""
    told = _words(str(error.get("Cause")))
    # an emulator gives all errors of a function one name; these words are ours for sure
    if error.get("Error") in _OURS or told.startswith(ANOTHER_AT_WORK):
        return scrub(told)[:TEXT_LIMIT]
    return f"a step of it failed with {scrub(str(error.get('Error')))[:100]}"


def _words(cause: str) -> str:
    """A function's own words in what Step Functions tells of its error."""
    try:
        told = json.loads(cause)
    except ValueError:
        return ""
    words = told.get("errorMessage") if isinstance(told, dict) else None
    return words if isinstance(words, str) else ""


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name)
    return found if isinstance(found, dict) else {}
