"""`media-lister`: list, plan, remember, and write the manifest."""

from __future__ import annotations

from dataclasses import replace

from cloud_sync.archive.run_files import MANIFEST, file_key
from cloud_sync.config.quantities import parse_date
from cloud_sync.handlers.door import Call, Door
from cloud_sync.handlers.messages import Manifest, MediaListerAnswer, MediaListerRequest
from cloud_sync.handlers.wiring import options_of, rooms_of
from cloud_sync.pipeline.run_start import count_only, start_run
from cloud_sync.tracker.plan import Policy

MARGIN = 20.0
"""Seconds kept for ending the run when the listing does not end in time."""


def list_media(request: MediaListerRequest, call: Call) -> MediaListerAnswer:
    """Begin the run; a dry run is counted only."""
    call.wiring.forget_login()
    policy = Policy(since=parse_date(request.since) if request.since else None)
    options = options_of(call.wiring, request)
    options = replace(options, policy=policy, limit=request.limit)
    rooms, stop = rooms_of(call.wiring, request), call.stop(call.seconds - MARGIN)
    if request.dry_run:
        begun = count_only(rooms, options, stop, call.observe)
    else:
        begun = start_run(rooms, call.wiring.run_files, options, stop, call.observe)
    manifest = Manifest(bucket=call.wiring.bucket, key=file_key(request.run_id, MANIFEST))
    return MediaListerAnswer(
        total_found=begun.found,
        new_count=begun.due,
        already_synced=begun.already_archived,
        manifest=manifest if begun.due and not request.dry_run else None,
        tell=begun.tell,
    )


handler = Door("media-lister", MediaListerRequest, list_media)
