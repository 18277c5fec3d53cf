"""What the cloud holds: every kind of medium, and some originals of several parts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from cloud_sync.simulator.library import Library, SimMedium, generate, pattern_medium

LARGE = "LargeClip"
"""What ids and names of clips whose original comes in several parts begin with."""

_FIRST_DAY = datetime(2019, 1, 1, tzinfo=UTC)
_DAYS = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """How a library is made. Sizes are (least, most) bytes of an original; `large` of the `media`
    are clips of `large_bytes`."""

    media: int
    seed: int
    file_bytes: tuple[int, int]
    large: int
    large_bytes: tuple[int, int]


def made(make: Make) -> Library:
    """The library; the same `make` gives the same bytes."""
    chance = Random(f"chaos library {make.seed}")
    small = generate(make.media - make.large, make.seed, file_bytes=make.file_bytes)
    return Library(
        [*small.media(), *(_large(make, number, chance) for number in range(make.large))]
    )


def bytes_of(media: list[SimMedium]) -> int:
    """How many bytes all originals of the media have."""
    return sum(original.size for medium in media for original in medium.originals)


def _large(make: Make, number: int, chance: Random) -> SimMedium:
    day = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS))
    return pattern_medium(
        f"{LARGE}{number:04}",
        chance.randint(*make.large_bytes),
        seed=make.seed,
        filename=f"{LARGE}{number:04}.MP4",
        created_at=day + timedelta(days=1),
        captured_at=day,
    )
