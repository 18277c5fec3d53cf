"""`run-summary`: fold the run's rows, and end the run."""

from __future__ import annotations

from cloud_sync.clock import from_text
from cloud_sync.handlers.door import Call, Door
from cloud_sync.handlers.messages import (
    FAILED_IDS_LIMIT,
    TEXT_LIMIT,
    RunSummaryAnswer,
    RunSummaryRequest,
)
from cloud_sync.model.report import Outcome
from cloud_sync.pipeline.run_end import finish_run


def summarise(request: RunSummaryRequest, call: Call) -> RunSummaryAnswer:
    """The summary as `sync --json` has it."""
    wiring = call.wiring
    ended = finish_run(
        wiring.tracker,
        wiring.run_files,
        wiring.clock,
        request.run_id,
        from_text(request.start_time),
        call.observe,
        most_ids=FAILED_IDS_LIMIT,
    )
    summary = ended.summary
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
    )


handler = Door("run-summary", RunSummaryRequest, summarise)
