"""The definition of `gopro-sync-orchestrator`, as data that linters and emulators read.

The document that travels from state to state is
`{context, validation, media, downloads, summary, error}`; it holds counts and names, never the list
of media, so it stays below 10 KB for any library. The list travels as a manifest in the bucket.

The top level speaks JSONPath because a JSONata top level would forbid DownloadVideos to, and
every other state sets JSONata for itself.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from cloud_sync.deployment import retries
from cloud_sync.deployment.download import download_videos
from cloud_sync.deployment.run_alerts import (
    AUTH_REQUIRED,
    CAUSE,
    ENDED,
    ERROR_NAME,
    FAILED,
    PARTIAL,
    alerts,
    untracked_trouble,
)
from cloud_sync.deployment.states import (
    State,
    call,
    caught,
    choice,
    expression,
    picked,
    with_field,
)
from cloud_sync.handlers.messages import (
    RunContext,
    RunSummaryAnswer,
    TokenValidatorAnswer,
)

NAME = "gopro-sync-orchestrator"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the definition refers to: ARNs of functions and topic, the queue's URL, the bucket.

    `function` may be a name as well. `soft_deadline_seconds`: from then on no further medium is
    begun and what is left goes to a continuation. `timeout_seconds`: after it the execution is
    ended by force; work that runs at the soft deadline must fit in between.
    `max_continuations`: how many executions one start may lead to at most, the first apart.
    `login_hint`: what a person types when a login is needed.
    """

    token_validator: str
    media_lister: str
    video_downloader: str
    run_summary: str
    failure_marker: str
    topic: str
    failed_items_queue: str
    bucket: str
    max_concurrency: int = 5
    soft_deadline_seconds: int = 12 * 3600
    timeout_seconds: int = 24 * 3600
    max_continuations: int = 60
    login_hint: str = "cloud-sync aws login"


def continuation_name(correlation_id: str, continuation: int) -> str:
    """The name of the execution that goes on with what an earlier one of its chain has left; it
    follows from the chain's, so that a call whose answer got lost starts no second one.
    """
    return f"{correlation_id[:70]}-{continuation}"


def definition(parts: Parts) -> State:
    """The whole state machine."""
    return {
        "Comment": "Archives what the camera cloud has and the bucket has not",
        "QueryLanguage": "JSONPath",
        "StartAt": "GenerateCorrelationId",
        "TimeoutSeconds": parts.timeout_seconds,
        "States": {
            **_beginning(parts),
            "DownloadVideos": download_videos(
                video_downloader=parts.video_downloader,
                failure_marker=parts.failure_marker,
                failed_items_queue=parts.failed_items_queue,
                bucket=parts.bucket,
                max_concurrency=parts.max_concurrency,
                next_state="GenerateSummary",
                failure_state="RecordTrouble",
            ),
            **_ending(parts),
            **alerts(parts.topic, parts.login_hint),
            **_terminals(),
        },
    }


def _beginning(parts: Parts) -> dict[str, State]:
    return {
        "GenerateCorrelationId": _generate_correlation_id(parts),
        "ValidateTokens": call(
            parts.token_validator,
            _run(),
            output=with_field(
                "validation", picked("$states.result.Payload", _names(TokenValidatorAnswer))
            ),
            timeout=60,
            retry=retries.quick(),
            catch=[caught("RecordTrouble")],
            next_state="CheckTokenValidity",
        ),
        "CheckTokenValidity": _choice(
            choice("$states.input.validation.valid", "ListMedia"), default="RecordTrouble"
        ),
        "ListMedia": call(
            parts.media_lister,
            _run() | {name: _context(name) for name in ("dry_run", "limit", "since")},
            output=with_field("media", picked("$states.result.Payload", _MEDIA)),
            timeout=330,
            retry=retries.quick(),
            catch=[caught("RecordTrouble")],
            next_state="CheckNewVideos",
        ),
        "CheckNewVideos": _choice(
            choice("$states.input.context.dry_run", "DryRunComplete"),
            choice("$states.input.media.new_count > 0", "DownloadVideos"),
            choice("$states.input.media.tell = true", "GenerateSummary"),
            default="NoNewVideos",
        ),
    }


def _generate_correlation_id(parts: Parts) -> State:
    """Fills in what the input leaves out; `{}` is enough."""
    execution = "$states.context.Execution"
    deadline = (
        f"$fromMillis($toMillis({execution}.StartTime) + {parts.soft_deadline_seconds * 1000})"
    )
    return {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": {
            "context": {
                "correlation_id": _given("correlation_id", f"{execution}.Name"),
                "run_id": expression(f"{execution}.Name"),
                "execution_id": expression(f"{execution}.Id"),
                "start_time": expression(f"{execution}.StartTime"),
                "deadline": expression(deadline),
                "provider": _given("provider", "'gopro'"),
                "account": _given("account", "'default'"),
                "dry_run": _given("dry_run", "false"),
                "limit": _given("limit", "null"),
                "since": _given("since", "null"),
                "scheduled_time": _given("scheduled_time", "null"),
                "continuation": _given("continuation", "0"),
            }
        },
        "Next": "ValidateTokens",
    }


