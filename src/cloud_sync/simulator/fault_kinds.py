"""What each kind of fault does, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from cloud_sync.simulator.answers import Answer
from cloud_sync.simulator.fault_bytes import BYTES
from cloud_sync.simulator.fault_listing import LISTING
from cloud_sync.simulator.fault_occasion import Occasion
from cloud_sync.simulator.fault_service import SERVICE, Down, RateLimit
from cloud_sync.simulator.faults import Call


class Deed(Protocol):
    """What a fault does to the calls that it is given to."""

    def holds(self, call: Call, now: float) -> bool:
        """Whether it goes on with this call without being given anew; `now` is monotonic."""
        ...

    def __call__(self, occasion: Occasion) -> Answer | None:
        """What to answer, None when the connection is dealt with."""
        ...


class _Single:
    """Does the same to each call, and remembers none."""

    def __init__(self, act: Callable[[Occasion], Answer | None]) -> None:
        self._act = act

    def holds(self, call: Call, now: float) -> bool:  # noqa: ARG002
        return False

    def __call__(self, occasion: Occasion) -> Answer | None:
        return self._act(occasion)


_SINGLE = {**SERVICE, **LISTING, **BYTES}
_LASTING: dict[str, Callable[[], Deed]] = {"rate_limit": RateLimit, "down": Down}

NAMES = frozenset({*_SINGLE, *_LASTING})
"""The kinds that something is done for."""


def deed_of(kind: str) -> Deed:
    """What a fault of this kind does, for one simulator."""
    return _LASTING[kind]() if kind in _LASTING else _Single(_SINGLE[kind])
