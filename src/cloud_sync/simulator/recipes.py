"""Which media a generated library holds: a showcase of every kind first, then real shares."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import accumulate
from random import Random

from cloud_sync.simulator.kinds import NOT_READY, SHARES, Form
from cloud_sync.simulator.medium import Shape
from cloud_sync.simulator.names import HOSTILE


class Listed(StrEnum):
    """How the listing's `file_size` relates to the truth."""

    EXACT = "exact"
    MISSING = "missing"
    STALE = "stale"


class Dated(StrEnum):
    """How the capture date relates to the truth."""

    TRUE = "true"
    MISSING = "missing"
    RESET = "reset"
    BESIDE = "beside"
    """Minutes after the medium made before: names then clash within a month."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make. `name` None lets a camera name it, `nameless` makes the row's name null."""

    type: str
    files: int = 1
    shape: Shape = Shape.SOURCES
    state: str = "ready"
    offers: bool = True
    name: str | None = None
    nameless: bool = False
    listed: Listed = Listed.EXACT
    dated: Dated = Dated.TRUE
    twin_id: bool = False


_PLAIN = {media_type: Recipe(media_type) for media_type in SHARES}
_EDIT = Recipe("MultiClipEdit", shape=Shape.BAKED, listed=Listed.MISSING)

_KINDS = (
    *(recipe for kind, recipe in _PLAIN.items() if SHARES[kind][0] in {Form.CLIP, Form.PHOTO}),
    Recipe("TimeLapse", files=6),
    Recipe("Burst", files=5, shape=Shape.FRAMES),
    Recipe("Continuous", files=4, shape=Shape.FRAMES),
    Recipe("NightLapse", files=3),
    _EDIT,
    replace(_EDIT, type="Edit"),
    Recipe("Audio"),
)
"""Every type once."""

_ODDITIES = (
    Recipe("Video", files=3),
    Recipe("Chaptered", files=2),
    Recipe("TimeLapse", files=7, shape=Shape.FRAMES),
    Recipe("Photo", files=2, shape=Shape.RAW_SIDECAR),
    Recipe("Photo", files=2, shape=Shape.RAW_VARIATION),
    Recipe("Video", name="GS010042.360"),
    Recipe("Video", name="GX010001.MP4"),
    Recipe("Video", name="GX010001.MP4", dated=Dated.BESIDE),
    Recipe("Video", name="gx010001.mp4", dated=Dated.BESIDE),
    Recipe("Photo", name="GOPR0001.JPG"),
    Recipe("Photo", name="GOPR0001.JPG", dated=Dated.BESIDE, twin_id=True),
    Recipe("Video", name=""),
    Recipe("Photo", name=""),
    Recipe("Video", nameless=True),
    Recipe("Video", offers=False, name="20191231_235959_high.MP4"),
    Recipe("Photo", offers=False),
    Recipe("Video", listed=Listed.MISSING),
    Recipe("Video", listed=Listed.STALE),
    Recipe("Video", dated=Dated.MISSING),
    Recipe("Photo", dated=Dated.RESET),
    *(Recipe("Video", state=state, offers=False, listed=Listed.MISSING) for state in NOT_READY),
    Recipe("Video", state="transcoding", listed=Listed.MISSING),
    *(
        Recipe("Video", name=name, dated=Dated.BESIDE if number else Dated.TRUE)
        for number, name in enumerate(HOSTILE)
    ),
)

SHOWCASE = _KINDS + _ODDITIES
"""Every type and every oddity once; a library of this many items shows all of them."""


def recipes(rng: Random, plain: bool) -> Iterator[Recipe]:
    """Endlessly what to make next; `plain` leaves out whatever is odd."""
    if not plain:
        yield from SHOWCASE
    types = list(SHARES)[: 2 if plain else None]
    totals = list(accumulate(SHARES[kind][1] for kind in types))
    while True:
        kind = types[bisect(totals, rng.random() * totals[-1], hi=len(types) - 1)]
        yield _PLAIN[kind] if plain else _rolled(rng, kind)


def _rolled(rng: Random, kind: str) -> Recipe:
    form = SHARES[kind][0]
    if form is Form.EDIT:
        recipe = replace(_EDIT, type=kind)
    elif form is Form.SET:
        shape = Shape.FRAMES if rng.random() < 0.6 else Shape.SOURCES
        recipe = Recipe(kind, files=rng.randrange(3, 31), shape=shape)
    elif form is Form.PHOTO and rng.random() < 0.05:
        recipe = Recipe(kind, files=2, shape=Shape.RAW_SIDECAR)
    elif kind == "Chaptered" or (kind == "Video" and rng.random() < 0.13):
        recipe = Recipe(kind, files=min(10, 2 + int(rng.expovariate(0.9))))
    else:
        recipe = _PLAIN[kind]
    return _troubled(rng, recipe)


def _troubled(rng: Random, recipe: Recipe) -> Recipe:
    """One item in ten has something about it, as often as real libraries show it."""
    roll = rng.random()
    if roll < 0.050:
        return replace(recipe, offers=False)
    if roll < 0.055:
        state = rng.choice(NOT_READY)
        return replace(recipe, state=state, offers=False, listed=Listed.MISSING)
    if roll < 0.070:
        return replace(recipe, name="")
    if roll < 0.080:
        return replace(recipe, listed=Listed.MISSING)
    if roll < 0.100 and recipe.listed is Listed.EXACT:
        return replace(recipe, listed=Listed.STALE)
    if roll < 0.110:
        return replace(recipe, dated=rng.choice((Dated.MISSING, Dated.RESET)))
    if roll < 0.112:
        return replace(recipe, name=rng.choice(HOSTILE))
    return recipe
