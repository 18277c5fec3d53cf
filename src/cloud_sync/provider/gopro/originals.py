"""Which of the files that the GoPro cloud offers for a medium are its originals. Purely.

Observed of the offers:
- A `source` variation is an original; `baked_source` is one of an edit. All else is a proxy,
  also where it has the original's width and height; `concat` is a re-mux made by the server.
- Chapters of a long video are as many `source` variations, in any order, told apart by
  `item_number` and by the last part of their path.
- The frames of a photo set are in `files`, one `source` being a copy of the first;
  or they are numbered `source` variations. For videos `files` holds proxies.
- RAW photos (`raw_photo`, type gpr) stand among variations or sidecars, beside the JPEG.

An offer that does not hold what the listing promises is refused, never completed in part.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cloud_sync.errors import NoOriginal, NotReady
from cloud_sync.model.media import MediaFile, MediaItem
from cloud_sync.provider.gopro.api_url import split_url
from cloud_sync.provider.gopro.values import extension, kind_of, not_understood, shown
from cloud_sync.secret import Secret

NUMBER_STRIDE = 1_000_000
"""Companions of a set are numbered in steps of this above the set's own numbers.

So a file's number depends on its own place only, not on how many others there are.
"""

_EDITS = frozenset({"edit", "multiclipedit"})
_STILLS = frozenset({"jpg", "jpeg", "gpr", "heic", "png"})
_NUMBER_IN_PATH = re.compile(r"/source/[^/]+/([1-9][0-9]{0,5})\.\w+$")
_POSITIONS = ("default", "front", "back")
_RAW_BLOCK = 10
_PROJECT_BLOCK = 20


@dataclass(frozen=True, slots=True)
class Offer:
    """One file that the cloud offers. `path` is its place in the answer, for messages.

    `label` is in lower case and empty for entries of `files`. `url` is whatever stood there.
    """

    path: str
    label: str
    kind: str
    position: str
    item_number: int | None
    url: object
    available: bool

    @property
    def url_path(self) -> str:
        parts = split_url(self.url) if isinstance(self.url, str) else None
        return parts.path if parts else ""

    @property
    def number(self) -> int:
        """The place in the set, counted from 1; 1 where nothing tells."""
        if self.item_number:
            return self.item_number
        match = _NUMBER_IN_PATH.search(self.url_path)
        return int(match[1]) if match else 1

    @property
    def extension(self) -> str:
        name = self.url_path.rpartition("/")[2]
        return self.kind or (extension(name.rpartition(".")[2]) if "." in name else "")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Everything that the cloud offers for one medium."""

    filename: str
    files: tuple[Offer, ...]
    variations: tuple[Offer, ...]
    sidecars: tuple[Offer, ...]


Group = dict[int, Offer]
"""Offers of one kind and camera position by their number in the set."""


def choose_originals(descriptor: Descriptor, item: MediaItem, doing: str) -> tuple[MediaFile, ...]:
    """The originals by number, each number once, with number 1 among them.

    `doing` begins every message. Raises NoOriginal, NotReady and SourceNotUnderstood.
    """
    main, companions = _labelled(descriptor, item)
    if not main:
        raise NoOriginal(f"{doing}: no original is offered ({_everything(descriptor)})")
    baked = main[0].label == "baked_source"
    positions = _by_position(_with_frames(main, descriptor.files), doing)
    raw = _by_position([offer for offer in companions if _is_raw(offer)], doing)
    project = _by_position([offer for offer in companions if not _is_raw(offer)], doing)
    # how many clips an edit was made of says nothing about its own files
    _check_complete(positions, raw, 1 if baked else item.file_count, doing)
    numbered = _numbered(positions, raw, project)
    _check_distinct(numbered, doing)
    return tuple(
        _media_file(number, offer, descriptor, item, doing)
        for number, offer in sorted(numbered.items())
    )


def _labelled(descriptor: Descriptor, item: MediaItem) -> tuple[list[Offer], list[Offer]]:
    """The offers that are the medium itself, and originals beside them."""
    sources = [offer for offer in descriptor.variations if offer.label == "source"]
    baked = [offer for offer in descriptor.variations if offer.label == "baked_source"]
    if baked and (not sources or item.type.lower() in _EDITS):
        return baked, sources
    developed = [offer for offer in sources if not _is_raw(offer)]
    main = developed or sources
    if not main:
        return [], []
    everything = (*descriptor.variations, *descriptor.sidecars)
    return main, [offer for offer in everything if _is_raw(offer) and offer not in main]


def _is_raw(offer: Offer) -> bool:
    return offer.label == "raw_photo" or offer.extension == "gpr"


