"""What the demo's library holds: a few years of days out, with what makes archives go wrong."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from cloud_sync.simulator.medium import Shape

HERO5, HERO9, HERO11, MAX, PHONE = "HERO5 Black", "HERO9 Black", "HERO11 Black", "MAX", "phone"


@dataclass(frozen=True, slots=True)
class DemoFile:
    """One file to make, at `path` under the demo's folder; `frames` is 0 for a photo."""

    path: str
    captured: datetime
    camera: str
    frames: int


@dataclass(frozen=True, slots=True)
class DemoMedium:
    """One medium of the demo, called `filename` on the wire whatever its files are called."""

    filename: str
    captured: datetime
    uploaded: datetime
    camera: str
    files: tuple[DemoFile, ...]
    type: str
    shape: Shape = Shape.SOURCES
    state: str = "ready"

    @property
    def key(self) -> str:
        """Its own among all media of the demo."""
        return f"{self.camera}/{self.captured.isoformat()}/{self.filename}"


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def _medium(
    camera: str,
    when: str,
    names: tuple[str, ...],
    frames: int,
    *,
    media_type: str = "Video",
    filename: str | None = None,
    shape: Shape = Shape.SOURCES,
    uploaded_days: int = 1,
) -> DemoMedium:
    captured = _day(when)
    files = tuple(
        DemoFile(f"{camera}/{name}", captured + timedelta(seconds=number), camera, frames)
        for number, name in enumerate(names)
    )
    return DemoMedium(
        filename=names[0] if filename is None else filename,
        captured=captured,
        uploaded=captured + timedelta(days=uploaded_days, hours=3),
        camera=camera,
        files=files,
        type=media_type,
        shape=shape,
    )


def _clip(camera: str, when: str, *names: str, frames: int = 24) -> DemoMedium:
    return _medium(camera, when, names, frames)


def _photo(camera: str, when: str, name: str) -> DemoMedium:
    return _medium(camera, when, (name,), 0, media_type="Photo")


def _without_files(name: str, when: str, state: str) -> DemoMedium:
    captured = _day(when)
    return DemoMedium(
        name, captured, captured + timedelta(hours=2), HERO11, (), "Video", state=state
    )


_SINGLE_CLIPS = (
    # three cameras that all began to count at 0001
    _clip(HERO11, "2023-02-11T09:12:00", "GX010001.MP4", frames=30),
    _clip(HERO9, "2021-01-05T14:40:00", "GX010001.MP4"),
    _clip(HERO11, "2023-02-25T11:03:00", "GX010002.MP4"),
    _clip(HERO9, "2021-06-19T06:30:00", "GX010015.MP4", frames=44),
    _clip(HERO9, "2022-09-03T16:21:00", "GX010099.MP4"),
    _clip(HERO11, "2025-08-30T12:00:00", "GX010412.MP4", frames=54),
    _clip(HERO5, "2017-03-12T10:00:00", "GOPR0155.MP4", frames=14),
    _clip(HERO5, "2018-10-28T15:45:00", "GOPR0188.MP4", frames=6),
    _clip(HERO11, "2024-12-27T09:09:00", "GX010377.MP4", frames=24),
    _clip(HERO9, "2022-09-03T16:40:00", "GXAA0100.MP4", frames=16),
    _clip(PHONE, "2020-08-08T19:59:59", "Überschreitung Großglockner 🏔️.mp4"),
    _medium(HERO9, "2022-02-20T13:37:00", ("without-a-name.MP4",), 20, filename=""),
    _medium(MAX, "2024-04-14T08:08:00", ("GS010021.360",), 36),
    _medium(
        HERO11,
        "2024-07-07T20:00:00",
        ("highlights.mp4",),
        30,
        media_type="MultiClipEdit",
        filename="Summer highlights.json",
        shape=Shape.BAKED,
    ),
)

_CHAPTERED = (
    _clip(HERO11, "2024-07-06T07:15:00", "GX010333.MP4", "GX020333.MP4", "GX030333.MP4", frames=54),
    _clip(HERO9, "2021-08-14T17:00:00", "GH010042.MP4", "GH020042.MP4", frames=44),
)

_PHOTOS = (
    _photo(HERO5, "2016-12-24T18:00:00", "GOPR0001.JPG"),
    _photo(HERO11, "2023-04-02T08:30:00", "GOPR0001.JPG"),
    _photo(HERO5, "2017-07-14T21:10:00", "GOPR0042.JPG"),
    _photo(HERO5, "2018-05-01T05:55:00", "GOPR0107.JPG"),
    _photo(HERO9, "2021-01-05T14:45:00", "GOPR0003.JPG"),
    _photo(HERO9, "2022-09-03T16:30:00", "GOPR0111.JPG"),
    _photo(HERO11, "2024-07-06T12:01:00", "GOPR0340.JPG"),
    _photo(HERO11, "2025-12-31T23:59:59", "GOPR0500.JPG"),
    _photo(MAX, "2024-04-14T08:30:00", "GS__0022.JPG"),
    _photo(PHONE, "2019-05-05T10:10:10", "IMG_2044.jpeg"),
)

_SETS = (
    _medium(
        HERO9,
        "2021-08-15T10:00:00",
        tuple(f"G0011{number:03}.JPG" for number in range(530, 538)),
        0,
        media_type="Burst",
        shape=Shape.FRAMES,
    ),
    _medium(
        HERO11,
        "2023-11-18T16:00:00",
        tuple(f"G0020{number:03}.JPG" for number in range(100, 108)),
        0,
        media_type="TimeLapse",
    ),
)

_WITHOUT = (
    _without_files("GX010501.MP4", "2026-01-02T10:00:00", "transcoding"),
    _without_files("20191231_235900_high.MP4", "2019-12-31T23:59:00", "ready"),
)

PLAN = _SINGLE_CLIPS + _CHAPTERED + _PHOTOS + _SETS + _WITHOUT
"""All media of the demo."""
