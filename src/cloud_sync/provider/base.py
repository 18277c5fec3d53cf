"""The contract of a camera cloud: `provider/gopro` keeps it, and `provider/memory` for tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cloud_sync.model.media import Account, MediaFile, MediaItem, Page


class SourceStream(Protocol):
    """A range of an original, read from front to back.

    `size` is the length in bytes of the whole original as the source declares it, None where it
    does not. `etag` is the source's own version mark, without quotes, None where there is none.
    """

    size: int | None
    etag: str | None

    def readinto(self, buffer: memoryview) -> int:
        """Fill as much of `buffer` as is at hand; return the count, 0 only at the end.

        Must raise StreamBroken when the body is shorter or longer than the range declared, and
        ServiceUnavailable when the connection breaks or stalls; never an end that looks clean.
        """
        ...

    def close(self) -> None:
        """Let go of the connection; may be called twice."""
        ...


class Provider(Protocol):
    """A camera cloud. Calls may come from several threads at once.

    Every call raises AuthRequired when the login is missing, expired or refused,
    Throttled and ServiceUnavailable when trying again may help,
    and SourceNotUnderstood when the answer cannot be read. It never retries by itself.
    """

    name: str
    """The display name, as the object tag `Source` bears it: `GoPro`."""

    def check_login(self) -> Account:
        """One cheap call that tells whether the login works."""
        ...

    def list_page(self, number: int) -> Page:
        """Page `number`, counted from 1, newest first. Past the end: an empty page with `last`.

        The listing is live: an item may appear on two pages, or slip through between two.
        Rows that cannot be read are named in `Page.unreadable`, never dropped.
        """
        ...

    def resolve(self, item: MediaItem) -> Sequence[MediaFile]:
        """All original files of the item, in order of `number`, each number once.

        Raises GoneAtSource when the item is no longer there,
        NotReady when an original is announced but not available yet,
        and NoOriginal when no original is offered: a proxy is never given instead.
        """
        ...

    def open(
        self,
        file: MediaFile,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
    ) -> SourceStream:
        """Open `length` bytes of the original from `start` on, or all the rest.

        A range that reaches past the end gives what there is.
        With `etag`, must raise SourceChanged rather than give bytes of another version.
        Raises UrlExpired when the signed URL has run out; a refused URL is never AuthRequired.
        """
        ...

    def close(self) -> None:
        """Let go of connections. May be called twice."""
        ...
