"""Libraries of any size out of a seed: the same seed gives the same media and the same bytes."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from itertools import islice
from random import Random

from cloud_sync.simulator.dates import capture_date, reset_date, upload_date
from cloud_sync.simulator.kinds import Form, extension_of, form_of
from cloud_sync.simulator.medium import Shape, SimMedium
from cloud_sync.simulator.names import IdMaker, NameMaker, camera_for
from cloud_sync.simulator.pattern import PatternFile
from cloud_sync.simulator.recipes import Dated, Listed, Recipe, recipes
from cloud_sync.simulator.store import Library

STALE_BY = 3245
"""How far a listed size has been seen off after re-processing, in bytes."""

_DEFAULT_EXTENSION = {
    Form.CLIP: "mp4",
    Form.PHOTO: "jpg",
    Form.SET: "jpg",
    Form.EDIT: "mp4",
    Form.AUDIO: "wav",
}


def generate(
    count: int,
    seed: int = 0,
    *,
    file_bytes: tuple[int, int] = (20_000, 2_000_000),
    plain: bool = False,
) -> Library:
    """A library of `count` media with originals of `file_bytes` (lowest, highest) bytes each.

    From `len(recipes.SHOWCASE)` media on, every type and every oddity is there at least once.
    With `plain`, all media are ready videos and photos of one file whose listing tells the truth.
    """
    maker = _Maker(seed, file_bytes)
    wanted = islice(recipes(Random(f"recipes {seed}"), plain), count)
    return Library([maker.make(recipe) for recipe in wanted])


def pattern_medium(
    medium_id: str,
    *sizes: int,
    seed: int = 0,
    filename: str = "GX010001.MP4",
    extension: str = "mp4",
    created_at: datetime = datetime(2024, 5, 2, tzinfo=UTC),
    captured_at: datetime | None = datetime(2024, 5, 1, tzinfo=UTC),
    shape: Shape = Shape.SOURCES,
    media_type: str = "Video",
    content: str = "source",
) -> SimMedium:
    """One ready medium with generated originals of the given sizes, listed truly.

    Another `content` gives other bytes of the same sizes: the item after re-processing.
    """
    return SimMedium(
        id=medium_id,
        type=media_type,
        filename=filename,
        captured_at=captured_at,
        created_at=created_at,
        shape=shape,
        listed_size=sum(sizes),
        camera="HERO11 Black",
        originals=tuple(
            PatternFile(
                number, filename, extension, size, medium_id=medium_id, seed=seed, content=content
            )
            for number, size in enumerate(sizes, 1)
        ),
    )


class _Maker:
    """Makes media one after the other; each may lean on the one before."""

    def __init__(self, seed: int, file_bytes: tuple[int, int]) -> None:
        low, high = file_bytes
        if not 0 <= low <= high:
            raise ValueError(f"file_bytes must be (lowest, highest), got ({low}, {high})")
        self._seed = seed
        self._sizes = (low, high, math.log(max(1, low)), math.log(max(1, high)))
        self._rng = Random(f"media {seed}")
        self._ids = IdMaker(Random(f"ids {seed}"))
        self._names = NameMaker(Random(f"names {seed}"))
        self._last_captured = capture_date(self._rng)
        self._last_id = ""

    def make(self, recipe: Recipe) -> SimMedium:
        captured, listed_captured = self._dates(recipe)
        medium_id = self._ids.twin(self._last_id) if recipe.twin_id else self._ids.next()
        form = form_of(recipe.type)
        name = self._names.next(form) if recipe.name is None else recipe.name
        files = self._files(recipe, medium_id, name, form)
        self._last_captured, self._last_id = captured, medium_id
        return SimMedium(
            id=medium_id,
            type=recipe.type,
            filename=None if recipe.nameless else name,
            captured_at=listed_captured,
            created_at=upload_date(self._rng, captured),
            state=recipe.state,
            shape=recipe.shape,
            originals=files if recipe.offers else (),
            listed_size=self._listed_size(recipe.listed, sum(file.size for file in files)),
            files_total=1 if recipe.shape in _RAWS else recipe.files,
            camera=camera_for(self._rng, name),
        )

    def _dates(self, recipe: Recipe) -> tuple[datetime, datetime | None]:
        """When it really was, and what the listing says."""
        if recipe.dated is Dated.BESIDE:
            captured = self._last_captured + timedelta(minutes=7)
        else:
            captured = capture_date(self._rng)
        if recipe.dated is Dated.RESET:
            return captured, reset_date(self._rng)
        return captured, None if recipe.dated is Dated.MISSING else captured

    def _files(
        self, recipe: Recipe, medium_id: str, name: str, form: Form
    ) -> tuple[PatternFile, ...]:
        extension = _extension(name, form)
        files = tuple(
            PatternFile(number, name, extension, self._size(), medium_id=medium_id, seed=self._seed)
            for number in range(1, recipe.files + 1)
        )
        if recipe.shape in _RAWS:
            files[1].extension = "gpr"
        return files

    def _size(self) -> int:
        """Between the bounds, small ones as often as big ones are rare."""
        low, high, low_log, high_log = self._sizes
        drawn = math.exp(low_log + (high_log - low_log) * self._rng.random())
        return min(high, max(low, int(drawn)))

    def _listed_size(self, listed: Listed, truth: int) -> int | None:
        if listed is Listed.MISSING:
            return None
        return truth + (STALE_BY if listed is Listed.STALE else 0)


_RAWS = frozenset({Shape.RAW_SIDECAR, Shape.RAW_VARIATION})


def _extension(name: str, form: Form) -> str:
    if form is Form.EDIT:
        return "mp4"
    return extension_of(name) or _DEFAULT_EXTENSION[form]
