"""How a bucket keeps objects over time, and why some plans are refused.

`direct` puts objects into S3 Glacier Deep Archive at once; `standard` leaves them in S3 Standard;
`grace:N` keeps them N days in Standard before Deep Archive, `founding-97` 7 days in Standard and
90 in Glacier Instant Retrieval; both need a lifecycle rule on the bucket.
S3 refuses Deep Archive sooner than 90 days after Instant Retrieval, so there is no `7/14`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from cloud_sync.errors import UsageError

_PLANS = "one of: standard, direct, grace:N (days in Standard), founding-97"


@dataclass(frozen=True, slots=True)
class Transition:
    """From `days` after upload on, objects are of `storage_class`."""

    days: int
    storage_class: str


@dataclass(frozen=True, slots=True)
class StoragePlan:
    """The class objects are uploaded with, and what the bucket's lifecycle rule must do later."""

    name: str
    upload_class: str
    transitions: tuple[Transition, ...] = ()


STANDARD = StoragePlan("standard", "STANDARD")
DIRECT = StoragePlan("direct", "DEEP_ARCHIVE")
FOUNDING_97 = StoragePlan(
    "founding-97",
    "STANDARD",
    (Transition(7, "GLACIER_IR"), Transition(97, "DEEP_ARCHIVE")),
)


def parse_storage_plan(text: str) -> StoragePlan:
    """Read a plan's name; UsageError names the plans, and the reason where S3 refuses one."""
    name = text.strip().lower()
    for plan in (STANDARD, DIRECT, FOUNDING_97):
        if name == plan.name:
            return plan
    grace = re.fullmatch(r"grace:(\d{1,4})", name)
    if grace and int(grace[1]) >= 1:
        return StoragePlan(name, "STANDARD", (Transition(int(grace[1]), "DEEP_ARCHIVE"),))
    if "/" in name:
        raise UsageError(
            f"the storage plan {text!r} is refused: S3 moves objects to Deep Archive no sooner "
            "than 90 days after Instant Retrieval, and bills its 90 days in any case",
            hint=_PLANS,
        )
    raise UsageError(f"there is no storage plan {text!r}", hint=_PLANS)