def _with_frames(main: list[Offer], files: tuple[Offer, ...]) -> list[Offer]:
    """`main`, or for a photo set all its frames where only the cover is among the variations."""
    places = {(offer.position, offer.number) for offer in files}
    stills = all(offer.extension in _STILLS for offer in main)
    distinct = len(places) == len(files)
    if not stills or not distinct or len(files) <= len(main):
        return main
    rest = [offer for offer in main if (offer.position, offer.number) not in places]
    return [*files, *rest]


def _by_position(offers: Iterable[Offer], doing: str) -> list[Group]:
    """Groups per camera position: default, front, back, then any other by name."""
    groups: dict[str, Group] = {}
    for offer in offers:
        group = groups.setdefault(offer.position, {})
        known = group.setdefault(offer.number, offer)
        if known is not offer and known.url != offer.url:
            raise not_understood(
                doing,
                f"`{known.path}` and `{offer.path}` both claim to be original {offer.number} "
                f"of camera position {shown(offer.position, 20)}",
            )

    def rank(position: str) -> tuple[int, str]:
        known = position in _POSITIONS
        return (_POSITIONS.index(position) if known else len(_POSITIONS)), position

    return [groups[position] for position in sorted(groups, key=rank)]


def _check_complete(positions: list[Group], raw: list[Group], promised: int, doing: str) -> None:
    """Raise SourceNotUnderstood unless the offer holds what the listing promises.

    The promise is the count of one camera position, or of all originals: both were observed.
    """
    first = positions[0]
    developed = sum(len(group) for group in positions)
    everything = developed + sum(len(group) for group in raw)
    if len(first) < promised and promised not in (developed, everything):
        raise not_understood(
            doing, f"{developed} originals are offered, but the listing promises {promised}"
        )
    if any(group.keys() != first.keys() for group in positions):
        counts = ", ".join(str(len(group)) for group in positions)
        raise not_understood(doing, f"its camera positions differ in their parts ({counts})")
    gaps = len(first) != max(first)
    if 1 not in first or (gaps and len(first) != promised):
        raise not_understood(
            doing,
            f"{len(first)} originals are offered, numbered up to {max(first)}: some are missing",
        )


def _numbered(positions: list[Group], raw: list[Group], project: list[Group]) -> Group:
    """One numbering over all: the medium's own numbers stay, companions come after them."""
    main, *others = positions
    blocks = list(enumerate(others, start=1))
    blocks += list(enumerate(raw, start=_RAW_BLOCK))
    blocks += list(enumerate(project, start=_PROJECT_BLOCK))
    numbered = dict(main)
    for block, group in blocks:
        for number, offer in sorted(group.items()):
            single = len(main) == 1
            place = len(numbered) + 1 if single else block * NUMBER_STRIDE + number
            numbered[place] = offer
    return numbered


def _check_distinct(numbered: Group, doing: str) -> None:
    """Raise SourceNotUnderstood where one address stands for two originals: one would be lost."""
    uses = Counter(offer.url for offer in numbered.values() if isinstance(offer.url, str))
    for number, offer in sorted(numbered.items()):
        if isinstance(offer.url, str) and uses[offer.url] > 1:
            raise not_understood(doing, f"`{offer.path}.url` (file {number}) is another file's too")


def _media_file(
    number: int, offer: Offer, descriptor: Descriptor, item: MediaItem, doing: str
) -> MediaFile:
    if not offer.available or offer.url is None:
        raise NotReady(f"{doing}: original {number} is announced but not available yet")
    if not isinstance(offer.url, str):
        raise not_understood(
            doing, f"`{offer.path}.url` is {kind_of(offer.url)} where text was expected"
        )
    if split_url(offer.url) is None:
        raise not_understood(doing, f"`{offer.path}.url` is no web address")
    return MediaFile(number, descriptor.filename, _extension(offer, item), Secret(offer.url))


def _extension(offer: Offer, item: MediaItem) -> str:
    """As the offer says; the listing's own is no help with an edit (json) or a RAW photo (jpg)."""
    if offer.extension:
        return offer.extension
    if offer.label == "raw_photo":
        return "gpr"
    return "" if item.type.lower() in _EDITS else item.extension


def _everything(descriptor: Descriptor) -> str:
    """What is offered, for a message: labels with kinds, each once, with its count."""
    names = Counter(
        " ".join(filter(None, (shown(offer.label or "unlabelled", 40), offer.extension)))
        for offer in (*descriptor.variations, *descriptor.sidecars)
    )
    if descriptor.files:
        names["unlabelled files"] = len(descriptor.files)
    told = [name if count == 1 else f"{count} × {name}" for name, count in sorted(names.items())]
    return f"only {', '.join(told[:12])}" if told else "nothing at all"
