"""Scenarios that both doors run, and what must come out alike: rows, objects and summary.

A table, so that any way of running the functions can be held against the command line's run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cloud_sync.archive.base import Archive
from cloud_sync.model.report import RunSummary
from cloud_sync.model.tracking import TrackedMedium
from cloud_sync.simulator.answers import Endpoint
from cloud_sync.simulator.fault_plan import plan_from
from cloud_sync.simulator.faults import FaultPlan, NoFaults
from cloud_sync.simulator.library import Library, Shape, generate, pattern_medium
from cloud_sync.tracker.base import Tracker
from dying_logins import EXPIRED, Dying

MIB = 2**20


@dataclass(frozen=True)
class Scenario:
    """A library, what goes wrong, and how often it is run.

    `faults` makes a plan anew for each door. `after_parts`: each call of video-downloader is over
    after so many parts; `rounds`: at least so many of its calls end in CONTINUE. `between` happens
    before each further run. `expired`: the login is dead from the beginning. `states`: the last
    states of the last execution. `same_reasons` is False where the doors rightly tell different
    reasons for media that are left: one process stops at the first dead login, calls that know
    nothing of each other meet it each.
    """

    library: Callable[[], Library]
    states: tuple[str, ...]
    faults: Callable[[], FaultPlan] = NoFaults
    runs: int = 1
    after_parts: int | None = None
    rounds: int = 0
    expired: bool = False
    same_reasons: bool = True
    document: Mapping[str, Any] = field(default_factory=dict)
    between: Callable[[Library], None] = lambda _: None


def _plan(*faults: Mapping[str, Any]) -> Callable[[], FaultPlan]:
    return lambda: plan_from({"faults": [dict(each) for each in faults]})


def _media(count: int, *sizes: int) -> Library:
    return Library(
        pattern_medium(f"m{number:02}", *(sizes or (20_000,)), filename=f"GX01{number:04}.MP4")
        for number in range(count)
    )


def _chapters_and_bursts() -> Library:
    return Library(
        [
            pattern_medium("chapters", 30_000, 40_000, 5_000, filename="GX010001.MP4"),
            pattern_medium(
                "burst",
                *(2_000, 2_100, 2_200, 2_300, 2_400),
                filename="G0010002.JPG",
                extension="jpg",
                media_type="Burst",
                shape=Shape.FRAMES,
            ),
            pattern_medium(
                "interval",
                *range(1_000, 1_012),
                filename="G0020003.JPG",
                extension="jpg",
                media_type="TimeLapse",
            ),
        ]
    )


def _twins() -> Library:
    return Library(
        [
            pattern_medium("a", 5_000, filename="GX010001.MP4"),
            pattern_medium("b", 6_000, filename="gx010001.mp4"),
            pattern_medium("c", 7_000, 8_000, 9_000, filename="GX010001.MP4"),
        ]
    )


def _one_more(library: Library) -> None:
    library.add(pattern_medium("later", 4_000, filename="GX019999.MP4"))


_DONE = ("CheckForContinuation", "SyncComplete")
_TOLD = ("RememberTold", "CheckOutcome")
_PARTIAL = ("NotifyPartialFailure", *_TOLD, *_DONE)
_REFUSED = ("NotifyTokensInvalid", *_TOLD, "TokensInvalid")
_BAD = {"medium": "m01", "per": "medium"}

SCENARIOS: dict[str, Scenario] = {
    "no media": Scenario(Library, ("CheckNewVideos", "NoNewVideos")),
    "one medium": Scenario(lambda: _media(1), _DONE),
    "ten media": Scenario(lambda: _media(10), _DONE),
    "two hundred media": Scenario(lambda: _media(200, 300), _DONE),
    "chapters and bursts": Scenario(_chapters_and_bursts, _DONE),
    "names that clash": Scenario(_twins, _DONE),
    "every kind and oddity": Scenario(lambda: generate(60, 7, file_bytes=(200, 9_000)), _DONE),
    "one medium whose bytes never come": Scenario(
        lambda: _media(3), _PARTIAL, _plan({"kind": "status", "endpoint": "cdn", **_BAD})
    ),
    "one medium that is another size": Scenario(
        lambda: _media(3, 400_000),
        _PARTIAL,
        _plan({"kind": "row", "medium": "m01", "set": {"file_size": 900_000_000}}),
    ),
    "one medium that is gone": Scenario(
        lambda: _media(3), _DONE, _plan({"kind": "gone", "endpoint": "download", "medium": "m01"})
    ),
    "one medium without an original": Scenario(
        lambda: _media(3), _DONE, _plan({"kind": "no_original", "medium": "m01"})
    ),
    "a medium that is not ready": Scenario(
        lambda: _media(2), _DONE, _plan({"kind": "not_ready", "medium": "m01"})
    ),
    "a limit": Scenario(lambda: _media(4), _DONE, document={"limit": 2}),
    "only since a day": Scenario(
        lambda: _media(2), ("CheckNewVideos", "NoNewVideos"), document={"since": "2024-05-02"}
    ),
    "a login that is dead": Scenario(lambda: _media(2), _REFUSED, expired=True),
    "a login that dies in mid-run": Scenario(
        lambda: _media(5),
        _REFUSED,
        lambda: Dying(EXPIRED, Endpoint.DOWNLOAD, 3),
        same_reasons=False,
    ),
    # a call may end with as many parts as it has streams, 8 of 8 MiB at most
    "a file that needs three rounds": Scenario(
        lambda: _media(1, 200 * MIB + 5), _DONE, after_parts=1, rounds=3
    ),
    "a second run with nothing to do": Scenario(
        lambda: _media(3), ("CheckNewVideos", "NoNewVideos"), runs=2
    ),
    "a second run with one more": Scenario(lambda: _media(3), _DONE, runs=2, between=_one_more),
    "a failed medium in a second run": Scenario(
        lambda: _media(3, 400_000),
        ("NotifyRecovered", *_TOLD, *_DONE),
        _plan({"kind": "row", "medium": "m01", "set": {"file_size": 900_000_000}, "until": 1}),
        runs=2,
    ),
}


def rows_seen(tracker: Tracker, *, reasons: bool) -> list[dict[str, Any]]:
    """All that a reader sees of all media, without what time and process make of it."""
    return [_row_seen(medium, reasons=reasons) for medium in tracker.media()]


def _row_seen(medium: TrackedMedium, *, reasons: bool) -> dict[str, Any]:
    seen = {
        name: getattr(medium, name)
        for name in (
            "media_id",
            "filename",
            "status",
            "media_type",
            "s3_key",
            "file_size",
            "captured_at",
            "upload_date",
            "source_updated_at",
            "duration_seconds",
            "attempts",
            "failures",
            "lease_owner",
            "files",
        )
    }
    if reasons:
        seen["reason"] = medium.reason and (medium.reason.code, medium.reason.message)
    return seen


def objects_seen(archive: Archive) -> dict[str, tuple[int, str]]:
    """Every object with the number of its bytes and a SHA-256 over them."""
    return {stored.key: _content(archive, stored.key) for stored in archive.list()}


def _content(archive: Archive, key: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with archive.open(key) as body:
        while piece := body.read(2**20):
            digest.update(piece)
            size += len(piece)
    return size, digest.hexdigest()


def summary_seen(summary: RunSummary, *, reasons: bool) -> dict[str, Any]:
    """What a run's summary says, without its name and its times."""
    seen = {
        name: getattr(summary, name)
        for name in (
            "result",
            "found",
            "new",
            "counts",
            "files_archived",
            "bytes",
            "listing_complete",
            "listing_short_by",
        )
    }
    return seen | ({"reasons": summary.reasons} if reasons else {})
