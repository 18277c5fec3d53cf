"""A camera cloud whose calls are paced, and that waits out its outages, for one run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import count

from cloud_sync.clock import Clock
from cloud_sync.errors import CloudSyncError, ServiceUnavailable, UrlExpired
from cloud_sync.model.media import Account, MediaFile, MediaItem, Page
from cloud_sync.model.tracking import Status
from cloud_sync.pipeline.events import Observer, Warned
from cloud_sync.pipeline.rooms import Rooms, RunOptions
from cloud_sync.provider.base import Provider, SourceStream
from cloud_sync.tracker.base import Tracker
from cloud_sync.transfer.circuit_breaker import OutagePolicy
from cloud_sync.transfer.service_guard import ServiceGuard, Watch
from cloud_sync.transfer.stopping import Stop

KEPT_REFERENCES = 4
KEPT_LISTED = 20


class GuardedProvider:
    """`Provider` over another one; its calls may raise ServiceDown and Interrupted besides.

    The interface and the delivery of bytes are guarded apart: one may be down without the other.
    Whether a medium or its service is at fault is told by asking for another: for one that worked
    earlier in the run, else for what `archived` gives, a medium that was archived before, else for
    one listed medium after the other, of which any may be in order.
    """

    def __init__(
        self,
        provider: Provider,
        policy: OutagePolicy,
        clock: Clock,
        stop: Stop,
        *,
        archived: Callable[[], MediaItem | None],
        tell: Callable[[str], None],
    ) -> None:
        self.name = provider.name
        self._provider = provider
        self._archived = cache(archived)
        self._resolved: tuple[MediaItem, ...] = ()
        self._opened: tuple[MediaFile, ...] = ()
        self._listed: tuple[MediaItem, ...] = ()
        self._turn = count()
        cloud = f"the {provider.name} cloud"
        delivery = f"{cloud}'s delivery of files"
        asking = Watch(cloud, policy, self._resolve_reference, tell, self._is_no_login_trouble)
        fetching = Watch(delivery, policy, self._open_reference, tell)
        self._api = ServiceGuard(asking, clock, stop)
        self._delivery = ServiceGuard(fetching, clock, stop)

    def check_login(self) -> Account:
        """A run begins with this: where nothing is under way, no outage is waited out."""
        return self._api.paced(self._provider.check_login)

    def list_page(self, number: int) -> Page:
        page = self._api.call(None, lambda: self._provider.list_page(number))
        if len(self._listed) < KEPT_LISTED:
            ready = (item for item in page.items if item.ready)
            self._listed = (*self._listed, *ready)[:KEPT_LISTED]
        return page

    def resolve(self, item: MediaItem) -> Sequence[MediaFile]:
        files = self._api.call(item.id, lambda: self._provider.resolve(item))
        if item not in self._resolved:
            self._resolved = (item, *self._resolved)[:KEPT_REFERENCES]
        return files

    def open(
        self,
        file: MediaFile,
        start: int = 0,
        length: int | None = None,
        etag: str | None = None,
    ) -> SourceStream:
        source = _source(file)
        stream = self._delivery.call(source, lambda: self._provider.open(file, start, length, etag))
        if all(source != _source(kept) for kept in self._opened):
            self._opened = (file, *self._opened)[:KEPT_REFERENCES]
        return stream

    def close(self) -> None:
        self._provider.close()

    def _is_no_login_trouble(self, error: CloudSyncError) -> bool:
        """A dead login is at times answered 500 (observed); waiting would not mend it."""
        if not isinstance(error, ServiceUnavailable) or error.api_status != 500:
            return True
        try:
            self._provider.check_login()
        except CloudSyncError:
            return False
        return True

    def _resolve_reference(self, failed: frozenset[str]) -> Callable[[], object] | None:
        for item in self._resolved:
            if item.id not in failed:
                return partial(self._provider.resolve, item)
        other = self._other_medium()
        return partial(self._provider.resolve, other) if other else None

    def _open_reference(self, failed: frozenset[str]) -> Callable[[], object] | None:
        for file in self._opened:
            if _source(file) not in failed:
                return partial(self._open_a_byte, file)
        other = self._other_medium()
        return partial(self._open_first, other) if other else None

    def _other_medium(self) -> MediaItem | None:
        if archived := self._archived():
            return archived
        return self._listed[next(self._turn) % len(self._listed)] if self._listed else None

    def _open_first(self, item: MediaItem) -> None:
        self._open_a_byte(self._provider.resolve(item)[0])

    def _open_a_byte(self, file: MediaFile) -> None:
        try:
            self._provider.open(file, 0, 1).close()
        except UrlExpired:
            # an answer as good as any: the address is from earlier in the run
            return


def _source(file: MediaFile) -> str:
    return f"{file.filename} {file.number}"


def guarded(rooms: Rooms, options: RunOptions, stop: Stop, observe: Observer) -> GuardedProvider:
    """The provider of one run."""
    return GuardedProvider(
        rooms.provider,
        options.outage,
        rooms.clock,
        stop,
        archived=lambda: archived_medium(rooms.tracker),
        tell=lambda sentence: observe(Warned(sentence)),
    )


def archived_medium(tracker: Tracker) -> MediaItem | None:
    """Some medium that is archived, as far as asking for it needs; None where there is none."""
    for known in tracker.media(status=Status.COMPLETED):
        return MediaItem(
            id=known.media_id,
            type=known.media_type,
            filename=known.filename,
            extension="",
            state="",
            ready=True,
            size=None,
            file_count=1,
            captured_at=None,
            uploaded_at=None,
            updated_at=None,
            duration_seconds=None,
        )
    return None
