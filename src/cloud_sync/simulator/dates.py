"""When media were captured and uploaded: years of days out, and clocks that were never set."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from random import Random

FIRST = datetime(2013, 6, 1, 8, 0, tzinfo=UTC)
LAST = datetime(2026, 8, 1, 18, 0, tzinfo=UTC)
RESET_CLOCK = datetime(2016, 1, 1, 0, 0, tzinfo=UTC)
"""Where a camera's clock starts after its battery was out."""

_SPAN = int((LAST - FIRST).total_seconds())
_SIX_YEARS = 6 * 365 * 86_400
# a median of ten hours with a tenth above five days, as a real library shows
_MEDIAN = math.log(10 * 3600)
_SPREAD = 1.94


def capture_date(rng: Random) -> datetime:
    """An instant between FIRST and LAST, to the second."""
    return FIRST + timedelta(seconds=int(rng.random() * _SPAN))


def reset_date(rng: Random) -> datetime:
    """What a camera writes whose clock was never set: within hours of RESET_CLOCK."""
    return RESET_CLOCK + timedelta(seconds=rng.randrange(20_000))


def upload_date(rng: Random, captured: datetime) -> datetime:
    """Hours to years after the capture, and before it where the camera's clock ran ahead (5 %)."""
    if rng.random() < 0.05:
        return captured - timedelta(seconds=rng.randrange(60, 86_400))
    delay = min(_SIX_YEARS, rng.lognormvariate(_MEDIAN, _SPREAD))
    return captured + timedelta(seconds=int(delay) + 60)
