"""`run-summary`: fold the run's rows, end the run, and say whether a person is to hear of it."""

from __future__ import annotations

from collections.abc import Sequence

from cloud_sync.clock import from_text
from cloud_sync.errors import InternalError
from cloud_sync.handlers.alert_text import Alert, alert_text, trouble_text
from cloud_sync.handlers.door import Call, Door
from cloud_sync.handlers.messages import (
    FAILED_IDS_LIMIT,
    TEXT_LIMIT,
    RunSummaryAnswer,
    RunSummaryRequest,
)
from cloud_sync.model.report import Named, Outcome, Result, RunSummary
from cloud_sync.notify.policy import owed
from cloud_sync.pipeline.run_end import Ended, finish_run
from cloud_sync.pipeline.source_doubts import SUSPECTS_COUNTED
from cloud_sync.pipeline.telling_later import (
    LOOKED_THROUGH,
    after_telling,
    before_telling,
    end_by_trouble,
    run_called,
)
from cloud_sync.summary.render import headline


def summarise(request: RunSummaryRequest, call: Call) -> RunSummaryAnswer:
    """The summary as `sync --json` has it."""
    if request.told:
        return _answer(_bare(after_telling(call.wiring.tracker, request.run_id)), call)
    if request.ended:
        return _answer(_bare(_ended_by_trouble(request, call)), call)
    if request.new_count == 0:
        return _answer(_ended_before(request, call), call)
    wiring = call.wiring
    return _answer(
        finish_run(
            wiring.tracker,
            wiring.run_files,
            wiring.clock,
            request.run_id,
            from_text(request.start_time),
            call.observe,
            most_ids=FAILED_IDS_LIMIT,
        ),
        call,
    )


def _ended_by_trouble(request: RunSummaryRequest, call: Call) -> RunSummary:
    return end_by_trouble(
        call.wiring.tracker,
        call.wiring.clock,
        request.run_id,
        archive=f"s3://{call.wiring.bucket}",
        started_at=from_text(request.start_time),
        result=Result(request.ended),
        message=trouble_text(request.error, request.cause),
        keep=not request.dry_run,
    )


def _ended_before(request: RunSummaryRequest, call: Call) -> Ended:
    """The run that the lister ended, because nothing was due."""
    tracker = call.wiring.tracker
    summary = run_called(tracker.runs(LOOKED_THROUGH), request.run_id)
    if summary is None:
        raise InternalError(KeyError(request.run_id))
    summary, given_up = before_telling(tracker, summary)
    return _bare(summary, given_up)


def _bare(summary: RunSummary, given_up: Sequence[Named] = ()) -> Ended:
    """A run of which no media are looked at any more."""
    words = headline(summary) + (f"; {summary.message}" if summary.message else "")
    return Ended(summary, words, (), 0, progressed=False, given_up=tuple(given_up))


def _answer(ended: Ended, call: Call) -> RunSummaryAnswer:
    summary = ended.summary
    tell = owed(summary)
    suspects = call.wiring.tracker.source_suspects(SUSPECTS_COUNTED) if tell else ()
    first_suspects = tuple(file.key for _, file in suspects)
    alert = Alert(summary, ended.given_up, first_suspects, call.wiring.environment)
    return RunSummaryAnswer(
        run_id=summary.run_id,
        result=summary.result,
        found=summary.found,
        new=summary.new,
        **{outcome.value: summary.counts[outcome] for outcome in Outcome},
        files_archived=summary.files_archived,
        bytes=summary.bytes,
        duration_seconds=round(summary.duration_seconds, 3),
        throughput_mbps=round(summary.throughput_mbps, 3),
        failed_ids=ended.failed_ids,
        failed_ids_omitted=summary.counts[Outcome.FAILED] - len(ended.failed_ids),
        postponed=ended.postponed,
        progressed=ended.progressed,
        message=ended.headline[:TEXT_LIMIT],
        tell=tell,
        given_up=len(ended.given_up),
        given_up_ids=tuple(named.media_id for named in ended.given_up[:FAILED_IDS_LIMIT]),
        suspects=len(suspects),
        text=alert_text(alert) if tell else "",
    )


handler = Door("run-summary", RunSummaryRequest, summarise)
