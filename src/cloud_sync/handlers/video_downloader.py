"""`video-downloader`: archive one medium, or go on with it, until this call's time is up."""

from __future__ import annotations

from dataclasses import asdict, replace

from cloud_sync.clock import from_text
from cloud_sync.handlers.door import Call, Door
from cloud_sync.handlers.download_answer import answer_of, postponed
from cloud_sync.handlers.messages import (
    VideoDownloaderAnswer,
    VideoDownloaderRequest,
    VideoStatus,
)
from cloud_sync.handlers.rounds import Rounds
from cloud_sync.handlers.wiring import options_of, rooms_of
from cloud_sync.pipeline.due import DueMedium
from cloud_sync.pipeline.one_medium import archive_one

MARGIN = 60.0
"""Seconds before the function's time limit at which it stops itself: enough to let go of a part in
flight, and to write down how far it has come."""

REFUSED = "auth_required"


def download(request: VideoDownloaderRequest, call: Call) -> VideoDownloaderAnswer:
    """Move bytes until they are all stored, or time is up."""
    clock = call.wiring.clock
    left = (from_text(request.deadline) - clock.now()).total_seconds()
    if left <= 0:
        return postponed(request.media_id)
    began = clock.monotonic()
    rounds = Rounds(request.unfinished, call.observe)
    stop = call.stop(min(left, call.seconds - MARGIN))

    def tried() -> VideoDownloaderAnswer:
        report = archive_one(
            rooms_of(call.wiring, request),
            replace(options_of(call.wiring, request), tried_again=True),
            DueMedium(**asdict(request.listed)),
            stop,
            rounds.observe,
        )
        late = clock.now() >= from_text(request.deadline)
        return answer_of(report, clock.monotonic() - began, late=late)

    answer = tried()
    if answer.reason_code == REFUSED and _has_another_login(request, call):
        # this process had kept a login that was replaced since
        answer = tried()
    if answer.status is VideoStatus.CONTINUE:
        answer = replace(answer, unfinished=rounds.unfinished)
    return answer


def _has_another_login(request: VideoDownloaderRequest, call: Call) -> bool:
    """Forget the login that was refused; True where another one is stored by now."""
    login = rooms_of(call.wiring, request).login
    refused = login.credentials.read() if login else None
    call.wiring.forget_login()
    stored = login.credentials.read() if login else None
    return bool(refused and stored) and refused != stored


handler = Door("video-downloader", VideoDownloaderRequest, download)
