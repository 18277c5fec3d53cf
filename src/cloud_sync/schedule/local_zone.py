"""The time zone of this machine, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from cloud_sync.errors import UsageError

LINK = Path("/etc/localtime")
_FOLDER = "zoneinfo/"


def local_zone(environment: Mapping[str, str], link: Path = LINK) -> str:
    """The zone's name, from `TZ` or from where the system's link leads.

    UsageError where neither names one: a machine's offset alone knows no summer time.
    """
    named = environment.get("TZ", "").lstrip(":")
    if "/" in named or named == "UTC":
        return named
    try:
        target = str(link.resolve(strict=True))
    except OSError:
        target = ""
    if _FOLDER in target:
        return target.rpartition(_FOLDER)[2]
    raise UsageError(
        "looking for this machine's time zone: neither TZ nor /etc/localtime names one",
        hint="--tz Europe/Berlin",
    )
