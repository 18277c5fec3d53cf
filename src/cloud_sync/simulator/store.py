"""The media of the simulated cloud in their two orders, changeable while they are served."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from datetime import datetime
from threading import RLock

from cloud_sync.simulator.listing import CAPTURED, CREATED, Query
from cloud_sync.simulator.medium import SimMedium

_Key = tuple[datetime, str]
_REMEMBERED = 16


class Library:
    """A library of media. Every call may come from any thread at any time.

    The orders are kept, not computed: a page costs what it holds, whatever the library's size.
    A filtered listing is remembered until the library changes.
    """

    def __init__(self, media: Iterable[SimMedium] = ()) -> None:
        self._lock = RLock()
        self._media = {medium.id: medium for medium in media}
        self._removed: dict[str, SimMedium] = {}
        self._orders: dict[str, list[_Key]] = {
            order: sorted(_key(order, medium) for medium in self._media.values())
            for order in (CAPTURED, CREATED)
        }
        self._filtered: dict[Query, list[SimMedium]] = {}

    def __len__(self) -> int:
        return len(self._media)

    def media(self) -> tuple[SimMedium, ...]:
        """All media, newest capture first."""
        with self._lock:
            return tuple(self._media[key[1]] for key in reversed(self._orders[CAPTURED]))

    def get(self, medium_id: str) -> SimMedium | None:
        """The medium, None where there is none (any more)."""
        return self._media.get(medium_id)

    def stored(self, medium_id: str) -> SimMedium | None:
        """As `get`, and removed media too: signed URLs outlive a deletion."""
        with self._lock:
            return self._media.get(medium_id) or self._removed.get(medium_id)

    def add(self, medium: SimMedium) -> None:
        """Put a medium in its place of both orders; one with the same id is replaced."""
        with self._lock:
            old = self._media.get(medium.id)
            if old is not None:
                self._take_out(old)
            self._media[medium.id] = medium
            self._removed.pop(medium.id, None)
            for order, keys in self._orders.items():
                insort(keys, _key(order, medium))
            self._filtered.clear()

    def remove(self, medium_id: str) -> SimMedium:
        """Move a medium to the trash and return it. KeyError where there is none."""
        with self._lock:
            medium = self._media[medium_id]
            self._take_out(medium)
            del self._media[medium_id]
            self._removed[medium_id] = medium
            self._filtered.clear()
            return medium

    def page(self, query: Query, number: int, per_page: int) -> tuple[list[SimMedium], int]:
        """Page `number` (from 1) as the library is now, and how many media match in all."""
        low = (number - 1) * per_page
        with self._lock:
            if query.filters:
                found = self._matching(query)
                return found[low : low + per_page], len(found)
            keys = self._orders[query.order_by]
            end = len(keys) - low
            part = keys[max(0, end - per_page) : max(0, end)]
            return [self._media[key[1]] for key in reversed(part)], len(keys)

    def _matching(self, query: Query) -> list[SimMedium]:
        found = self._filtered.get(query)
        if found is None:
            ordered = reversed(self._orders[query.order_by])
            found = [medium for _, key in ordered if query.matches(medium := self._media[key])]
            if len(self._filtered) >= _REMEMBERED:
                self._filtered.clear()
            self._filtered[query] = found
        return found

    def _take_out(self, medium: SimMedium) -> None:
        for order, keys in self._orders.items():
            del keys[bisect_left(keys, _key(order, medium))]


def _key(order: str, medium: SimMedium) -> _Key:
    return (medium.instant if order == CAPTURED else medium.created_at, medium.id)
