"""What an execution's end means: exit codes, words, and who goes on with what was left."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from cloud_sync.aws.executions import Execution, ExecutionStatus, MapCounts
from cloud_sync.cli.aws_execution_end import end_of, next_of_chain, progress_text
from cloud_sync.deployment.orchestrator import continuation_name
from cloud_sync.errors import ExitCode
from cloud_sync.model.report import Outcome, Result, RunSummary
from cloud_sync.tracker.transitions import run_lease_held

NOW = datetime(2026, 11, 21, 2, tzinfo=UTC)


def execution(status: str, error: str = "") -> Execution:
    return Execution("arn:run-1", "run-1", ExecutionStatus(status), NOW, NOW, error)


def summary(result: Result, message: str = "") -> RunSummary:
    counts = dict.fromkeys(Outcome, 0)
    return RunSummary(
        "run-1", result, "s3://b", NOW, 1.0, 0, 0, counts, 0, 0, True, message=message
    )


def failed_with(error: str, message: str) -> dict[str, Any]:
    """What a document holds when a function has raised."""
    cause = json.dumps({"errorMessage": message, "errorType": error, "stackTrace": ["secret"]})
    return {"context": {"dry_run": False}, "error": {"Error": error, "Cause": cause}}


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (Result.COMPLETED, ExitCode.DONE),
        (Result.COMPLETED_WITH_FAILURES, ExitCode.SOME_FAILED),
    ],
)
def test_a_run_that_ended_by_itself_has_the_exit_code_of_its_result(
    result: Result, code: ExitCode
) -> None:
    end = end_of(execution("SUCCEEDED"), {}, summary(result), "dev")
    assert (end.exit_code, end.message) == (code, "")


def test_a_success_without_a_summary_is_no_success() -> None:
    assert end_of(execution("SUCCEEDED"), {}, None, "dev").exit_code is ExitCode.FAILED


def test_a_dry_execution_has_no_summary() -> None:
    dry = {"context": {"dry_run": True}}
    assert end_of(execution("SUCCEEDED"), dry, None, "dev").exit_code is ExitCode.DONE


@pytest.mark.parametrize(
    ("document", "told", "words"),
    [
        ({"validation": {"valid": False, "message": "it has expired"}}, None, "it has expired"),
        (failed_with("AuthRequiredError", "it died while listing"), None, "it died while listing"),
        ({"validation": {"valid": True}}, summary(Result.AUTH_REQUIRED, "it died"), "it died"),
        ({}, None, "the camera cloud wants a login"),
    ],
)
def test_a_login_that_is_no_good_is_told_whenever_it_died(
    document: dict[str, Any], told: RunSummary | None, words: str
) -> None:
    end = end_of(execution("FAILED", "AuthRequired"), document, told, "prod")
    assert (end.exit_code, end.message) == (ExitCode.AUTH_REQUIRED, words)
    assert end.hint == "cloud-sync aws login --env prod"


@pytest.mark.parametrize("name", ["PermanentError", "Runtime.HandlerError"])
def test_another_run_at_work_is_exit_5_and_named(name: str) -> None:
    """Also where an emulator has lost the error's own name."""
    held = run_lease_held("run-0", "ana's laptop", NOW, NOW)
    document = failed_with(name, held.message)
    end = end_of(execution("FAILED", "SyncExecutionFailed"), document, None, "dev")
    assert end.exit_code is ExitCode.LEASE_HELD
    assert "run run-0 of ana's laptop" in end.message


def test_a_failure_is_told_in_our_functions_words() -> None:
    document = failed_with("PermanentError", "the bucket is not there")
    end = end_of(execution("FAILED", "SyncExecutionFailed"), document, None, "dev")
    assert (end.exit_code, end.message) == (ExitCode.FAILED, "the bucket is not there")


def test_of_other_peoples_errors_only_the_name_is_told() -> None:
    document = failed_with("States.Runtime", "https://cdn.example/x?Signature=abc")
    end = end_of(execution("FAILED", "SyncExecutionFailed"), document, None, "dev")
    assert (end.exit_code, end.message) == (
        ExitCode.FAILED,
        "a step of it failed with States.Runtime",
    )


def test_a_failure_after_a_good_summary_is_a_failure_all_the_same() -> None:
    """The run itself went well, and its continuation could not be started."""
    document = failed_with("TransientError", "the service is busy")
    end = end_of(
        execution("FAILED", "SyncExecutionFailed"), document, summary(Result.COMPLETED), "dev"
    )
    assert (end.exit_code, end.message) == (ExitCode.FAILED, "the service is busy")


def test_failed_media_of_which_nobody_could_be_told_are_exit_3_and_named() -> None:
    end = end_of(
        execution("FAILED", "NotificationFailed"),
        {},
        summary(Result.COMPLETED_WITH_FAILURES),
        "dev",
    )
    assert end.exit_code is ExitCode.SOME_FAILED
    assert "alert" in end.message


@pytest.mark.parametrize(
    ("status", "words"), [("TIMED_OUT", "time limit"), ("ABORTED", "somebody")]
)
def test_an_execution_ended_by_force_has_failed_and_can_go_on(status: str, words: str) -> None:
    end = end_of(execution(status), {}, None, "dev")
    assert end.exit_code is ExitCode.FAILED
    assert words in end.message
    assert "cloud-sync aws run --env dev" in end.hint


@pytest.mark.parametrize(
    ("postponed", "progressed", "following"), [(3, True, 3), (0, True, None), (3, False, None)]
)
def test_an_execution_is_followed_where_the_machine_starts_another(
    postponed: int, progressed: bool, following: int | None
) -> None:
    document = {
        "context": {"continuation": 2},
        "summary": {"postponed": postponed, "progressed": progressed},
    }
    assert next_of_chain(document) == following
    assert next_of_chain({"context": {"continuation": 2}}) is None


def test_the_name_of_the_following_execution_is_the_machines_own() -> None:
    assert continuation_name("x" * 80, 2) == "x" * 70 + "-2"


def test_progress_is_told_by_what_can_be_known() -> None:
    assert progress_text(None, begun=False) == "checking the login"
    assert progress_text(None, begun=True) == "listing and planning"
    assert progress_text(MapCounts(10, 4, 2), begun=True) == "4 of 10 media done, 2 in work"
    assert MapCounts(1, 1, 1).done == 0
