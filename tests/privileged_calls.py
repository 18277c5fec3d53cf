"""Calls of the deployed functions that between them need all that the functions' roles allow.

Each exercise makes what it works on: a medium and a run of its own. `EXERCISES` has those of each
function, cheap ones first.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from enforced_site import Called, Site
from s3_relay import Relayed


def validate(site: Site) -> Called:
    """The login is good."""
    return site.call("token-validator")


def list_something(site: Site) -> Called:
    """One medium is due."""
    site.new_medium()
    run_id = site.new_run()
    try:
        return site.list_media(run_id)
    finally:
        site.tracker.release_run(run_id, now=datetime.now(UTC))


def list_what_has_vanished(site: Site) -> Called:
    """A medium whose upload was begun is no longer in the camera cloud."""
    media_id = site.new_medium()
    with site.begun(media_id) as run_id:
        site.leave_unfinished(media_id, run_id)
    site.library_without(media_id)
    return list_something(site)


def download_something(site: Site) -> Called:
    """A small file."""
    media_id = site.new_medium()
    with site.begun(media_id) as run_id:
        return site.download(media_id, run_id)


def download_what_is_gone(site: Site) -> Called:
    """What was uploaded of a medium is discarded when the camera cloud has it no more."""
    media_id = site.new_medium()
    with site.begun(media_id) as run_id:
        site.leave_unfinished(media_id, run_id)
        site.library_without(media_id)
        return site.download(media_id, run_id)


def take_back_what_differs(site: Site) -> Called:
    """The service once says that it holds one byte less than was sent."""
    media_id = site.new_medium()
    wrong = [True]

    def shorten(answer: Relayed) -> None:
        if answer.status == 200 and wrong and wrong.pop():
            answer.headers["Content-Length"] = "1999"

    site.relay.after["HeadObject"] = shorten
    with (
        site.made_anew("video-downloader", AWS_ENDPOINT_URL_S3=site.relay.url),
        site.begun(media_id) as run_id,
    ):
        return site.download(media_id, run_id)


def download_what_fails_at_first(site: Site) -> Called:
    """Three refusals in a row: whether the service is down is asked about an archived medium."""
    media_id = site.new_medium(kind="-shaky")
    with site.begun(media_id) as run_id:
        return site.download(media_id, run_id)


def summarise(site: Site) -> Called:
    """A run whose media were left to the next."""
    media_id = site.new_medium()
    with site.begun(media_id) as run_id:
        return site.call(
            "run-summary",
            run_id=run_id,
            execution_id="arn",
            start_time=datetime.now(UTC).isoformat(),
            total_found=1,
            new_count=1,
            already_synced=0,
        )


def mark_failed(site: Site) -> Called:
    """A medium that no call holds any more."""
    media_id = site.new_medium()
    with site.begun(media_id) as run_id:
        return site.call(
            "failure-marker", media_id, run_id=run_id, error="PermanentError", cause="{}"
        )


EXERCISES: dict[str, tuple[Callable[[Site], Called], ...]] = {
    "token-validator": (validate,),
    "media-lister": (list_something, list_what_has_vanished),
    "video-downloader": (
        download_something,
        download_what_is_gone,
        take_back_what_differs,
        download_what_fails_at_first,
    ),
    "run-summary": (summarise,),
    "failure-marker": (mark_failed,),
}


FIRST = {
    "s3:AbortMultipartUpload": (download_what_is_gone, list_what_has_vanished),
    "s3:ListMultipartUploadParts": (download_what_is_gone, list_what_has_vanished),
    "s3:DeleteObjectVersion": (take_back_what_differs,),
    "dynamodb:Query": (download_what_fails_at_first,),
    "dynamodb:DeleteItem": (download_what_is_gone, list_what_has_vanished),
}
"""Exercises that are known to reach an action; it saves the others, and proves nothing."""


def exercises(function: str, action: str) -> list[Callable[[Site], Called]]:
    """The function's exercises, those first that are known to reach the action."""
    return sorted(EXERCISES[function], key=lambda each: each not in FIRST.get(action, ()))
