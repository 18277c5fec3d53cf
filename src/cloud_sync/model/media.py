"""What a camera cloud holds: media items and their original files."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cloud_sync.secret import Secret


@dataclass(frozen=True, slots=True)
class MediaItem:
    """One capture as the provider lists it: a clip, a photo, or a set of photos.

    `id` is opaque and case-sensitive. `filename` may be empty and repeats across items.
    `size` is the sum over all original files in bytes, None where the provider does not say.
    `captured_at` keeps the offset that the provider wrote; None where it does not say.
    `ready` is False while the provider still works on the item, or has given up on it;
    `state` is the provider's own word for that.
    """

    id: str
    type: str
    filename: str
    extension: str
    state: str
    ready: bool
    size: int | None
    file_count: int
    captured_at: datetime | None
    uploaded_at: datetime | None
    updated_at: datetime | None
    duration_seconds: float | None


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One original file of an item, ready to be opened.

    `number` counts from 1 and is stable: the place of a chapter, frame or companion in the item.
    `extension` is lower-case without a dot, empty where the provider does not say.
    `url` is signed and dies within about an hour: resolve late, resolve again when it has died.
    """

    number: int
    filename: str
    extension: str
    url: Secret


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a listing.

    `unreadable` has a sentence for each row that could not be read as an item.
    `total_items` is what the provider says the whole listing holds, None where it does not say.
    `last` is True when nothing follows.
    """

    items: tuple[MediaItem, ...]
    unreadable: tuple[str, ...]
    total_items: int | None
    last: bool


@dataclass(frozen=True, slots=True)
class Account:
    """Whose library it is, as far as the provider's login check tells.

    `server_time` is the other side's clock when it answered, None where it does not say.
    """

    id: str
    server_time: datetime | None = None
