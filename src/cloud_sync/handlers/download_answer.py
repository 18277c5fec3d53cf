"""What a call for one medium answers, or raises, for each way in which it can end. Purely."""

from __future__ import annotations

from cloud_sync.errors import (
    CloudSyncError,
    InternalError,
    Interrupted,
    LeaseHeld,
    NeedsPerson,
    ServiceDown,
    Transient,
)
from cloud_sync.handlers.messages import (
    TEXT_LIMIT,
    PermanentError,
    TransientError,
    VideoDownloaderAnswer,
    VideoStatus,
)
from cloud_sync.model.report import Outcome
from cloud_sync.pipeline.one_medium import CallReport
from cloud_sync.pipeline.run_end import OUT_OF_TIME

_STATUS = {
    Outcome.ARCHIVED: VideoStatus.DONE,
    Outcome.ALREADY_ARCHIVED: VideoStatus.DONE,
    Outcome.GONE: VideoStatus.SKIPPED,
    Outcome.NEEDS_ATTENTION: VideoStatus.SKIPPED,
    Outcome.PENDING: VideoStatus.POSTPONED,
}


def postponed(media_id: str) -> VideoDownloaderAnswer:
    """The run's time was up before this medium's turn."""
    return VideoDownloaderAnswer(
        media_id=media_id,
        status=VideoStatus.POSTPONED,
        s3_key=None,
        bytes_transferred=0,
        transfer_duration_seconds=0.0,
        throughput_mbps=0.0,
        reason_code=OUT_OF_TIME.code,
    )


def answer_of(report: CallReport, seconds: float, *, late: bool) -> VideoDownloaderAnswer:
    """`late`: the run's deadline has come. Raises TransientError and PermanentError."""
    status, code = _ending(report, late=late)
    return VideoDownloaderAnswer(
        media_id=report.row.media_id,
        status=status,
        s3_key=report.row.s3_key,
        bytes_transferred=report.bytes,
        transfer_duration_seconds=round(seconds, 3),
        throughput_mbps=round(report.bytes * 8 / 1e6 / seconds, 3) if seconds > 0 else 0.0,
        reason_code=code,
    )


def _ending(report: CallReport, *, late: bool) -> tuple[VideoStatus, str]:
    ended = report.report
    if ended.stopped_by is not None:
        return _stopped(ended.stopped_by, report, late=late)
    if ended.outcome is Outcome.FAILED:
        raise PermanentError((ended.named.message if ended.named else "failed")[:TEXT_LIMIT])
    return _STATUS[ended.outcome], ended.named.code if ended.named else ""


def _stopped(error: CloudSyncError, report: CallReport, *, late: bool) -> tuple[VideoStatus, str]:
    if isinstance(error, Interrupted):
        if late:
            return VideoStatus.POSTPONED, OUT_OF_TIME.code
        if report.bytes:
            return VideoStatus.CONTINUE, ""
        raise TransientError("nothing could be stored before the time of this call was up")
    if isinstance(error, (LeaseHeld, InternalError)):
        raise PermanentError(error.message[:TEXT_LIMIT])
    if isinstance(error, (NeedsPerson, ServiceDown)):
        return VideoStatus.BLOCKED, error.code
    if isinstance(error, Transient):
        raise TransientError(error.message[:TEXT_LIMIT])
    raise PermanentError(error.message[:TEXT_LIMIT])
