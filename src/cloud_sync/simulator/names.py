"""Names of files as cameras, phones and people give them, and the ids of the cloud."""

from __future__ import annotations

import unicodedata
from hashlib import sha256
from random import Random
from string import ascii_letters, digits

from cloud_sync.simulator.kinds import Form

CAMERAS = ("HERO5 Black", "HERO7 Black", "HERO9 Black", "HERO11 Black", "HERO13 Black", "MAX")

_ALPHABET = ascii_letters + digits
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]
_REPEATED = 0.14
"""Taking an old name this often makes a good third of all names serve more than one medium."""
_RECENT = 4000

TWIN = "Ångström Überfahrt.MP4"
HOSTILE = (
    "..",
    "../../../etc/passwd",
    "DCIM/100GOPRO\\GX010001.MP4",
    "x" * 246 + ".MP4",
    "ö" * 123 + ".MP4",
    "🏔️ Gipfel 👨‍👩‍👧.MP4",
    unicodedata.normalize("NFC", TWIN),
    unicodedata.normalize("NFD", TWIN),
    "  leading blanks.MP4",
    "trailing dot and blank. ",
    "100%?#&=+;.MP4",
    ".hidden.MP4",
    "CON.MP4",
    "line\nbreak\tand\x7f.MP4",
    "quote\"s'.MP4",
    "夏休み.MP4",
)
"""Names that break whoever takes them for a path, for ASCII, or for short.

The two twins differ in their Unicode form only and stand next to each other.
"""


class IdMaker:
    """Ids as the cloud gives them, each once: 13 letters and digits, or 24 lower-case hex."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: set[str] = set()

    def next(self) -> str:
        while True:
            found = self._draw()
            if found not in self._given:
                self._given.add(found)
                return found

    def twin(self, medium_id: str) -> str:
        """An id that differs from `medium_id` by case only."""
        found = medium_id.swapcase()
        if found in self._given:
            return self.next()
        self._given.add(found)
        return found

    def _draw(self) -> str:
        if self._rng.random() < 0.15:
            return f"{self._rng.getrandbits(96):024x}"
        # an odd thirteenth letter after six pairs: half the draws of letter by letter
        draw = self._rng.random
        pairs = [_PAIRS[int(draw() * len(_PAIRS))] for _ in range(6)]
        return "".join(pairs) + _ALPHABET[int(draw() * len(_ALPHABET))]


def stable_id(key: bytes) -> str:
    """Thirteen letters and digits that always belong to `key`."""
    number = int.from_bytes(sha256(key).digest())
    letters = []
    for _ in range(13):
        number, rest = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[rest])
    return "".join(letters)


class NameMaker:
    """Names as cameras give them, a third of them more than once."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._given: dict[str, list[str]] = {}

    def next(self, form: Form) -> str:
        given = self._given.setdefault(form, [])
        if given and self._rng.random() < _REPEATED:
            return given[-1 - int(self._rng.random() * min(_RECENT, len(given)))]
        name = _DRAW[form](self._rng, 1 + int(self._rng.random() * 9999))
        given.append(name)
        return name


def camera_for(rng: Random, name: str) -> str | None:
    """A camera that may have given the name; None for phones and web uploads."""
    if name and not name.startswith("G"):
        return None
    return CAMERAS[int(rng.random() * len(CAMERAS))]


def _clip(rng: Random, number: int) -> str:
    roll = rng.random()
    if roll < 0.55:
        return f"GX01{number:04}.MP4"
    if roll < 0.80:
        return f"GH01{number:04}.MP4"
    if roll < 0.90:
        return f"GOPR{number:04}.MP4"
    return _odd_clip(rng, number, roll)


def _odd_clip(rng: Random, number: int, roll: float) -> str:
    if roll < 0.97:
        # looping video counts its chapters in letters
        return f"G{rng.choice('XH')}A{rng.choice('ABCDEFGHIJKLMNO')}{number:04}.MP4"
    day = f"20{rng.randrange(14, 26)}{rng.randrange(1, 13):02}{rng.randrange(1, 29):02}"
    return rng.choice(
        (
            f"GX01{number:04}.mp4",
            f"GG01{number:04}.MP4",
            f"GS01{number:04}.360",
            f"IMG_{number:04}.MOV",
            f"DJI_{number:04}.MP4",
            f"{day}_{number:06}.mp4",
            f"player{number}.mp4",
            f"Labs Skitour GX01{number:04}.MP4",
        )
    )


def _photo(rng: Random, number: int) -> str:
    roll = rng.random()
    if roll < 0.9:
        return f"GOPR{number:04}.JPG"
    return f"GS__{number:04}.JPG" if roll < 0.95 else f"IMG_{number:04}.jpeg"


def _set(rng: Random, number: int) -> str:
    return f"G{rng.randrange(1, 1000):03}{number:04}.JPG"


def _edit(rng: Random, number: int) -> str:
    return f"project-{number:04}.json" if rng.random() < 0.8 else f"Highlights {number}.json"


def _audio(_rng: Random, number: int) -> str:
    return f"GX01{number:04}.WAV"


_DRAW = {
    Form.CLIP: _clip,
    Form.PHOTO: _photo,
    Form.SET: _set,
    Form.EDIT: _edit,
    Form.AUDIO: _audio,
}