def _ending(parts: Parts) -> dict[str, State]:
    summary = "$states.input.summary"
    return {
        "GenerateSummary": call(
            parts.run_summary,
            _summary_of(),
            output=_summarised(),
            timeout=330,
            retry=retries.quick(),
            catch=[caught("RecordTrouble")],
            next_state="CheckForFailures",
        ),
        "RecordTrouble": _record_trouble(parts),
        "CheckForFailures": _choice(
            choice(f"{summary}.tell = true and {AUTH_REQUIRED}", "NotifyTokensInvalid"),
            choice(f"{summary}.tell = true and {FAILED}", "NotifyCriticalFailure"),
            choice(f"{summary}.tell = true and {PARTIAL}", "NotifyPartialFailure"),
            choice(f"{summary}.tell = true", "NotifyRecovered"),
            choice(AUTH_REQUIRED, "TokensInvalid"),
            choice(FAILED, "SyncFailed"),
            default="CheckForContinuation",
        ),
        "RememberTold": call(
            parts.run_summary,
            _summary_of(told=True),
            output=expression("$states.input"),
            timeout=60,
            retry=retries.quick(),
            # a message that comes twice is better than one that never comes
            catch=[caught("CheckOutcome")],
            next_state="CheckOutcome",
        ),
        "CheckOutcome": _choice(
            choice(AUTH_REQUIRED, "TokensInvalid"),
            choice(FAILED, "SyncFailed"),
            default="CheckForContinuation",
        ),
        "CheckForContinuation": _choice(
            choice(
                f"{summary}.postponed > 0 and {summary}.progressed"
                f" and $states.input.context.continuation < {parts.max_continuations}",
                "ContinueSync",
            ),
            default="SyncComplete",
        ),
        "ContinueSync": _continue_sync(),
    }


def _continue_sync() -> State:
    """Starts the next execution of the chain. Its name follows from the chain's, so that a call
    whose answer got lost starts no second one.
    """
    context = "$states.input.context"
    return {
        "Type": "Task",
        "QueryLanguage": "JSONata",
        "Comment": "What the soft deadline left goes on in an execution of its own",
        "Resource": "arn:aws:states:::states:startExecution",
        "Arguments": {
            "StateMachineArn": expression("$states.context.StateMachine.Id"),
            "Name": expression(
                f"$substring({context}.correlation_id, 0, 70) & '-'"
                f" & $string({context}.continuation + 1)"
            ),
            "Input": {name: _context(name) for name in _CARRIED}
            | {"continuation": expression(f"{context}.continuation + 1")},
        },
        "TimeoutSeconds": 60,
        "Output": expression("$states.input"),
        "Retry": retries.service(),
        "Catch": [
            caught("SyncComplete", ("StepFunctions.ExecutionAlreadyExistsException",)),
            caught("RecordTrouble"),
        ],
        "Next": "SyncComplete",
    }


def _record_trouble(parts: Parts) -> State:
    """Keeps in the tracker how a run ended that something else than its media has stopped, and
    asks whether a person knows of such an end already. Who cannot be asked counts as not knowing.
    """
    state = call(
        parts.run_summary,
        _summary_of(ended=expression(ENDED), error=expression(ERROR_NAME), cause=expression(CAUSE)),
        output=_summarised(),
        timeout=60,
        retry=retries.quick(),
        catch=[],
        next_state="CheckForFailures",
    )
    caught_here = {
        "ErrorEquals": ["States.ALL"],
        "Output": with_field("summary", untracked_trouble()),
        "Next": "CheckForFailures",
    }
    return state | {"Catch": [caught_here]}


def _summary_of(**own: Any) -> dict[str, Any]:
    """What run-summary is asked: which run, what was counted of it so far, and `own`."""
    asked = (
        _run()
        | {name: _context(name) for name in ("execution_id", "start_time", "dry_run")}
        | {name: _counted(name) for name in _COUNTS}
    )
    # an empty text by itself is nothing that linters take for an argument
    none = expression("''")
    return asked | {"ended": none, "error": none, "cause": none, "told": False} | own


def _counted(name: str) -> str:
    given = f"$states.input.media.{name}"
    return expression(f"$exists({given}) ? {given} : 0")


def _summarised() -> str:
    return with_field("summary", picked("$states.result.Payload", _names(RunSummaryAnswer)))


def _terminals() -> dict[str, State]:
    return {
        "NoNewVideos": _succeed("Everything that the camera cloud has is archived"),
        "DryRunComplete": _succeed("Planned and counted; nothing was moved"),
        "SyncComplete": _succeed("The summary says what was archived and what was not"),
        "TokensInvalid": _fail("AuthRequired", "The camera cloud wants a fresh login"),
        "SyncFailed": _fail("SyncExecutionFailed", "Critical failure during sync execution"),
        "NotificationFailed": _fail(
            "NotificationFailed", "Media failed, and nobody could be told; the tracker has them"
        ),
    }


def _succeed(comment: str) -> State:
    return {"Type": "Succeed", "Comment": comment}


def _fail(error: str, cause: str) -> State:
    return {"Type": "Fail", "Error": error, "Cause": cause}


def _choice(*rules: State, default: str) -> State:
    return {
        "Type": "Choice",
        "QueryLanguage": "JSONata",
        "Choices": list(rules),
        "Default": default,
    }


def _given(name: str, default: str) -> str:
    """What the input says, else the default; an explicit null counts as not said."""
    given = f"$states.input.{name}"
    return expression(f"$exists({given}) and {given} != null ? {given} : {default}")


def _context(name: str) -> str:
    return expression(f"$states.input.context.{name}")


def _run() -> dict[str, Any]:
    return {name: _context(name) for name in _names(RunContext)}


def _names(message: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in fields(message))


_COUNTS = ("total_found", "new_count", "already_synced")
_MEDIA = (*_COUNTS, "manifest", "tell")
_CARRIED = ("correlation_id", "provider", "account", "limit", "since")
