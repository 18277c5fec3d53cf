"""What the simulated cloud holds: media, and their original files."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from cloud_sync.simulator import rows

_READ_SIZE = 1 << 20


class OriginalUnreadable(Exception):
    """The bytes of an original cannot be had (any more): the file has gone, or has shrunk."""


class SimFile(ABC):
    """One original file. `number` counts from 1 within its medium; `size` is in bytes.

    `filename` is what the camera called it; `extension` is lower-case, without a dot.
    """

    __slots__ = ("extension", "filename", "number", "size")

    def __init__(self, number: int, filename: str, extension: str, size: int) -> None:
        self.number = number
        self.filename = filename
        self.extension = extension
        self.size = size

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """Another one whenever the bytes may be others. Raises OriginalUnreadable."""

    @abstractmethod
    def read(self, offset: int, length: int) -> bytes:
        """The bytes from `offset`: `length` of them, or as many as there are before the end.

        Raises OriginalUnreadable.
        """

    def sha256(self) -> str:
        """The hexadecimal SHA-256 of all bytes, read through once. Raises OriginalUnreadable."""
        digest = sha256()
        for offset in range(0, self.size, _READ_SIZE):
            digest.update(self.read(offset, _READ_SIZE))
        return digest.hexdigest()


class Shape(StrEnum):
    """Where a medium's originals stand in the answer of `/media/{id}/download`."""

    SOURCES = "sources"
    """One `source` variation per file: single clips, photos, chapters, some time-lapses."""
    FRAMES = "frames"
    """Every file in `files[]`, and one `source` variation, the cover, which is frame 1."""
    BAKED = "baked"
    """One `baked_source` variation: edits, which are listed as a json project."""
    RAW_SIDECAR = "raw_sidecar"
    """A `source` photo, and the `raw_photo` beside it in `sidecar_files[]`."""
    RAW_VARIATION = "raw_variation"
    """A `source` photo, and the `raw_photo` beside it in `variations[]`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimMedium:
    """One medium as the simulated cloud holds it; `dataclasses.replace` makes a changed one.

    `originals` is empty where the cloud offers none. `state` is the `ready_to_view` of the wire.
    `listed_size` is what the listing claims as `file_size`, None where it claims nothing;
    it need not be true. `updated_at` defaults to minutes after `created_at`.
    `files_total` is the `item_count` of a medium that offers no originals.
    """

    id: str
    created_at: datetime
    type: str = "Video"
    filename: str | None = "GX010001.MP4"
    captured_at: datetime | None = None
    updated_at: datetime | None = None
    state: str = "ready"
    shape: Shape = Shape.SOURCES
    originals: tuple[SimFile, ...] = ()
    listed_size: int | None = None
    files_total: int = 1
    camera: str | None = None

    @property
    def ready(self) -> bool:
        return self.state == "ready"

    @property
    def offers_original(self) -> bool:
        return bool(self.originals)

    @property
    def instant(self) -> datetime:
        """Where the medium stands in the order by capture: its upload where capture is unknown.

        What the real service does with an unknown capture date is not known.
        """
        return self.captured_at or self.created_at

    def row(self) -> dict[str, Any]:
        """The medium as `/media/search` tells it, with all fields."""
        return rows.listing_row(self)
