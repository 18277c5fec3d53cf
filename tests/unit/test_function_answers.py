"""What a function answers or raises for each way in which its work can end."""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import UTC, datetime

import pytest

from builders import NOON, item, tracked
from cloud_sync.errors import (
    ArchiveRefused,
    AuthRequired,
    AuthTrouble,
    CloudSyncError,
    GoneAtSource,
    InternalError,
    Interrupted,
    LeaseHeld,
    NotReady,
    ServiceDown,
    ServiceUnavailable,
    SourceNotUnderstood,
    Throttled,
    UsageError,
)
from cloud_sync.handlers.door import translated
from cloud_sync.handlers.download_answer import answer_of
from cloud_sync.handlers.failure_reason import reason_for
from cloud_sync.handlers.messages import (
    AuthRequiredError,
    ManifestLine,
    PermanentError,
    TransientError,
    VideoStatus,
)
from cloud_sync.model.media import MediaItem
from cloud_sync.model.report import Named, Outcome
from cloud_sync.model.tracking import Reason, Status
from cloud_sync.pipeline.archiving import MediumReport
from cloud_sync.pipeline.due import DueMedium, due_media, listed_item
from cloud_sync.pipeline.one_medium import CallReport
from cloud_sync.pipeline.run_end import outcome_of
from cloud_sync.summary.tally import Tally
from cloud_sync.summary.tally_record import tally_of, tally_text
from cloud_sync.tracker.plan import Plan, Policy, plan_batch

AUTH = AuthRequired("refused", trouble=AuthTrouble.EXPIRED)


def report(outcome: Outcome, error: CloudSyncError | None = None, size: int = 0) -> CallReport:
    named = None
    if outcome is not Outcome.ARCHIVED and error is None:
        named = Named("a", "GXa.MP4", outcome, "why", "because")
    return CallReport(MediumReport(outcome, named, stopped_by=error), tracked(), size)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        (Outcome.ARCHIVED, VideoStatus.DONE),
        (Outcome.ALREADY_ARCHIVED, VideoStatus.DONE),
        (Outcome.GONE, VideoStatus.SKIPPED),
        (Outcome.NEEDS_ATTENTION, VideoStatus.SKIPPED),
        (Outcome.PENDING, VideoStatus.POSTPONED),
    ],
)
def test_each_outcome_has_its_status(outcome: Outcome, status: VideoStatus) -> None:
    assert answer_of(report(outcome), 1.0, late=False).status is status


def test_a_failed_medium_is_raised_and_never_answered() -> None:
    with pytest.raises(PermanentError, match="because"):
        answer_of(report(Outcome.FAILED), 1.0, late=False)


@pytest.mark.parametrize("error", [AUTH, ArchiveRefused("no"), UsageError("no"), ServiceDown("no")])
def test_what_stops_the_run_leaves_the_medium_due(error: CloudSyncError) -> None:
    answer = answer_of(report(Outcome.PENDING, error), 1.0, late=False)
    assert (answer.status, answer.reason_code) == (VideoStatus.BLOCKED, error.code)


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (ServiceUnavailable("away"), TransientError),
        (Interrupted("time"), TransientError),
        (LeaseHeld("another"), PermanentError),
        (InternalError(KeyError()), PermanentError),
    ],
)
def test_what_another_call_may_mend_is_raised_as_that(
    error: CloudSyncError, raised: type[Exception]
) -> None:
    with pytest.raises(raised):
        answer_of(report(Outcome.PENDING, error), 1.0, late=False)


def test_out_of_time_with_progress_continues_and_at_the_runs_deadline_does_not() -> None:
    stopped = report(Outcome.PENDING, Interrupted("time"), size=2_000_000)
    answer = answer_of(stopped, 2.0, late=False)
    assert (answer.status, answer.bytes_transferred) == (VideoStatus.CONTINUE, 2_000_000)
    assert answer.throughput_mbps == 8.0
    late = answer_of(stopped, 2.0, late=True)
    assert (late.status, late.reason_code) == (VideoStatus.POSTPONED, "out_of_time")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (AUTH, AuthRequiredError),
        (ServiceUnavailable("away"), TransientError),
        (Throttled("slow"), TransientError),
        (ServiceDown("down"), TransientError),
        (Interrupted("time"), TransientError),
        (NotReady("not yet"), TransientError),
        (GoneAtSource("gone"), PermanentError),
        (SourceNotUnderstood("what"), PermanentError),
        (LeaseHeld("another"), PermanentError),
        (UsageError("wrong"), PermanentError),
    ],
)
def test_each_error_of_the_core_is_one_of_three(error: CloudSyncError, kind: type) -> None:
    """The state machine knows them by the bare name of their class."""
    assert type(translated(error)) is kind


