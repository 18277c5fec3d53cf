"""What a call of `/media/search` asks for, read from its query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cloud_sync.clock import from_text
from cloud_sync.simulator.medium import SimMedium

CAPTURED = "captured_at"
CREATED = "created_at"

PER_PAGE = 30
PER_PAGE_CAP = 100
"""The most that the real service has been seen to honour; what lies above is not known."""


class BadQuery(ValueError):
    """The query cannot be read; its text says which part."""


@dataclass(frozen=True, slots=True)
class Query:
    """Filters and order of a listing; empty sets and None let everything through.

    The capture range is half-open: from `captured_from`, before `captured_before`.
    """

    order_by: str = CAPTURED
    types: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    captured_from: datetime | None = None
    captured_before: datetime | None = None

    @property
    def filters(self) -> bool:
        """Whether anything is filtered at all."""
        return self != Query(order_by=self.order_by)

    def matches(self, medium: SimMedium) -> bool:
        if self.types and medium.type not in self.types:
            return False
        if self.states and medium.state not in self.states:
            return False
        return self._captured_within(medium.captured_at)

    def _captured_within(self, instant: datetime | None) -> bool:
        if self.captured_from is None and self.captured_before is None:
            return True
        if instant is None:
            return False
        if self.captured_from is not None and instant < self.captured_from:
            return False
        return self.captured_before is None or instant < self.captured_before


def read_query(parameters: Mapping[str, str]) -> Query:
    """Filters and order. Raises BadQuery where they cannot be read."""
    order_by = parameters.get("order_by") or CAPTURED
    if order_by not in (CAPTURED, CREATED):
        raise BadQuery("order_by")
    start, end = _read_range(parameters.get("captured_range", ""))
    return Query(
        order_by=order_by,
        types=_csv(parameters.get("type", "")),
        states=_csv(parameters.get("processing_states", "")),
        captured_from=start,
        captured_before=end,
    )


def read_page(parameters: Mapping[str, str]) -> tuple[int, int]:
    """Page number and page size, the latter cut to the cap. Raises BadQuery."""
    number = _positive(parameters, "page", 1)
    return number, min(PER_PAGE_CAP, _positive(parameters, "per_page", PER_PAGE))


def _positive(parameters: Mapping[str, str], name: str, default: int) -> int:
    text = parameters.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or int(text) < 1:
        raise BadQuery(name)
    return int(text)


def _csv(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _read_range(text: str) -> tuple[datetime | None, datetime | None]:
    if not text:
        return None, None
    start, comma, end = text.partition(",")
    if not comma:
        raise BadQuery("captured_range")
    try:
        return from_text(start) if start else None, from_text(end) if end else None
    except ValueError as error:
        raise BadQuery("captured_range") from error
