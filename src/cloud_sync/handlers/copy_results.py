"""`copy-results`: the counts of an execution, and the message to a person."""

from __future__ import annotations

from cloud_sync.handlers.copy_door import CopyCall, CopyDoor
from cloud_sync.handlers.copy_messages import CopiesRequest, CopyResultsAnswer
from cloud_sync.handlers.copy_outcomes import results_of
from cloud_sync.replicate.notice import notice
from cloud_sync.replicate.tracker import state_of


def process(request: CopiesRequest, call: CopyCall) -> CopyResultsAnswer:
    """Nothing is asked or written."""
    asked, results = results_of(request)
    where = (
        f"DynamoDB table {call.wiring.table}, fileKey {asked.source_key},"
        f" sourceBucket {asked.source_bucket}"
    )
    message = notice(results, asked, request.execution_id, where)
    return CopyResultsAnswer(
        state=state_of(results).value,
        totalBuckets=results.total,
        successfulCopies=results.successful,
        failedCopies=results.failed,
        successfulBuckets=results.successful_buckets,
        failedBuckets=tuple(each.bucket for each in results.failures),
        subject=message.subject,
        body=message.body,
    )


handler = CopyDoor("copy-results", CopiesRequest, process)