def test_an_errors_text_says_what_to_do_is_cut_and_holds_no_secret() -> None:
    told = str(translated(UsageError("reading /a?Signature=abc of it", kept="all", hint="do this")))
    assert told == "reading /a?[redacted] of it; all; next: do this"
    assert len(str(translated(UsageError("x" * 5000)))) == 1000


@pytest.mark.parametrize(
    ("error", "cause", "code"),
    [
        ("Sandbox.Timedout", "", "function_timed_out"),
        ("States.Timeout", "", "function_timed_out"),
        ("Runtime.ExitError", "{}", "function_died"),
        ("TooManyRounds", "", "too_many_rounds"),
        ("TransientError", '{"errorMessage": "away"}', "transient"),
        ("PermanentError", "no json", "permanent"),
        ("PermanentError", "[]", "permanent"),
        ("KeyError", '{"errorMessage": "https://x/?Signature=abc"}', "function_failed"),
    ],
)
def test_each_death_of_a_function_has_a_reason(error: str, cause: str, code: str) -> None:
    reason = reason_for(error, cause)
    assert reason.code == code
    assert reason.message
    assert "Signature" not in reason.message


def test_our_own_errors_words_are_kept_and_others_are_not() -> None:
    assert reason_for("TransientError", '{"errorMessage": "away"}').message == "away"
    assert "secret" not in reason_for("KeyError", '{"errorMessage": "secret"}').message


def test_a_line_of_the_manifest_comes_back_as_it_was_and_is_what_the_messages_say() -> None:
    for due in (DueMedium("a", "mp4", 3, 2, 5_000), DueMedium("Ünï", "", 1)):
        line = due.to_line()
        line.encode("ascii")
        assert DueMedium.from_line(line) == due
        assert asdict(ManifestLine.from_json(json.loads(line))) == asdict(due)
    assert {f.name for f in fields(ManifestLine)} == {f.name for f in fields(DueMedium)}


def test_a_medium_is_rebuilt_as_it_was_listed() -> None:
    """What decides on files, keys and sizes must not depend on the process that looks."""
    listed = item("a", type="MultiClipEdit", extension="mov", file_count=4, size=12)
    row = tracked(
        "a",
        media_type=listed.type,
        file_size=12,
        captured_at=listed.captured_at,
        upload_date=listed.uploaded_at,
        duration_seconds=listed.duration_seconds,
    )
    plan = Plan()
    plan_batch(plan, [listed], {}, Policy(), NOON)
    plan.close(None)
    (due,) = due_media(plan)
    again = listed_item(due, row)
    unlike = {name for name in MediaItem.__slots__ if getattr(again, name) != getattr(listed, name)}
    assert unlike == {"state"}, "the state is told by its being due"


def test_a_tally_comes_back_as_it_was() -> None:
    tally = Tally("run", "s3://bucket", datetime(2026, 5, 31, 12, tzinfo=UTC), found=4, new=3)
    tally.count(Outcome.ALREADY_ARCHIVED, 2)
    tally.name(Named("a", "früh.MP4", Outcome.PENDING, "not_ready", "no"))
    tally.name(Named("b", "b.MP4", Outcome.PENDING, "not_ready", "no"))
    tally.listing_complete = True
    text = tally_text(tally)
    assert "\n" not in text
    assert tally_of(text) == tally


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (Status.FAILED, Reason("stream_broken", ""), Outcome.FAILED),
        (Status.SKIPPED, Reason("gone_at_source", ""), Outcome.GONE),
        (Status.SKIPPED, Reason("no_original", ""), Outcome.NEEDS_ATTENTION),
        (Status.PENDING, Reason("not_ready", ""), Outcome.PENDING),
        (Status.PENDING, None, Outcome.PENDING),
    ],
)
def test_each_row_has_an_outcome(status: Status, reason: Reason | None, outcome: Outcome) -> None:
    assert outcome_of(tracked("a", status, reason=reason))[0] is outcome
