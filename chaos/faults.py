"""The plan of faults: a share of the calls of every endpoint, over all kinds that pass.

Left out is what lasts and is told as such: a medium said to be gone, an original no longer offered,
a login that dies, a library that changes. One such answer is to be believed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from chaos.library import LARGE
from cloud_sync.simulator.fault_plan import FaultPlanFile, load_plan

Kind = Mapping[str, Any]

_REFUSALS: list[Kind] = [
    {"kind": "status", "status": 503, "retry_after": 0.2},
    {"kind": "status", "status": 429, "retry_after": 0.2},
]
"""The service asks for fewer calls."""


def _service(stall: float) -> list[Kind]:
    """What else any endpoint may do."""
    return [
        {"kind": "status", "status": 500},
        {"kind": "status", "status": 502},
        {"kind": "status", "status": 503},
        {"kind": "reset"},
        {"kind": "truncate"},
        {"kind": "wrong_length", "by": 7},
        {"kind": "stall", "seconds": stall},
        {"kind": "stall", "seconds": stall, "then": "close"},
    ]


_DATA: list[Kind] = [
    {"kind": "html", "page": "cloudfront", "status": 502},
    {"kind": "html"},
    {"kind": "malformed_json"},
    {"kind": "empty_body"},
]
"""What the answers of the API may be instead of data."""

_LISTING: list[Kind] = [
    {"kind": "missing_embedded"},
    {"kind": "empty_page"},
    {"kind": "repeated_page"},
    {"kind": "lying_total", "by": 3},
    {"kind": "lying_total", "by": -3},
    {"kind": "not_ready"},
]

_BYTES: list[Kind] = [
    {"kind": "reset", "at_byte": 50_000},
    {"kind": "stall", "at_byte": 90_000, "then": "reset"},
    {"kind": "slow", "bytes_per_second": 1_000_000},
    {"kind": "wrong_length", "by": -7},
    {"kind": "too_long", "by": 9},
    {"kind": "no_length"},
    {"kind": "expired_url"},
    {"kind": "html", "page": "cloudfront"},
    {"kind": "range_ignored"},
    {"kind": "wrong_range"},
    {"kind": "etag_changes"},
    {"kind": "flip"},
    {"kind": "wrong_range", "by": -4096, "header": "asked"},
]
"""What may happen to the bytes."""


_FOR_SURE: list[Kind] = [
    {"kind": "repeated_page", "endpoint": "search", "nth": [9, 32]},
    {"kind": "empty_page", "endpoint": "search", "nth": [16, 41]},
    {"kind": "not_ready", "endpoint": "search", "nth": 23},
    {"kind": "flip", "endpoint": "cdn", "nth": [100, 200, 300]},
    {"kind": "flip", "endpoint": "cdn", "medium": f"{LARGE}*", "nth": [10, 30]},
    {"kind": "wrong_range", "endpoint": "cdn", "medium": f"{LARGE}*", "nth": [4, 5, 6, 20, 21, 22]},
]
"""Rare ones that a run of full size gets whatever chance says."""


def plan_of(seed: int, share: float, stall: float, *, refusals: bool = True) -> dict[str, Any]:
    """A plan as a JSON file holds it: `share` of all calls get a fault, and `stall` is in seconds.

    Without `refusals`, the service never asks for fewer calls: that keeps a run slow for a while.
    It can be replayed with `cloud-sync simulator --faults`.
    """
    service = [*_service(stall), *(_REFUSALS if refusals else [])]
    by_endpoint: dict[str, list[Kind]] = {
        "user": [*service, *_DATA],
        "search": [*service, *_DATA, *_LISTING],
        "download": [*service, *_DATA, {"kind": "missing_embedded"}],
        "cdn": [*service, *[_timed(kind, stall) for kind in _BYTES]],
    }
    faults = [
        {**kind, "endpoint": endpoint, "probability": _each(share, len(kinds))}
        for endpoint, kinds in by_endpoint.items()
        for kind in kinds
    ]
    return {"seed": seed, "faults": [*faults, *_FOR_SURE]}


def loaded(seed: int, share: float, stall: float, *, refusals: bool = True) -> FaultPlanFile:
    """The plan as a simulator takes it."""
    return load_plan(plan_of(seed, share, stall, refusals=refusals))


def _timed(kind: Kind, stall: float) -> Kind:
    return {**kind, "seconds": stall} if kind["kind"] == "stall" else kind


def _each(share: float, kinds: int) -> float:
    """The chance of one of so many kinds, so that a call stays healthy with 1 - `share`."""
    return 1 - math.pow(1 - share, 1 / kinds)
