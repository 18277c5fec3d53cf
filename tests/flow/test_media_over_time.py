"""Whole runs against media that change: each is archived once, in one place, and whole.

What the cloud does to a medium between runs (or within one) never moves a key, never fetches twice,
never stores a proxy or a part for the original, and never passes without being named.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from broken_cloud import Asked, Body, Stage, stage, uploaded
from cloud_sync.errors import ExitCode
from cloud_sync.model.report import Outcome, Result, RunSummary
from cloud_sync.model.tracking import Status
from cloud_sync.simulator.kinds import NOT_READY
from cloud_sync.simulator.library import Library, Shape, SimMedium, pattern_medium
from cloud_sync.simulator.pattern import PatternFile

MAY = datetime(2024, 5, 1, tzinfo=UTC)
WEEK = 7 * 24 * 3600


def clip(medium_id: str = "clip", *sizes: int, **facts: Any) -> SimMedium:
    """A ready clip of one original of 400 bytes, or of `sizes`; `facts` override."""
    made = pattern_medium(medium_id, *(sizes or (400,)), created_at=uploaded(0))
    return replace(made, **facts)


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[Stage]:
    """A cloud with one medium beside those of the test, which must never be the worse for them."""
    bystander = pattern_medium("bystander", 350, filename="GX019999.MP4", created_at=uploaded(9))
    with stage(Library([bystander]), tmp_path) as built:
        yield built


def only_reason(summary: RunSummary) -> str:
    """The reason code of the one medium that is not archived."""
    (named,) = summary.named
    return named.code


def originals_opened(cloud: Stage, during: Callable[[], object]) -> list[str]:
    """The media of which an original was asked for meanwhile."""
    opened: list[str] = []

    def note(medium_id: str) -> int:
        opened.append(medium_id)
        return 200

    cloud.faults.object_status = note
    during()
    return opened


@pytest.mark.parametrize("state", [*NOT_READY, "updating", "live", "unknown", "", "holographic"])
def test_a_medium_that_is_not_ready_waits_and_is_archived_when_it_is(
    cloud: Stage, state: str
) -> None:
    cloud.library.add(clip(state=state))
    for _ in range(2):
        summary = cloud.run()
        assert summary.result is Result.COMPLETED
        assert only_reason(summary) == "not_ready"
        row = cloud.bench.row("clip")
        assert (row.status, row.attempts, row.failures) == (Status.PENDING, 0, 0)
        cloud.assert_archived(each for each in cloud.library.media() if each.ready)
    cloud.library.add(clip())
    assert cloud.run().counts[Outcome.ARCHIVED] == 1
    cloud.assert_archived(cloud.library.media())


def test_a_medium_that_failed_in_the_cloud_for_good_is_named_by_every_run(cloud: Stage) -> None:
    cloud.library.add(clip(state="failure"))
    for _ in range(7):
        summary = cloud.run()
        (named,) = summary.named
        assert (named.media_id, named.code, named.outcome) == ("clip", "not_ready", Outcome.PENDING)
        assert "could not process it" in named.message
        assert "'failure'" in named.message
    assert cloud.row("clip") is Status.PENDING, "it is never given up"


def test_without_an_original_it_is_named_and_no_proxy_is_stored(cloud: Stage) -> None:
    cloud.library.add(clip(originals=()))
    summary = cloud.run()
    assert (summary.result, only_reason(summary)) == (Result.COMPLETED, "no_original")
    (named,) = summary.named
    assert "high_res_proxy_mp4" in named.message, "what is offered instead is named"
    cloud.assert_archived(each for each in cloud.library.media() if each.offers_original)
    assert only_reason(cloud.run()) == "no_original", "it is named again, not forgotten"
    cloud.library.add(clip())
    cloud.bench.clock.advance(WEEK)
    assert cloud.run().counts[Outcome.ARCHIVED] == 1
    cloud.assert_archived(cloud.library.media())


def test_a_medium_deleted_between_listing_and_download_is_gone_and_named(cloud: Stage) -> None:
    doomed = clip()
    cloud.library.add(doomed)

    def delete_after_listing(_: Asked, healthy: Body) -> Body:
        if not healthy["_embedded"]["media"]:
            cloud.library.remove("clip")
            cloud.faults.listing = None
        return healthy

    cloud.faults.listing = delete_after_listing
    summary = cloud.run()
    assert (summary.result, only_reason(summary)) == (Result.COMPLETED, "gone_at_source")
    assert cloud.row("clip") is Status.SKIPPED
    cloud.assert_archived(cloud.library.media())
    cloud.library.add(replace(doomed, updated_at=MAY))
    cloud.run()
    cloud.assert_archived(cloud.library.media())


def test_a_due_medium_that_is_deleted_is_gone_and_archived_at_once_when_it_is_restored(
    cloud: Stage,
) -> None:
    cloud.library.add(clip(state="uploading"))
    cloud.run()
    cloud.library.remove("clip")
    assert only_reason(cloud.run()) == "gone_at_source"
    assert cloud.row("clip") is Status.SKIPPED
    cloud.library.add(clip())
    assert cloud.run().counts[Outcome.ARCHIVED] == 1
    cloud.assert_archived(cloud.library.media())


def test_what_is_deleted_in_the_cloud_stays_in_the_archive(cloud: Stage) -> None:
    first, second = clip("one"), clip("two", 500, filename="GX010002.MP4")
    cloud.library.add(first)
    cloud.library.add(second)
    cloud.run()
    everything = cloud.library.media()
    for media_id in ("one", "two", "bystander"):
        cloud.library.remove(media_id)
        summary = cloud.run()
        assert (summary.result, summary.named) == (Result.COMPLETED, ())
        cloud.assert_archived(everything)
    cloud.library.add(first)
    assert originals_opened(cloud, cloud.run) == [], "a restored medium is not fetched again"
    cloud.assert_archived(everything)


CHANGED: dict[str, dict[str, Any]] = {
    "renamed": {"filename": "Holiday.MP4"},
    "renamed to nothing": {"filename": None},
    "re-dated": {"captured_at": datetime(2001, 1, 1, tzinfo=UTC)},
    "no longer dated": {"captured_at": None},
    "of another type": {"type": "TimeLapseVideo"},
    "back in a state that is not ready": {"state": "transcoding"},
    "without its original": {"originals": (), "listed_size": 400},
    "of an unknown size": {"listed_size": None},
    "touched": {"updated_at": datetime(2025, 1, 1, tzinfo=UTC)},
    "re-uploaded with another date": {"created_at": uploaded(-400)},
}


@pytest.mark.parametrize("change", CHANGED)
def test_what_is_archived_is_neither_moved_nor_fetched_again(cloud: Stage, change: str) -> None:
    medium = clip()
    cloud.library.add(medium)
    cloud.run()
    keys, everything = cloud.keys(), cloud.library.media()
    cloud.library.add(replace(medium, **CHANGED[change]))
    assert originals_opened(cloud, cloud.run) == []
    assert cloud.keys() == keys
    cloud.assert_archived(everything)


@pytest.mark.parametrize("change", ["renamed", "renamed to nothing", "re-dated", "no longer dated"])
def test_a_key_given_before_a_failed_try_stays_when_the_medium_changes(
    cloud: Stage, change: str
) -> None:
    medium = clip()
    cloud.library.add(medium)
    cloud.faults.object_status = lambda medium_id: 500 if medium_id == "clip" else 200
    summary = cloud.run()
    assert (summary.result, summary.result.exit_code) == (
        Result.COMPLETED_WITH_FAILURES,
        ExitCode.SOME_FAILED,
    )
    (file,) = cloud.bench.row("clip").files
    cloud.faults.heal()
    cloud.library.add(replace(medium, **CHANGED[change]))
    assert cloud.run().result is Result.COMPLETED
    assert cloud.keys()["clip"] == file.key == "gopro-videos/2024/05/GX010001.MP4"
    cloud.assert_archived(cloud.library.media())


TWINS = {
    "the same name": ("GX010001.MP4", "GX010001.MP4"),
    "a name in another letter case": ("GX010001.MP4", "gx010001.mp4"),
    "a name in another Unicode form": ("\u00c5ngstr\u00f6m.MP4", "A\u030angstro\u0308m.MP4"),
    "no name": ("", ""),
    "the name that a twin would get": ("GX010001.MP4", "GX010001-later.MP4"),
}


@pytest.mark.parametrize("kind", TWINS)
def test_a_name_twin_that_appears_later_gets_its_own_key_and_moves_nothing(
    cloud: Stage, kind: str
) -> None:
    name, later = TWINS[kind]
    cloud.library.add(clip("first", filename=name))
    cloud.run()
    keys = cloud.keys()
    cloud.library.add(clip("later", 600, filename=later, created_at=uploaded(-1)))
    cloud.run()
    cloud.library.add(clip("latest", 700, filename=name, created_at=uploaded(-2)))
    assert cloud.run().result is Result.COMPLETED
    assert keys.items() <= cloud.keys().items()
    folded = {key.casefold() for key in cloud.keys().values()}
    assert len(folded) == len(cloud.library), "two keys are one file on some disks"
    cloud.assert_archived(cloud.library.media())


def test_the_same_clip_uploaded_twice_is_archived_twice(cloud: Stage) -> None:
    original = PatternFile(1, "GX010001.MP4", "mp4", 800, medium_id="same")
    for number, media_id in enumerate(("once", "again")):
        cloud.library.add(
            clip(media_id, originals=(original,), listed_size=800, created_at=uploaded(number))
        )
    assert cloud.run().counts[Outcome.ARCHIVED] == 3
    cloud.assert_archived(cloud.library.media())


DATES: dict[str, tuple[dict[str, Any], str]] = {
    "capture unknown": ({"captured_at": None}, "2024/06"),
    "capture and upload unknown": ({"captured_at": None, "created_at": None}, "undated"),
    "no date that can be read": ({"captured_at": "soon", "created_at": 7}, "undated"),
    "a clock reset to 2016": ({"captured_at": "2016-01-01T00:00:14Z"}, "2016/01"),
    "before New Year, west": ({"captured_at": "2023-12-31T23:30:00-10:00"}, "2023/12"),
    "after New Year, east": ({"captured_at": "2024-01-01T00:30:00+14:00"}, "2024/01"),
    "before New Year, UTC": ({"captured_at": "2023-12-31T23:59:59Z"}, "2023/12"),
    "after New Year, UTC": ({"captured_at": "2024-01-01T00:00:00Z"}, "2024/01"),
    "New Year without an offset": ({"captured_at": "2024-01-01T00:00:00"}, "2024/01"),
    "captured after its upload": ({"captured_at": "2031-02-03T04:05:06Z"}, "2031/02"),
}
ZONES = ("UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago", "America/St_Johns")


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Sets the time zone of the machine, for this process."""

    def put(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize("date", DATES)
def test_the_month_is_that_of_the_camera_whatever_the_zone_of_the_machine(
    cloud: Stage, zone: Callable[[str], None], date: str
) -> None:
    facts, folder = DATES[date]
    for number, name in enumerate(ZONES):
        cloud.library.add(
            clip(f"clip{number}", filename=f"GX01000{number}.MP4", created_at=uploaded(number % 2))
        )
        zone(name)
        cloud.faults.listing = _with_facts(facts)
        assert cloud.run().result is Result.COMPLETED
    keys = [cloud.keys()[f"clip{number}"] for number in range(len(ZONES))]
    expected = [f"gopro-videos/{folder}/GX01000{number}.MP4" for number in range(len(ZONES))]
    if folder == "2024/06":
        expected[1::2] = [key.replace("2024/06", "2024/05") for key in expected[1::2]]
    assert keys == expected
    cloud.assert_archived(cloud.library.media())


def _with_facts(facts: dict[str, Any]) -> Callable[[Asked, Body], Body]:
    def spoil(_: Asked, healthy: Body) -> Body:
        rows = healthy["_embedded"]["media"]
        healthy["_embedded"]["media"] = [
            row if row["id"] == "bystander" else row | facts for row in rows
        ]
        return healthy

    return spoil


def test_a_machine_that_moves_to_another_zone_moves_no_key(
    cloud: Stage, zone: Callable[[str], None]
) -> None:
    cloud.library.add(clip(captured_at=datetime(2023, 12, 31, 23, 59, tzinfo=UTC)))
    cloud.faults.object_status = lambda medium_id: 500 if medium_id == "clip" else 200
    zone("Pacific/Kiritimati")
    assert cloud.run().result is Result.COMPLETED_WITH_FAILURES
    (file,) = cloud.bench.row("clip").files
    cloud.faults.heal()
    zone("Pacific/Pago_Pago")
    cloud.run()
    assert cloud.keys()["clip"] == file.key == "gopro-videos/2023/12/GX010001.MP4"


def test_chapters_that_come_after_it_was_archived_are_named_and_nothing_is_fetched(
    cloud: Stage,
) -> None:
    cloud.library.add(clip("clip", 400, 500))
    cloud.run()
    everything = cloud.library.media()
    cloud.library.add(clip("clip", 400, 500, 600))
    for _ in range(2):
        assert originals_opened(cloud, cloud.run) == []
    summary = cloud.run()
    (named,) = summary.named
    assert (named.code, named.outcome) == ("grown_at_source", Outcome.NEEDS_ATTENTION)
    assert "3 files (1500 bytes) are listed, 2 (900 bytes) are archived" in named.message
    assert (summary.result, cloud.row("clip")) == (Result.COMPLETED, Status.COMPLETED)
    cloud.assert_archived(everything)


def test_a_file_that_became_longer_after_it_was_archived_is_named(cloud: Stage) -> None:
    cloud.library.add(clip("clip", 400))
    cloud.run()
    everything = cloud.library.media()
    cloud.library.add(clip("clip", 300_000))
    assert only_reason(cloud.run()) == "grown_at_source"
    cloud.assert_archived(everything)


@pytest.mark.parametrize("size", [100, 400, 4_000])
def test_a_medium_that_was_processed_again_stays_as_it_was_archived(
    cloud: Stage, size: int
) -> None:
    cloud.library.add(clip())
    cloud.run()
    everything = cloud.library.media()
    again = pattern_medium("clip", size, created_at=uploaded(0), content="processed again")
    cloud.library.add(replace(again, updated_at=datetime(2025, 1, 1, tzinfo=UTC)))
    assert originals_opened(cloud, cloud.run) == []
    assert cloud.run().named == ()
    cloud.assert_archived(everything)


def test_chapters_that_come_before_it_was_archived_are_archived_with_it(cloud: Stage) -> None:
    cloud.library.add(clip("clip", 400))
    cloud.faults.object_status = lambda medium_id: 500 if medium_id == "clip" else 200
    assert cloud.run().result is Result.COMPLETED_WITH_FAILURES
    cloud.faults.heal()
    cloud.library.add(clip("clip", 400, 500, 600))
    cloud.run()
    cloud.assert_archived(cloud.library.media())


def variations(body: Body) -> list[Any]:
    entries: list[Any] = body["_embedded"]["variations"]
    return entries


def sources(body: Body) -> list[dict[str, Any]]:
    return [entry for entry in variations(body) if entry["label"] in ("source", "baked_source")]


def each_source(change: Callable[[dict[str, Any]], object]) -> Callable[[Body], Body]:
    def spoil(body: Body) -> Body:
        for entry in sources(body):
            change(entry)
        return body

    return spoil


def member(name: str, value: object) -> Callable[[Body], Body]:
    """The descriptor with a member of `_embedded` replaced; taken out where `value` is None."""

    def spoil(body: Body) -> Body:
        if value is None:
            del body["_embedded"][name]
        else:
            body["_embedded"][name] = value
        return body

    return spoil


def reordered(body: Body) -> Body:
    variations(body).sort(key=lambda entry: -(entry.get("item_number") or 0))
    return body


def without_fields(*names: str) -> Callable[[Body], Body]:
    return each_source(lambda entry: [entry.pop(name, None) for name in names])


def nulled(*names: str) -> Callable[[Body], Body]:
    return each_source(lambda entry: entry.update(dict.fromkeys(names)))


def number_of_last(number: int) -> Callable[[Body], Body]:
    """The last chapter under another number."""

    def spoil(body: Body) -> Body:
        max(sources(body), key=lambda entry: entry["item_number"])["item_number"] = number
        return body

    return spoil


def without_chapter(number: int) -> Callable[[Body], Body]:
    def spoil(body: Body) -> Body:
        body["_embedded"]["variations"] = [
            entry
            for entry in variations(body)
            if entry["label"] != "source" or entry["item_number"] != number
        ]
        return body

    return spoil


def one_unavailable(body: Body) -> Body:
    sources(body)[-1]["available"] = False
    return body


def one_address(body: Body) -> Body:
    for entry in sources(body):
        entry["url"] = sources(body)[0]["url"]
    return body


def proxies_only(body: Body) -> Body:
    kept = [entry for entry in variations(body) if entry not in sources(body)]
    body["_embedded"]["variations"] = kept
    return body


def proxies_first(body: Body) -> Body:
    """Proxies in front, larger than the original, and numbered like it."""
    for entry in variations(body):
        if entry["label"] != "source":
            entry.update({"width": 7680, "height": 4320, "quality": "8k", "item_number": 1})
    return body


def in_a_list(entry: dict[str, Any]) -> None:
    entry["urls"] = [entry.pop("url")]


def twice(body: Body) -> Body:
    body["_embedded"]["variations"] = [*variations(body), *sources(body)]
    return body


def unchanged(body: Body) -> Body:
    return body


CHAPTERS = clip("clip", 400, 500, 600)


def _typed(medium: SimMedium, *extensions: str) -> SimMedium:
    """The medium with the extensions of its originals set one by one, the last for the rest."""
    files = []
    for index, original in enumerate(medium.originals):
        extension = extensions[min(index, len(extensions) - 1)]
        files.append(
            PatternFile(
                original.number, medium.filename or "", extension, original.size, medium_id="clip"
            )
        )
    return replace(medium, originals=tuple(files))


FRAMES = _typed(
    clip("clip", 210, 220, 230, 240, shape=Shape.FRAMES, type="Burst", filename="G0010001.JPG"),
    "jpg",
)
LAPSE = replace(FRAMES, type="TimeLapse")
RAW = _typed(
    clip("clip", 410, 420, shape=Shape.RAW_SIDECAR, type="Photo", filename="GOPR0001.JPG"),
    "jpg",
    "gpr",
)
EDIT = clip(
    "clip", shape=Shape.BAKED, type="MultiClipEdit", filename="project.json", listed_size=None
)
ROUND = _typed(clip("clip", filename="GS010001.360"), "360")


@dataclass(frozen=True, slots=True)
class Offered:
    """A medium, and how what the cloud offers of it is spoiled; `reason` says why it is left."""

    medium: SimMedium
    spoil: Callable[[Body], Body] = unchanged
    reason: str = ""


WHOLE = {
    "chapters out of order": Offered(CHAPTERS, reordered),
    "a gap in the numbers of as many chapters as are listed": Offered(CHAPTERS, number_of_last(4)),
    "chapters without numbers": Offered(CHAPTERS, without_fields("item_number")),
    "chapters whose numbers are text": Offered(
        CHAPTERS, each_source(lambda entry: entry.update(item_number=str(entry["item_number"])))
    ),
    "each chapter offered twice": Offered(CHAPTERS, twice),
    "a burst": Offered(FRAMES),
    "a burst of numbered sources": Offered(replace(FRAMES, shape=Shape.SOURCES)),
    "a time-lapse of frames": Offered(LAPSE),
    "a time-lapse of numbered sources": Offered(replace(LAPSE, shape=Shape.SOURCES)),
    "a RAW photo among the sidecars": Offered(RAW),
    "a RAW photo among the variations": Offered(replace(RAW, shape=Shape.RAW_VARIATION)),
    "a 360 clip": Offered(ROUND),
    "an edit": Offered(EDIT),
    "proxies before the original": Offered(clip(), proxies_first),
    "sources without any optional field": Offered(
        clip(), without_fields("item_number", "camera_position", "available", "quality", "head")
    ),
    "sources whose optional fields are null": Offered(
        clip(), nulled("item_number", "camera_position", "available", "quality", "head", "type")
    ),
    "an address in a list": Offered(clip(), each_source(in_a_list)),
    "an empty file name": Offered(clip(), lambda body: body | {"filename": ""}),
    "no file name": Offered(clip(), lambda body: {"_embedded": body["_embedded"]}),
    "no list of files": Offered(clip(), member("files", None)),
    "no sidecars": Offered(clip(), member("sidecar_files", None)),
    "members that nobody knows": Offered(clip(), member("holograms", [{"url": 1}])),
}

REFUSED = {
    "only proxies": Offered(clip(), proxies_only, "no_original"),
    "nothing at all": Offered(clip(), member("variations", []), "no_original"),
    "an original not available yet": Offered(clip(), one_unavailable, "not_ready"),
    "an original without an address yet": Offered(clip(), nulled("url"), "not_ready"),
    "one chapter not available yet": Offered(CHAPTERS, one_unavailable, "not_ready"),
    "a chapter missing": Offered(CHAPTERS, without_chapter(2), "source_not_understood"),
    "the last chapter missing": Offered(CHAPTERS, without_chapter(3), "source_not_understood"),
    "the first chapter missing": Offered(CHAPTERS, without_chapter(1), "source_not_understood"),
    "a number given twice": Offered(CHAPTERS, number_of_last(2), "source_not_understood"),
    "one address for all chapters": Offered(CHAPTERS, one_address, "source_not_understood"),
    "a burst of which only the cover is offered": Offered(
        FRAMES, member("files", []), "source_not_understood"
    ),
    "an address that is none": Offered(
        clip(), each_source(lambda entry: entry.update(url="nowhere")), "source_not_understood"
    ),
    "an address that is a number": Offered(
        clip(), each_source(lambda entry: entry.update(url=7)), "source_not_understood"
    ),
    "no variations": Offered(clip(), member("variations", None), "source_not_understood"),
    "variations that are an object": Offered(
        clip(), member("variations", {}), "source_not_understood"
    ),
    "a variation that is null": Offered(
        clip(), member("variations", [None]), "source_not_understood"
    ),
    "no `_embedded`": Offered(clip(), lambda _: {"filename": "x"}, "source_not_understood"),
}


def _only(what: Callable[[Body], Body]) -> Callable[[str, Body], Body]:
    return lambda medium_id, body: what(body) if medium_id == "clip" else body


@pytest.mark.parametrize("name", WHOLE)
def test_every_shape_of_an_offer_is_archived_whole(cloud: Stage, name: str) -> None:
    offered = WHOLE[name]
    cloud.library.add(offered.medium)
    cloud.faults.descriptor = _only(offered.spoil)
    summary = cloud.run()
    assert (summary.result, summary.named) == (Result.COMPLETED, ())
    cloud.assert_archived(cloud.library.media())
    cloud.faults.heal()
    assert originals_opened(cloud, cloud.run) == []


@pytest.mark.parametrize("name", REFUSED)
def test_an_offer_that_is_not_the_whole_original_is_named_and_made_up_for_later(
    cloud: Stage, name: str
) -> None:
    offered = REFUSED[name]
    cloud.library.add(offered.medium)
    cloud.faults.descriptor = _only(offered.spoil)
    summary = cloud.run()
    assert only_reason(summary) == offered.reason
    failed = offered.reason == "source_not_understood"
    assert summary.result is (Result.COMPLETED_WITH_FAILURES if failed else Result.COMPLETED)
    cloud.assert_archived(each for each in cloud.library.media() if each.id == "bystander")
    cloud.faults.heal()
    cloud.bench.clock.advance(WEEK)
    assert cloud.run().result is Result.COMPLETED
    cloud.assert_archived(cloud.library.media())


def test_a_chapter_that_is_no_longer_offered_fails_the_medium_until_it_is_back(
    cloud: Stage,
) -> None:
    cloud.library.add(CHAPTERS)
    cloud.faults.object_status = lambda medium_id: 500 if medium_id == "clip" else 200
    cloud.run()
    cloud.faults.heal()
    fewer = without_chapter(3)
    cloud.faults.descriptor = _only(fewer)
    cloud.library.add(replace(clip("clip", 400, 500), listed_size=900))
    summary = cloud.run()
    assert only_reason(summary) == "source_not_understood"
    assert "without file 3" in summary.named[0].message
    cloud.faults.heal()
    cloud.library.add(CHAPTERS)
    assert cloud.run().result is Result.COMPLETED
    cloud.assert_archived(cloud.library.media())


def test_each_chapter_lies_beside_the_first_under_its_number(cloud: Stage) -> None:
    cloud.library.add(CHAPTERS)
    cloud.faults.descriptor = _only(reordered)
    cloud.run()
    assert [file.key for file in cloud.bench.row("clip").files] == [
        "gopro-videos/2024/05/GX010001.MP4",
        "gopro-videos/2024/05/GX010001-clip-2.MP4",
        "gopro-videos/2024/05/GX010001-clip-3.MP4",
    ]
