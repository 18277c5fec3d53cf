"""What an environment costs: a workload and the deployed choices in, quantities and dollars out.

Prices are dated data (`prices.json`), so that they can be looked over without reading code.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from typing import Any

from cloud_sync.deployment.environments import Environment
from cloud_sync.errors import UsageError
from cloud_sync.model.storage_plan import StoragePlan

MB = 10**6
GB = 1000
"""A GB in MB; storage and transfer are billed in decimal gigabytes here, on the safe side."""

PART_MB = 6 * 2**20 / MB
"""Our parts follow those in which the cloud's uploaders cut originals: 6 MiB where known."""

STATES_OF_A_RUN = 12
STATES_OF_A_MEDIUM = 4
"""Transitions of a medium that is archived in one round: three states, and the child's start."""

CALL_OVERHEAD_SECONDS = 3.0
WRITES_OF_A_MEDIUM, WRITES_OF_A_PART, READS_OF_A_KNOWN_MEDIUM = 34, 9, 1
LOG_BYTES_OF_A_MEDIUM, LOG_BYTES_OF_A_RUN = 5_000, 20_000
TRACES_OF_A_MEDIUM = 2
HOURS_OF_A_MONTH = 730
NAT_GATEWAYS = 1
DAYS_OF_A_MONTH = 30

ERROR_TYPES = 5
"""Reasons for which media fail in a month; each is a time series of its own."""

SERVICES: Mapping[str, tuple[str, ...]] = {
    "Deep Archive": ("DEEP_ARCHIVE",),
    "Storage before that": ("STANDARD", "GLACIER_IR"),
    "S3 requests": ("put_STANDARD", "put_DEEP_ARCHIVE", "to_GLACIER_IR", "to_DEEP_ARCHIVE"),
    "Lambda": ("lambda_gb_second", "lambda_call"),
    "Step Functions": ("state_transition",),
    "DynamoDB": ("table_write", "table_read"),
    "Key and secret": ("key", "key_call", "secret", "secret_call"),
    "Logs, traces, metrics, alarms": ("log_gb", "trace", "metric", "alarm", "dashboard"),
    "NAT gateway": ("nat_hour", "nat_gb"),
    "Data events": ("data_event",),
}
"""What is billed under which heading; every price that a quantity can have stands here once."""


@dataclass(frozen=True, slots=True)
class Prices:
    """One region's prices in US dollars, and what every account has free each month."""

    as_of: str
    region: str
    each: Mapping[str, float]
    free: Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """Media that are archived within a month: how many, of how many MB each, in how many runs.

    `known` media are in the tracker already; `mbps` is what one function gets from the cloud.
    """

    name: str
    media: int
    megabytes: float
    runs: int = 30
    known: int = 0
    mbps: float = 300.0

    @property
    def gigabytes(self) -> float:
        """The whole workload in decimal GB."""
        return self.media * self.megabytes / GB


@dataclass(frozen=True, slots=True)
class Standing:
    """What is there all month long, whatever is archived; as it stands in the templates."""

    keys: int
    secrets: int
    alarms: int
    dashboards: int
    metrics: int

    @classmethod
    def of(cls, templates: Sequence[Mapping[str, Any]], metrics: int) -> Standing:
        """Counted from synthesised templates; `metrics` is how many time series are written."""
        kinds = [each["Type"] for template in templates for each in template["Resources"].values()]
        return cls(
            keys=kinds.count("AWS::KMS::Key"),
            secrets=kinds.count("AWS::SecretsManager::Secret"),
            alarms=kinds.count("AWS::CloudWatch::Alarm"),
            dashboards=kinds.count("AWS::CloudWatch::Dashboard"),
            metrics=metrics,
        )


@dataclass(frozen=True, slots=True)
class Bill:
    """US dollars of the first month by heading, at list prices and with what is always free."""

    listed: Mapping[str, float]
    with_free: Mapping[str, float]

    @property
    def total(self) -> float:
        """At list prices."""
        return sum(self.listed.values())

    @property
    def total_with_free(self) -> float:
        """What an account pays that uses its free quantities for nothing else."""
        return sum(self.with_free.values())


def prices(region: str) -> Prices:
    """The prices of a region; UsageError where none are known."""
    known = json.loads((files("cloud_sync.deployment") / "prices.json").read_text("utf-8"))
    if region not in known["regions"]:
        raise UsageError(
            f"prices of the region {region!r} are not known here",
            hint="known: " + ", ".join(sorted(known["regions"])),
        )
    return Prices(known["as_of"], region, known["regions"][region], known["always_free"])


