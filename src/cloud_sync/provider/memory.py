"""A camera cloud in a dict, with a fault switch: for tests of everything that uses a Provider."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import md5
from threading import RLock

from cloud_sync.errors import (
    CloudSyncError,
    GoneAtSource,
    NoOriginal,
    ServiceUnavailable,
    SourceChanged,
    StreamBroken,
    UrlExpired,
)
from cloud_sync.model.media import Account, MediaFile, MediaItem, Page
from cloud_sync.secret import Secret

_DAWN = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Original:
    """One original's bytes; `extension` is the item's own where it is None.

    `etag` is its version mark, the MD5 of the bytes where it is None.
    """

    content: bytes
    extension: str | None = None
    etag: str | None = None


@dataclass(slots=True)
class Faults:
    """What is to go wrong.

    `pending` holds errors by the name of a call (`check_login`, `list_page`, `resolve`, `open`);
    each is raised once, in order. `stream_ends_after` and `stream_breaks_after` are byte counts
    of one stream: a body that ends early, and a connection that breaks.
    """

    pending: dict[str, deque[CloudSyncError]] = field(default_factory=dict)
    stream_ends_after: int | None = None
    stream_breaks_after: int | None = None

    def on(self, call: str, *errors: CloudSyncError) -> None:
        """Let the next calls named `call` raise `errors`, one each."""
        self.pending.setdefault(call, deque()).extend(errors)


class MemoryProvider:
    """A library that is handed in, or grown with `add`. `calls` counts calls by name."""

    name = "Memory"

    def __init__(
        self,
        library: Mapping[MediaItem, Sequence[Original]] | None = None,
        *,
        per_page: int = 100,
        account: str = "memory",
    ) -> None:
        self.faults = Faults()
        self.calls: Counter[str] = Counter()
        self._per_page = per_page
        self._account = account
        self._lock = RLock()
        self._generation = 0
        self._items: dict[str, MediaItem] = {}
        self._originals: dict[str, list[Original]] = {}
        for item, originals in (library or {}).items():
            self.add(item, *originals)

    def add(self, item: MediaItem, *originals: Original) -> None:
        """Add a medium with its originals numbered from 1, or replace the one with its id."""
        with self._lock:
            self._items[item.id] = item
            self._originals[item.id] = list(originals)

    def remove(self, media_id: str) -> None:
        """Delete a medium, as its owner can at any time."""
        with self._lock:
            del self._items[media_id], self._originals[media_id]

    def expire_urls(self) -> None:
        """Let every address given out so far run out."""
        with self._lock:
            self._generation += 1

    def check_login(self) -> Account:
        self._enter("check_login")
        return Account(self._account)

    def list_page(self, number: int) -> Page:
        self._enter("list_page")
        with self._lock:
            newest_first = sorted(
                self._items.values(),
                key=lambda item: item.uploaded_at or _DAWN,
                reverse=True,
            )
        start = (number - 1) * self._per_page
        items = tuple(newest_first[start : start + self._per_page])
        return Page(items, (), len(newest_first), last=start + len(items) >= len(newest_first))

    def resolve(self, item: MediaItem) -> tuple[MediaFile, ...]:
        self._enter("resolve")
        with self._lock:
            known = self._items.get(item.id)
            originals = self._originals.get(item.id, [])
            generation = self._generation
        if known is None:
            raise GoneAtSource(f"resolving {item.id}: it is no longer there")
        if not originals:
            raise NoOriginal(f"resolving {item.id}: no original is offered")
        return tuple(
            MediaFile(
                number,
                known.filename,
                known.extension if original.extension is None else original.extension,
                Secret(f"memory:{generation}:{number}:{item.id}"),
            )
            for number, original in enumerate(originals, start=1)
        )

    def open(
        self,
        file: MediaFile,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
    ) -> MemoryStream:
        if start < 0 or (length is not None and length < 1):
            raise ValueError(f"no range: {length} bytes from {start}")
        self._enter("open")
        _, generation, number, media_id = file.url.reveal().split(":", 3)
        with self._lock:
            if int(generation) != self._generation:
                raise UrlExpired(f"opening {media_id}: its address has run out")
            originals = self._originals.get(media_id)
        if originals is None or int(number) > len(originals):
            raise GoneAtSource(f"opening {media_id}: it is no longer there")
        original = originals[int(number) - 1]
        content = original.content
        stream = MemoryStream(content, start, length, self.faults, original.etag)
        if etag is not None and etag != stream.etag:
            raise SourceChanged(f"opening {media_id}: it is another version")
        if start >= len(content):
            raise StreamBroken(
                f"opening {media_id} at {start}: it has {len(content)} bytes",
                got=start,
                expected=len(content),
            )
        return stream

    def _enter(self, call: str) -> None:
        with self._lock:
            self.calls[call] += 1
            waiting = self.faults.pending.get(call)
            if waiting:
                raise waiting.popleft()

    def close(self) -> None:
        """There is nothing to let go of."""


class MemoryStream:
    """A range of an original in memory; its mark is the MD5 of the content, if no other is set."""

    def __init__(
        self,
        content: bytes,
        start: int,
        length: int | None,
        faults: Faults,
        etag: str | None = None,
    ) -> None:
        self.size: int | None = len(content)
        self.etag: str | None = etag or md5(content, usedforsecurity=False).hexdigest()
        self._content = content
        self._start = start
        self._position = start
        self._end = len(content) if length is None else min(start + length, len(content))
        self._faults = faults
        self._closed = False

    def readinto(self, buffer: memoryview) -> int:
        if self._closed:
            raise ValueError("read from a closed stream")
        end = min(self._end, self._position + len(buffer))
        ends, breaks = self._faults.stream_ends_after, self._faults.stream_breaks_after
        for limit in (ends, breaks):
            if limit is not None:
                end = min(end, self._start + limit)
        count = max(0, end - self._position)
        if len(buffer) and not count and self._position < self._end:
            raise self._failure(breaks)
        buffer[:count] = self._content[self._position : end]
        self._position = max(end, self._position)
        return count

    def _failure(self, breaks: int | None) -> StreamBroken | ServiceUnavailable:
        done = f"{self._position} of {self._end} bytes, counted from the original's start"
        if breaks is not None and self._position - self._start >= breaks:
            return ServiceUnavailable(f"reading: the connection broke after {done}")
        return StreamBroken(
            f"reading: the body ended after {done}", got=self._position, expected=self._end
        )

    def close(self) -> None:
        self._closed = True
