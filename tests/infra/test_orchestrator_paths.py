"""Every way through `gopro-sync-orchestrator`, state by state, in a strict interpreter."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cloud_sync.deployment.orchestrator import definition
from cloud_sync.handlers.messages import (
    ALERT_LIMIT,
    TEXT_LIMIT,
    AuthRequiredError,
    MediaListerAnswer,
    PermanentError,
    RunSummaryRequest,
    TokenValidatorAnswer,
    TransientError,
    VideoDownloaderRequest,
    VideoStatus,
)
from cloud_sync.model.report import Result
from documentation import code, read, rows_by_code, section
from orchestrator_functions import PARTS, Script, downloaded, summary

BEGINNING = ["GenerateCorrelationId", "ValidateTokens", "CheckTokenValidity", "ListMedia"]
REMEMBERED = ["RememberTold", "CheckOutcome"]
TO_SUMMARY = [*BEGINNING, "CheckNewVideos", "DownloadVideos", "GenerateSummary", "CheckForFailures"]


def invalid_token(_: object) -> TokenValidatorAnswer:
    return TokenValidatorAnswer(
        valid=False,
        statusCode=401,
        cookie_age_days=61.0,
        validation_method="api_call",
        duration_seconds=0.2,
        trouble="expired",
        message="the camera cloud no longer knows the login",
    )


def failing(*media_ids: str, error: Exception | None = None) -> Any:
    """A downloader that fails for these media."""

    def react(request: VideoDownloaderRequest) -> Any:
        if request.media_id in media_ids:
            return error or PermanentError("no original")
        return downloaded(request.media_id)

    return react


def failed_summary(*media_ids: str) -> Any:
    def react(request: RunSummaryRequest) -> Any:
        return summary(
            request,
            result=Result.COMPLETED_WITH_FAILURES,
            archived=request.new_count - len(media_ids),
            failed=len(media_ids),
            failed_ids=media_ids,
        )

    return react


def test_a_run_with_new_media_ends_in_sync_complete_and_tells_nobody() -> None:
    script = Script()
    ended = script.run()
    assert ended.names == [*TO_SUMMARY, "CheckForContinuation", "SyncComplete"]
    assert ended.status == "SUCCEEDED"
    assert ended.output["summary"]["archived"] == 2
    assert [child.names for child in ended.children] == [
        ["DownloadVideo", "CheckVideoStatus", "MarkVideoComplete"]
    ] * 2
    assert (script.told, script.queued, script.continued) == ([], [], [])


def test_nothing_new_ends_in_no_new_videos() -> None:
    ended = Script(media=()).run()
    assert ended.names == [*BEGINNING, "CheckNewVideos", "NoNewVideos"]
    assert ended.status == "SUCCEEDED"


def test_a_dry_run_moves_nothing() -> None:
    script = Script()
    ended = script.run({"dry_run": True})
    assert ended.names == [*BEGINNING, "CheckNewVideos", "DryRunComplete"]
    assert "video-downloader" not in script.events


def test_an_invalid_login_is_told_before_the_run_ends() -> None:
    script = Script(on_token=invalid_token)
    ended = script.run()
    assert ended.names[2:] == [
        *("CheckTokenValidity", "RecordTrouble", "CheckForFailures", "NotifyTokensInvalid"),
        *(*REMEMBERED, "TokensInvalid"),
    ]
    assert (ended.status, ended.error) == ("FAILED", "AuthRequired")
    assert script.told[0]["Subject"] == "GoPro Sync Critical Failure"
    assert "expired" in script.told[0]["error_details"]
    assert "cloud-sync aws login" in script.told[0]["message"]


@pytest.mark.parametrize("step", ["token", "list"])
def test_a_step_that_needs_a_login_is_told_as_that(step: str) -> None:
    """A login that dies between the check and the listing is no mystery failure."""
    error = AuthRequiredError("the login died")
    script = Script(**{f"on_{step}": lambda _: error})  # type: ignore[arg-type]
    ended = script.run()
    assert ended.names[-4:] == ["NotifyTokensInvalid", *REMEMBERED, "TokensInvalid"]
    assert script.told[0]["error_cause"] == "AuthRequired"


@pytest.mark.parametrize("step", ["token", "list", "summary"])
def test_a_critical_failure_is_told_with_the_documents_fields(step: str) -> None:
    error = PermanentError("what went wrong")
    script = Script(**{f"on_{step}": lambda _: error})  # type: ignore[arg-type]
    ended = script.run()
    assert "NotifyCriticalFailure" in ended.names
    assert (ended.status, ended.error) == ("FAILED", "SyncExecutionFailed")
    (told,) = script.told
    assert set(told) == {
        "Subject",
        "execution_id",
        "correlation_id",
        "error_cause",
        "error_details",
        "message",
    }
    assert told["error_cause"] == "PermanentError"
    assert "what went wrong" in told["error_details"]


@pytest.mark.parametrize("failed", [("m1",), ("m1", "m2")])
def test_failed_media_are_marked_queued_counted_and_told(failed: tuple[str, ...]) -> None:
    """One failed medium stops no other, and a run in which all fail is told like one."""
    script = Script(on_video=failing(*failed), on_summary=failed_summary(*failed))
    ended = script.run()
    assert ended.names == [
        *TO_SUMMARY,
        "NotifyPartialFailure",
        *REMEMBERED,
        "CheckForContinuation",
        "SyncComplete",
    ]
    assert ended.status == "SUCCEEDED"
    assert [event["media_id"] for event in script.events["failure-marker"]] == list(failed)
    assert [message["media_id"] for message in script.queued] == list(failed)
    (told,) = script.told
    assert told["Subject"] == "GoPro Sync Partial Failure"
    assert (told["failed"], told["failed_ids"], told["total_videos"]) == (
        len(failed),
        list(failed),
        2,
    )
    assert {"execution_id", "correlation_id", "start_time", "cookie_age_days", "message"} <= set(
        told
    )


def test_a_transient_error_is_tried_three_times_with_growing_waits() -> None:
    script = Script(media=("m1",), on_video=failing("m1", error=TransientError("away")))
    (child,) = script.run().children
    assert child.waits == [30, 60, 120]
    assert len(script.events["video-downloader"]) == 4
    assert script.events["failure-marker"][0]["error"] == "TransientError"


def test_a_permanent_error_is_not_tried_again() -> None:
    script = Script(media=("m1",), on_video=failing("m1"))
    (child,) = script.run().children
    assert child.waits == []
    assert child.names == ["DownloadVideo", "MarkVideoFailed", "QueueFailedVideo"]


@pytest.mark.parametrize("step", ["token", "list", "summary"])
def test_the_short_calls_are_tried_three_times_within_seconds(step: str) -> None:
    error = TransientError("away")
    ended = Script(**{f"on_{step}": lambda _: error}).run()  # type: ignore[arg-type]
    assert ended.waits[:3] == [2, 4, 8]


@pytest.mark.parametrize(
    "name", ["Sandbox.Timedout", "Lambda.TooManyRequestsException", "States.Timeout"]
)
def test_the_services_own_trouble_is_tried_again(name: str) -> None:
    """A function that ran into its limit goes on from its checkpoint instead of failing."""
    trouble = type(name, (Exception,), {})()
    script = Script(media=("m1",), on_video=failing("m1", error=trouble))
    (child,) = script.run().children
    assert child.waits == [30, 60, 120]


def test_a_row_that_cannot_be_written_still_reaches_the_queue() -> None:
    script = Script(
        media=("m1",), on_video=failing("m1"), on_failure=lambda _: PermanentError("no table")
    )
    (child,) = script.run().children
    assert child.status == "SUCCEEDED"
    assert script.queued[0]["reason_code"] == "row_not_written"


def test_the_child_goes_on_while_the_function_answers_continue() -> None:
    def react(request: VideoDownloaderRequest) -> Any:
        status = VideoStatus.CONTINUE if request.round < 4 else VideoStatus.DONE
        return downloaded(request.media_id, status)

    script = Script(media=("m1",), on_video=react)
    (child,) = script.run().children
    assert [event["round"] for event in script.events["video-downloader"]] == [1, 2, 3, 4]
    assert child.output["status"] == "DONE"
    assert child.output["bytes_transferred"] == 4000


def test_a_function_that_never_ends_is_a_failure_with_a_name() -> None:
    script = Script(
        media=("m1",), on_video=lambda asked: downloaded(asked.media_id, VideoStatus.CONTINUE)
    )
    (child,) = script.run().children
    assert "TooManyRounds" in child.names
    assert script.events["failure-marker"][0]["error"] == "TooManyRounds"


@pytest.mark.parametrize(
    "status", [VideoStatus.SKIPPED, VideoStatus.POSTPONED, VideoStatus.BLOCKED]
)
def test_what_is_not_fetched_is_not_failed(status: VideoStatus) -> None:
    script = Script(media=("m1",), on_video=lambda asked: downloaded(asked.media_id, status))
    (child,) = script.run().children
    assert child.output["status"] == status
    assert "failure-marker" not in script.events


@pytest.mark.parametrize(
    ("result", "end"),
    [(Result.AUTH_REQUIRED, "TokensInvalid"), (Result.FAILED, "SyncFailed")],
)
def test_a_run_that_was_blocked_midway_ends_like_one_blocked_at_once(
    result: Result, end: str
) -> None:
    script = Script(on_summary=lambda asked: summary(asked, result=result, message="blocked"))
    ended = script.run()
    assert ended.names[-1] == end
    assert script.told[0]["error_details"] == "blocked"


def test_what_the_deadline_left_goes_on_in_a_further_execution() -> None:
    script = Script(on_summary=lambda asked: summary(asked, pending=1, postponed=1))
    ended = script.run({"limit": 7, "correlation_id": "chain", "continuation": 1})
    assert ended.names[-3:] == ["CheckForContinuation", "ContinueSync", "SyncComplete"]
    (started,) = script.continued
    assert started["Name"] == "chain-2"
    assert started["Input"] == {
        "correlation_id": "chain",
        "provider": "gopro",
        "account": "default",
        "limit": 7,
        "since": None,
        "continuation": 2,
    }


@pytest.mark.parametrize(
    ("changes", "continuation"),
    [({"postponed": 1, "progressed": False}, 0), ({"postponed": 1}, 60)],
)
def test_a_chain_of_executions_ends(changes: dict[str, Any], continuation: int) -> None:
    """A run that stored nothing, or the last one allowed, starts no further one."""
    script = Script(on_summary=lambda asked: summary(asked, **changes))
    ended = script.run({"continuation": continuation})
    assert ended.names[-1] == "SyncComplete"
    assert script.continued == []


def test_a_continuation_that_runs_already_is_none_to_start() -> None:
    script = Script(
        on_summary=lambda asked: summary(asked, postponed=1),
        service_errors={"states:startExecution": "StepFunctions.ExecutionAlreadyExistsException"},
    )
    assert script.run().names[-2:] == ["ContinueSync", "SyncComplete"]


def test_a_continuation_that_cannot_start_is_told() -> None:
    script = Script(
        on_summary=lambda asked: summary(asked, postponed=1),
        service_errors={"states:startExecution": "StepFunctions.AccessDeniedException"},
    )
    assert script.run().names[-4:] == ["NotifyCriticalFailure", *REMEMBERED, "SyncFailed"]


@pytest.mark.parametrize(
    ("script", "end"),
    [
        (Script(on_token=invalid_token), "TokensInvalid"),
        (Script(on_list=lambda _: PermanentError("no")), "SyncFailed"),
        (Script(on_video=failing("m1"), on_summary=failed_summary("m1")), "NotificationFailed"),
    ],
)
def test_an_alert_that_cannot_be_sent_never_makes_a_run_look_good(script: Script, end: str) -> None:
    script.service_errors["sns:publish"] = "SNS.AuthorizationErrorException"
    ended = script.run()
    assert (ended.names[-1], ended.status) == (end, "FAILED")


def test_the_input_may_be_empty_or_say_each_thing() -> None:
    script = Script()
    script.run({})
    (event,) = script.events["media-lister"]
    assert (event["provider"], event["account"]) == ("gopro", "default")
    assert (event["dry_run"], event["limit"], event["since"]) == (False, None, None)
    script = Script()
    given = {"provider": "other", "account": "a", "limit": 3, "since": "2026-01-01"}
    script.run(given)
    (event,) = script.events["media-lister"]
    assert {name: event[name] for name in given} == given


def test_one_correlation_id_reaches_every_function() -> None:
    script = Script(on_video=failing("m1"))
    script.run({"correlation_id": "from-outside"})
    ids = {event["correlation_id"] for events in script.events.values() for event in events}
    assert ids == {"from-outside"}
    assert len(script.events) == 5


def test_no_state_grows_with_the_library_or_carries_what_nobody_named() -> None:
    """10,000 media, and functions that answer more than was agreed: every state stays small."""
    script = Script(
        media=tuple(f"medium-{number:05}" for number in range(3)),
        on_video=failing("medium-00001", error=PermanentError("x" * 200_000)),
        on_summary=failed_summary(*(f"medium-{number:05}" for number in range(20))),
    )
    ended = script.run()
    documents = [
        document
        for execution in (ended, *ended.children)
        for _, given, output in execution.trace
        for document in (given, output)
    ]
    assert documents
    assert max(len(json.dumps(document)) for document in documents) < 10_000
    assert "eyJ-not-for-the-state" not in json.dumps(documents)


def test_the_soft_deadline_comes_half_a_day_after_the_start() -> None:
    script = Script(media=("m1",))
    script.run()
    assert script.events["video-downloader"][0]["deadline"] == "2026-11-21T13:00:00.000Z"


def test_a_manifest_that_cannot_be_read_is_a_critical_failure() -> None:
    script = Script(service_errors={"map": "States.ItemReaderFailed"})
    ended = script.run()
    assert ended.names[-4:] == ["NotifyCriticalFailure", *REMEMBERED, "SyncFailed"]
    assert script.told[0]["error_cause"] == "States.ItemReaderFailed"


def test_no_state_is_without_a_path_that_leads_to_it() -> None:
    """A state that nothing reaches would be one that nothing proves."""
    postponed = Script(on_summary=lambda asked: summary(asked, postponed=1))
    recovered = Script(on_summary=lambda asked: summary(asked, tell=True))
    looping = Script(on_video=lambda asked: downloaded(asked.media_id, VideoStatus.CONTINUE))
    told_nobody = Script(
        on_video=failing("m1"),
        on_summary=failed_summary("m1"),
        service_errors={"sns:publish": "SNS.AuthorizationErrorException"},
    )
    ended = [
        Script(media=()).run(),
        Script().run({"dry_run": True}),
        Script(on_token=invalid_token).run(),
        Script(on_list=lambda _: PermanentError("no")).run(),
        *(script.run() for script in (postponed, recovered, looping, told_nobody)),
    ]
    reached = {name for each in ended for run in (each, *each.children) for name in run.names}
    machine = definition(PARTS)
    child = machine["States"]["DownloadVideos"]["ItemProcessor"]
    assert reached == {*machine["States"], *child["States"]}


def quiet(request: RunSummaryRequest, **changes: Any) -> Any:
    """A run of which a person knows already."""
    return summary(request, tell=False, **changes)


@pytest.mark.parametrize(
    ("script", "end"),
    [
        (Script(on_token=invalid_token, on_summary=quiet), "TokensInvalid"),
        (Script(on_list=lambda _: PermanentError("no"), on_summary=quiet), "SyncFailed"),
        (
            Script(
                on_summary=lambda asked: quiet(
                    asked, result=Result.COMPLETED_WITH_FAILURES, failed=1, archived=1
                )
            ),
            "SyncComplete",
        ),
        (
            Script(on_summary=lambda asked: quiet(asked, result=Result.AUTH_REQUIRED)),
            "TokensInvalid",
        ),
        (Script(on_summary=lambda asked: quiet(asked, result=Result.FAILED)), "SyncFailed"),
    ],
)
def test_a_trouble_that_a_person_knows_is_not_told_again(script: Script, end: str) -> None:
    """The run ends as ever, and no message goes out."""
    assert script.run().names[-1] == end
    assert (script.told, script.remembered) == ([], [])


def test_the_end_of_a_trouble_is_told_once_with_counts() -> None:
    script = Script(on_summary=lambda asked: summary(asked, tell=True, text="all is well"))
    ended = script.run()
    assert ended.names[len(TO_SUMMARY) :] == [
        *("NotifyRecovered", *REMEMBERED, "CheckForContinuation", "SyncComplete")
    ]
    (told,) = script.told
    assert (told["Subject"], told["archived"], told["failed"]) == ("GoPro Sync Recovered", 2, 0)
    assert script.mailed == ["all is well"]


@pytest.mark.parametrize(
    "script",
    [
        Script(on_token=invalid_token),
        Script(on_list=lambda _: PermanentError("no")),
        Script(on_video=failing("m1"), on_summary=failed_summary("m1")),
        Script(on_summary=lambda asked: summary(asked, tell=True)),
    ],
)
def test_a_message_counts_as_told_only_after_the_topic_took_it(script: Script) -> None:
    script.run()
    assert (len(script.told), len(script.remembered)) == (1, 1)
    assert {each.run_id for each in script.remembered} == {"run-1"}
    script.service_errors["sns:publish"] = "SNS.InternalErrorException"
    script.run()
    assert (len(script.told), len(script.remembered)) == (1, 1)


def test_a_run_whose_message_cannot_be_noted_ends_as_it_would() -> None:
    """The next run tells it once more, which is better than never."""
    script = Script(
        on_video=failing("m1"),
        on_summary=failed_summary("m1"),
        on_told=lambda _: PermanentError("no table"),
    )
    assert script.run().names[-1] == "SyncComplete"
    assert len(script.told) == 1


@pytest.mark.parametrize(
    ("script", "subject"),
    [
        (Script(on_token=invalid_token), "AuthRequired"),
        (Script(on_list=lambda _: PermanentError("what went wrong")), "PermanentError"),
    ],
)
def test_a_trouble_that_cannot_be_kept_is_told_all_the_same(script: Script, subject: str) -> None:
    script.on_summary = lambda _: PermanentError("no table")
    ended = script.run()
    assert ended.status == "FAILED"
    (told,) = script.told
    assert told["error_cause"] == subject
    assert ("what went wrong" in script.mailed[0]) is (subject == "PermanentError")


def test_a_run_with_nothing_due_is_told_where_there_is_something_to_tell() -> None:
    """An incomplete listing, or media that are no longer tried: NoNewVideos would be silent."""
    script = Script(
        on_list=lambda _: MediaListerAnswer(
            total_found=3, new_count=0, already_synced=3, manifest=None, tell=True
        ),
        on_summary=lambda asked: summary(asked, result=Result.COMPLETED_WITH_FAILURES),
    )
    ended = script.run()
    assert ended.names == [
        *(*BEGINNING, "CheckNewVideos", "GenerateSummary", "CheckForFailures"),
        *("NotifyPartialFailure", *REMEMBERED, "CheckForContinuation", "SyncComplete"),
    ]
    assert script.told[0]["total_videos"] == 0


def test_a_dry_run_keeps_nothing_of_its_trouble() -> None:
    script = Script(on_token=invalid_token, on_summary=quiet)
    assert script.run({"dry_run": True}).names[-1] == "TokensInvalid"
    (asked,) = script.events["run-summary"]
    assert asked["dry_run"] is True


DOCUMENTED = {
    "GoPro Sync Partial Failure": {
        *("execution_id", "correlation_id", "total_videos", "start_time", "cookie_age_days"),
        "message",
    },
    "GoPro Sync Critical Failure": {
        *("execution_id", "correlation_id", "error_cause", "error_details", "message"),
    },
}
"""The keys that the documents ask of a message, by its subject."""

COUNTS = {
    *("result", "archived", "failed", "pending", "needs_attention", "bytes", "failed_ids"),
    *("failed_ids_omitted", "given_up", "given_up_ids", "suspects"),
}


@pytest.mark.parametrize(
    ("script", "subject", "more"),
    [
        (
            Script(on_video=failing("m1"), on_summary=failed_summary("m1")),
            "GoPro Sync Partial Failure",
            COUNTS,
        ),
        (Script(on_token=invalid_token), "GoPro Sync Critical Failure", set()),
        (Script(on_list=lambda _: PermanentError("no")), "GoPro Sync Critical Failure", set()),
    ],
)
def test_a_webhook_gets_exactly_the_documents_keys_and_the_counts(
    script: Script, subject: str, more: set[str]
) -> None:
    script.run()
    (told,) = script.told
    assert told.pop("Subject") == subject
    assert set(told) == DOCUMENTED[subject] | more
    page = section(read("docs/reference/json.md"), "## Messages on AWS")
    (row,) = [cells for cells in rows_by_code(page).items() if cells[0] == subject]
    assert set(code(row[1][1])) == set(told)


def test_the_largest_messages_stay_below_10_kb() -> None:
    """SNS would take 256 KiB, the state machine's documents are to stay below 10 KB."""
    ids = tuple(f"{number:022}" for number in range(20))
    cause = 'what "went" wrong there; ' * 200
    scripts = [
        Script(
            on_summary=lambda asked: summary(
                asked,
                result=Result.COMPLETED_WITH_FAILURES,
                failed_ids=ids,
                given_up_ids=ids,
                text='what "went"\n' * (ALERT_LIMIT // 12),
                message="x" * TEXT_LIMIT,
            )
        ),
        Script(on_list=lambda _: PermanentError(cause)),
    ]
    for script in scripts:
        script.run()
        assert len(script.told) == 1
