"""When a fault of a plan is given: purely from the plan and from the calls in their order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from hashlib import blake2b
from typing import Any

from cloud_sync.simulator.answers import Endpoint
from cloud_sync.simulator.fault_table import Medium
from cloud_sync.simulator.faults import Call

NAME_OF = {
    Endpoint.USER: "user",
    Endpoint.SEARCH: "search",
    Endpoint.MEDIUM: "media",
    Endpoint.DOWNLOAD: "download",
    Endpoint.OBJECT: "cdn",
}
"""What plans call the endpoints that they may spoil."""

_RANGE = re.compile(r"\s*bytes=(\d+)-(\d*)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conditions:
    """Which of the calls that a fault describes it is given to; without any, to all.

    Calls are counted from 1: for all that the fault describes together (`per` is `endpoint`),
    or for each medium or each of its files apart. `times` is how often it is given at most,
    counted in the same way.
    """

    nth: frozenset[int] = frozenset()
    every: int | None = None
    probability: float | None = None
    after: int = 0
    until: int | None = None
    times: int | None = None
    per: str = "endpoint"


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a plan. `place` is where it stands in it, from 0."""

    place: int
    kind: str
    endpoints: frozenset[str]
    medium: str | None
    selects: Medium
    conditions: Conditions
    parameters: Mapping[str, Any]

    def describes(self, call: Call) -> bool:
        """Whether it could be given to the call, if its turn has come."""
        if NAME_OF.get(call.endpoint) not in self.endpoints:
            return False
        if self.selects is Medium.CALLS and not self.fits(call.medium_id):
            return False
        return _covers(call, self.parameters.get("at_byte"))

    def fits(self, medium_id: object) -> bool:
        """Whether `medium` selects this one; it selects all where there is none."""
        if self.medium is None:
            return True
        return isinstance(medium_id, str) and fnmatchcase(medium_id, self.medium)


@dataclass(frozen=True, slots=True)
class Turn:
    """A place in the count of a fault's calls. `drawn` is from 0 up to 1, without 1."""

    number: int
    drawn: float


def due(conditions: Conditions, turn: Turn) -> bool:
    """Whether all conditions hold, but for `times`."""
    number = turn.number
    if number <= conditions.after:
        return False
    if conditions.until is not None and number > conditions.until:
        return False
    if conditions.nth and number not in conditions.nth:
        return False
    if conditions.every is not None and number % conditions.every:
        return False
    return conditions.probability is None or turn.drawn < conditions.probability


class Choice:
    """Counts the calls of one fault and chooses among them. The caller keeps threads apart."""

    def __init__(self, fault: Fault, seed: int) -> None:
        self._fault = fault
        self._seed = seed
        self._calls: Counter[tuple[str, ...]] = Counter()
        self._same: Counter[tuple[str, ...]] = Counter()
        self._given: Counter[tuple[str, ...]] = Counter()

    def chooses(self, call: Call) -> bool:
        """Count the call, and tell whether the fault is given to it; then `times` goes down."""
        conditions = self._fault.conditions
        counted = _counted_by(conditions.per, call)
        self._calls[counted] += 1
        asked = _asked(call)
        self._same[asked] += 1
        turn = Turn(self._calls[counted], self._draw(asked))
        if conditions.times is not None and self._given[counted] >= conditions.times:
            return False
        if not due(conditions, turn):
            return False
        self._given[counted] += 1
        return True

    def take_back(self, call: Call) -> None:
        """The fault could do nothing to this call, so it was not given."""
        self._given[_counted_by(self._fault.conditions.per, call)] -= 1

    def _draw(self, asked: tuple[str, ...]) -> float:
        """From the seed, what is asked for, and how often the same was asked for before.

        Which call came first among several at once changes nothing.
        """
        parts = (str(self._seed), str(self._fault.place), *asked, str(self._same[asked]))
        digest = blake2b("\0".join(parts).encode("utf-8", "surrogateescape"), digest_size=8)
        return int.from_bytes(digest.digest()) / 2**64


def _counted_by(per: str, call: Call) -> tuple[str, ...]:
    if per == "endpoint":
        return ()
    return (call.medium_id,) if per == "medium" else (call.medium_id, call.request.path)


def _asked(call: Call) -> tuple[str, ...]:
    """What the call asks for; the signature of an address is none of it."""
    request = call.request
    return (
        call.endpoint.value,
        request.path,
        request.query.get("page", ""),
        request.header("Range") or "",
    )


def _covers(call: Call, at_byte: int | None) -> bool:
    """Whether the byte of the file is among those that are asked for."""
    match = _RANGE.fullmatch(call.request.header("Range") or "")
    if at_byte is None or match is None or call.endpoint is not Endpoint.OBJECT:
        return True
    first, last = match.groups()
    return int(first) <= at_byte and (not last or at_byte <= int(last))
