"""The messages of `gopro-sync-orchestrator`, and what its states ask to choose one.

Webhooks and queues get a JSON document with the fields of the founding documents and counts, mail
gets the text that run-summary has written. Each message goes out once for a change of state.
"""

from __future__ import annotations

from cloud_sync.deployment.states import State, caught, publish
from cloud_sync.handlers.messages import INVALID_LOGIN, AuthRequiredError

DETAILS_LIMIT = 700
"""How many characters of an error are told: they may be quotation marks, and travel twice."""

AUTH_REQUIRED = "$states.input.summary.result = 'auth_required'"
FAILED = "$states.input.summary.result = 'failed'"
PARTIAL = (
    "($states.input.summary.result = 'completed_with_failures' or $states.input.summary.failed > 0)"
)
ERROR_NAME = f"$exists($states.input.error) ? $states.input.error.Error : '{INVALID_LOGIN}'"
CAUSE = (
    "($exists($states.input.error) ? $states.input.error.Cause :"
    " $states.input.validation.trouble & ': ' & $states.input.validation.message)"
)
ENDED = (
    f"($exists($states.input.error) and $states.input.error.Error != '{AuthRequiredError.__name__}'"
    " ? 'failed' : 'auth_required')"
)

_TOLD = (
    "result",
    "archived",
    "failed",
    "pending",
    "needs_attention",
    "bytes",
    "failed_ids",
    "failed_ids_omitted",
    "given_up",
    "given_up_ids",
    "suspects",
)
_EXECUTION = (
    "'execution_id': $states.input.context.execution_id,"
    " 'correlation_id': $states.input.context.correlation_id"
)


def untracked_trouble() -> str:
    """The summary of a run that the tracker could not be asked about: a person hears of it."""
    return (
        f"{{'result': {ENDED}, 'failed': 0, 'postponed': 0,"
        f" 'tell': $states.input.context.dry_run = false, 'message': {CAUSE},"
        f" 'text': 'The run ended with ' & {ENDED} & ', and the tracker could not be asked whether"
        f" that is known already: ' & $substring({CAUSE}, 0, 500)}}"
    )


def alerts(topic: str, login_hint: str) -> dict[str, State]:
    """The four messages, each of which is remembered once it was handed over."""

    def alert(subject: str, message: str, unsent: str) -> State:
        return publish(
            topic,
            subject,
            message,
            text="$states.input.summary.text",
            catch=[caught(unsent)],
            next_state="RememberTold",
        )

    critical = "GoPro Sync Critical Failure"
    invalid = _tokens_invalid(login_hint)
    return {
        "NotifyPartialFailure": alert(
            "GoPro Sync Partial Failure", _partial_failure(), "NotificationFailed"
        ),
        "NotifyTokensInvalid": alert(critical, invalid, "TokensInvalid"),
        "NotifyCriticalFailure": alert(critical, _critical_failure(), "SyncFailed"),
        # the run itself is good, and the next one says so again
        "NotifyRecovered": alert("GoPro Sync Recovered", _recovered(), "CheckForContinuation"),
    }


def _counts_of() -> str:
    """The documents' fields of a run that came to an end, and its counts."""
    summary, media = "$states.input.summary", "$states.input.media"
    counts = ", ".join(f"'{name}': {summary}.{name}" for name in _TOLD)
    return (
        f"{_EXECUTION}, 'total_videos': {media}.new_count,"
        " 'start_time': $states.input.context.start_time,"
        " 'cookie_age_days': $states.input.validation.cookie_age_days,"
        f" {counts}"
    )


def _partial_failure() -> str:
    return (
        f"{{{_counts_of()},"
        " 'message': 'Sync completed with failures. Failed media are tried again by the next run;"
        " the failed-items queue and the tracker say why they failed.'}"
    )


def _recovered() -> str:
    return (
        f"{{{_counts_of()},"
        " 'message': 'All is well again: the trouble that was told before is over.'}"
    )


def _tokens_invalid(hint: str) -> str:
    """ValidateTokens, a run or its summary found that the login is no good: whoever has words."""
    return (
        f"{{{_EXECUTION}, 'error_cause': 'AuthRequired', 'error_details':"
        f" $substring($exists($states.input.error) ? $states.input.error.Cause :"
        " $states.input.validation.valid = false ? $states.input.validation.trouble & ': ' &"
        f" $states.input.validation.message : $states.input.summary.message, 0, {DETAILS_LIMIT}),"
        " 'message': 'The camera cloud wants a fresh login. Nothing is lost and nothing was marked"
        f" FAILED. Log in with: {hint}'}}"
    )


def _critical_failure() -> str:
    return (
        f"{{{_EXECUTION}, 'error_cause': $exists($states.input.error) ?"
        " $states.input.error.Error : $states.input.summary.result,"
        f" 'error_details': $substring($exists($states.input.error) ?"
        f" $states.input.error.Cause : $states.input.summary.message, 0, {DETAILS_LIMIT}),"
        " 'message': 'Critical failure in sync execution. Manual intervention required.'}"
    )