def quantities(environment: Environment, standing: Standing, work: Workload) -> dict[str, float]:
    """What is used in the month in which the workload is archived, by the price that it has."""
    return {
        **_kept(environment.plan, work),
        **_requests(environment.plan, work),
        **_worked(environment, work),
        **_standing(standing, work),
        **_options(environment, work),
    }


def bill(used: Mapping[str, float], at: Prices) -> Bill:
    """The dollars of quantities. A price that no heading lists is an error of ours: KeyError."""
    heading = {price: service for service, listed in SERVICES.items() for price in listed}
    listed = dict.fromkeys(SERVICES, 0.0)
    with_free = dict.fromkeys(SERVICES, 0.0)
    for price, quantity in used.items():
        listed[heading[price]] += quantity * at.each[price]
        paid = max(0.0, quantity - at.free.get(price, 0.0))
        with_free[heading[price]] += paid * at.each[price]
    return Bill(listed, with_free)


def restored(work: Workload, at: Prices) -> tuple[float, float, float]:
    """Getting it all back: the bulk retrieval, seven days of a copy, and the way out of AWS."""
    retrieval = work.gigabytes * at.each["bulk_restore_gb"]
    retrieval += work.media * at.each["bulk_restore_request"]
    copy = work.gigabytes * at.each["STANDARD"] * 7 / DAYS_OF_A_MONTH
    out = max(0.0, work.gigabytes - at.free["egress_gb"]) * at.each["egress_gb"]
    return retrieval, copy, out


def _kept(plan: StoragePlan, work: Workload) -> dict[str, float]:
    """GB-months: every class before the last for the days that it is billed, the last for one."""
    classes = [plan.upload_class, *(step.storage_class for step in plan.transitions)]
    starts = [0, *(step.days for step in plan.transitions)]
    months = [(end - start) / DAYS_OF_A_MONTH for start, end in pairwise(starts)]
    return {
        name: work.gigabytes * length for name, length in zip(classes, [*months, 1.0], strict=True)
    }


def _requests(plan: StoragePlan, work: Workload) -> dict[str, float]:
    """Parts cost what they cost in Standard, and only the end of an upload its class's price."""
    parts = work.media * (_parts(work) + 1)
    used: dict[str, float] = {"put_STANDARD": parts + work.runs * 4}
    used[f"put_{plan.upload_class}"] = used.get(f"put_{plan.upload_class}", 0.0) + work.media
    for step in plan.transitions:
        used[f"to_{step.storage_class}"] = work.media
    return used


def _parts(work: Workload) -> int:
    return max(1, -int(-work.megabytes // PART_MB))


def _worked(environment: Environment, work: Workload) -> dict[str, float]:
    seconds = work.megabytes * 8 / work.mbps + CALL_OVERHEAD_SECONDS
    rounds = 1 + int(seconds // 840)
    of_media = work.media * seconds * environment.downloader_memory / 1024
    of_runs = work.runs * 30 * 512 / 1024
    return {
        "lambda_gb_second": of_media + of_runs,
        "lambda_call": work.media * rounds + work.runs * 3,
        "state_transition": work.media * (STATES_OF_A_MEDIUM + 2 * (rounds - 1))
        + work.runs * STATES_OF_A_RUN,
        "table_write": work.media * (WRITES_OF_A_MEDIUM + WRITES_OF_A_PART * _parts(work)),
        "table_read": work.runs * (work.known + work.media) * READS_OF_A_KNOWN_MEDIUM,
        "log_gb": (work.media * LOG_BYTES_OF_A_MEDIUM + work.runs * LOG_BYTES_OF_A_RUN) / 1e9,
        "trace": work.media * TRACES_OF_A_MEDIUM + work.runs * 5,
    }


def _standing(standing: Standing, work: Workload) -> dict[str, float]:
    return {
        "key": standing.keys,
        # the bucket's own key and the table's cache leave few calls over
        "key_call": work.media * 2 + work.runs * 50,
        "secret": standing.secrets,
        "secret_call": work.media + work.runs * 2,
        "metric": standing.metrics,
        "alarm": standing.alarms,
        "dashboard": standing.dashboards,
    }


def _options(environment: Environment, work: Workload) -> dict[str, float]:
    used = {}
    if environment.vpc:
        used["nat_hour"] = float(HOURS_OF_A_MONTH * NAT_GATEWAYS)
        used["nat_gb"] = work.gigabytes
    if environment.data_events:
        used["data_event"] = work.media * (_parts(work) + 3.0)
    return used
