"""Sound answers of the camera cloud to begin with, of every type of medium and every oddity."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from cloud_sync.model.media import MediaItem
from cloud_sync.provider.gopro.wire import parse_page
from cloud_sync.simulator.descriptor import describe
from cloud_sync.simulator.generator import generate
from cloud_sync.simulator.medium import SimMedium
from cloud_sync.simulator.rows import listing_row, single_row

SECRET = "S3CR3T"
"""Stands in every row's token and in every signed address of the seeds."""

ROWS_PER_PAGE = 4


class Kind(StrEnum):
    """Which call the answer belongs to."""

    SEARCH = "search"
    DOWNLOAD = "download"
    USER = "user"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Seed:
    """An answer as it is decoded, and what the caller knew when it asked.

    `item` is the medium that was asked for, `page` the number of the listing's page.
    """

    kind: Kind
    content: Mapping[str, Any]
    item: MediaItem
    page: int = 1


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer as it comes from the wire."""

    seed: Seed
    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@cache
def sound_answers() -> tuple[Seed, ...]:
    """Listings, offers, single records and accounts of the simulator's generated library."""
    media = generate(80, 11, file_bytes=(2_000, 9_000)).media()
    seeds: list[Seed] = []
    for start in range(0, len(media), ROWS_PER_PAGE):
        some = media[start : start + ROWS_PER_PAGE]
        page = 1 + start // ROWS_PER_PAGE
        content = _page(some, page, len(media))
        items = parse_page(json.dumps(content).encode(), page).items
        seeds.append(Seed(Kind.SEARCH, content, items[0], page))
        for medium, item in zip(some, items, strict=True):
            seeds.append(Seed(Kind.DOWNLOAD, describe(medium, _sign), item))
            seeds.append(Seed(Kind.MEDIA, single_row(medium) | {"token": SECRET}, item))
        seeds.append(Seed(Kind.USER, _ACCOUNTS[page % len(_ACCOUNTS)], items[0]))
    return tuple(seeds)


@cache
def by_kind() -> Mapping[Kind, tuple[Seed, ...]]:
    """The sound answers by the call that they belong to."""
    return {kind: tuple(s for s in sound_answers() if s.kind is kind) for kind in Kind}


def _page(media: Sequence[SimMedium], number: int, total: int) -> dict[str, Any]:
    rows = [listing_row(medium) | {"token": SECRET} for medium in media]
    return {
        "_embedded": {"errors": [], "media": rows},
        "_pages": {
            "current_page": number,
            "per_page": ROWS_PER_PAGE,
            "total_items": total,
            "total_pages": -(-total // ROWS_PER_PAGE),
        },
    }


def _sign(method: str, path: str) -> str:
    return f"https://cdn.example{path}?Method={method}&Signature={SECRET}"


_ACCOUNTS: tuple[dict[str, Any], ...] = (
    {"user_id": "u-1", "gopro_user_id": "u-1", "media_count": 80, "token": SECRET},
    {"user": {"id": "u-2"}, "errors": []},
    {"_embedded": {"user": {"gopro_user_id": 31}}},
)
