"""When a run is killed: drawn from a seed, told by what the run has done and not by the clock."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from random import Random


class After(StrEnum):
    """What is counted since the run began."""

    BYTES = "bytes fetched"
    FILES = "files archived"
    PAGES = "pages asked for"
    LARGE = "bytes fetched since a large original began"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a run has done so far. `since_large` is None while no large original has begun."""

    bytes: int = 0
    files: int = 0
    pages: int = 0
    since_large: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment in a run's life."""

    after: After
    count: int

    def has_come(self, seen: Seen) -> bool:
        match self.after:
            case After.BYTES:
                return seen.bytes >= self.count
            case After.FILES:
                return seen.files >= self.count
            case After.PAGES:
                return seen.pages >= self.count
        return seen.since_large is not None and seen.since_large >= self.count

    def __str__(self) -> str:
        return f"{self.count:,} {self.after}"


_WEIGHTS = {After.BYTES: 5, After.FILES: 2, After.LARGE: 2, After.PAGES: 1}
_PAGES = 4
_MOST_FILES = 30
_LARGE_BYTES = 8_000_000


def drawn(chance: Random, left: int, kills: int, *, missed: bool) -> Moment:
    """The next moment, where `left` bytes are to be fetched and so many kills are to come.

    All of them fit in what is left. A run that ended before its moment (`missed`) may have nothing
    to fetch any more; each lists the library, so the next one is killed over that.
    """
    after = After.PAGES
    if not missed and left > 0:
        after = chance.choices(list(_WEIGHTS), list(_WEIGHTS.values()))[0]
    match after:
        case After.BYTES:
            return Moment(after, int(left / (kills + 1) * chance.uniform(0.05, 1.6)))
        case After.FILES:
            return Moment(after, chance.randint(1, _MOST_FILES))
        case After.LARGE:
            return Moment(after, chance.randrange(_LARGE_BYTES))
    return Moment(after, chance.randint(1, _PAGES))
