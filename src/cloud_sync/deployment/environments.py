"""One environment of the archive on AWS: every choice, checked, and the names that follow."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from pathlib import Path

from cloud_sync.errors import UsageError
from cloud_sync.model import environments
from cloud_sync.model.storage_plan import StoragePlan, parse_storage_plan
from cloud_sync.schedule.daily import DailyStart

NAMES = environments.ENVIRONMENTS
ONLY_ONE = "prod"
"""Its resources bear the plain names; those of the others end in the environment's name."""

_ACCOUNT = re.compile(r"\d{12}")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """What is deployed. UsageError names the first choice that cannot be.

    `function_code` is the folder whose contents become the functions' package.
    Where `account` or `region` is empty, the stacks fit any.
    """

    name: str = field(metadata={"help": "dev, staging or prod"})
    function_code: Path = field(metadata={"help": "folder with the functions' built package"})
    account: str = field(default="", metadata={"help": "AWS account number; any where left out"})
    region: str = field(default="", metadata={"help": "AWS region; any where left out"})
    storage_plan: str = field(
        default="direct",
        metadata={"help": "how objects are kept: direct, grace:N, founding-97 or standard"},
    )
    start_time: str = field(
        default="02:00", metadata={"help": "when the daily run starts, in time_zone"}
    )
    time_zone: str = field(default="Europe/Berlin", metadata={"help": "zone of start_time"})
    concurrency: int = field(default=5, metadata={"help": "media in transfer at a time, 1 to 40"})
    downloader_memory: int = field(
        default=512, metadata={"help": "memory of video-downloader in MB, 512 to 10240"}
    )
    soft_deadline_hours: int = field(
        default=12,
        metadata={"help": "after so many hours a continuation takes what is left, 1 to 20"},
    )
    alert_mail: tuple[str, ...] = field(
        default=(), metadata={"help": "mail addresses that hear of trouble"}
    )
    alert_https: tuple[str, ...] = field(
        default=(), metadata={"help": "https endpoints that hear of trouble"}
    )
    gopro_api_url: str = field(
        default="https://api.gopro.com", metadata={"help": "base URL of the GoPro API"}
    )
    vpc: bool = field(
        default=False,
        metadata={
            "help": "run the functions in a VPC. All media then pass a NAT gateway: about 33 USD a "
            "month, and 45 USD for each TB fetched (us-east-1, 2026)"
        },
    )
    data_events: bool = field(
        default=False,
        metadata={
            "help": "record every object call of the archive's bucket in CloudTrail: 0.10 USD for "
            "100,000 calls, which is about 0.25 USD for 12 TB in parts of 50 MB (2026)"
        },
    )

    monthly_budget_usd: int = field(
        default=0,
        metadata={
            "help": "tell the alerts when the month's costs of the whole account are above so many "
            "USD, or will be; 0 for no budget"
        },
    )

    def __post_init__(self) -> None:
        checks = (
            (self.name in NAMES, f"there is no environment {self.name!r}", ", ".join(NAMES)),
            (
                self.function_code.is_dir(),
                f"the functions' package {self.function_code} is no folder",
                "build it first, or name another folder",
            ),
            (
                not self.account or _ACCOUNT.fullmatch(self.account),
                f"{self.account!r} is no AWS account number",
                "twelve digits",
            ),
            (
                not self.region or _REGION.fullmatch(self.region),
                f"{self.region!r} is no AWS region",
                "like eu-central-1",
            ),
            (
                bool(self.account) == bool(self.region),
                "account and region are given together or not at all",
                "give both, or leave both out",
            ),
            _in_range("concurrency", self.concurrency, 1, 40),
            _in_range("downloader_memory", self.downloader_memory, 512, 10240),
            _in_range("soft_deadline_hours", self.soft_deadline_hours, 1, 20),
            _in_range("monthly_budget_usd", self.monthly_budget_usd, 0, 1_000_000),
            *(
                (_MAIL.fullmatch(address), f"{address!r} is no mail address", "name@example.org")
                for address in self.alert_mail
            ),
            *(
                (
                    url.startswith("https://"),
                    f"the alert endpoint {url!r} is not https",
                    "https://…",
                )
                for url in (*self.alert_https, self.gopro_api_url)
                if not _is_loopback(url)
            ),
        )
        for holds, message, hint in checks:
            if not holds:
                raise UsageError(message, hint=hint)
        _ = self.plan, self.daily_start

    @property
    def plan(self) -> StoragePlan:
        """The storage plan; UsageError for one that S3 refuses."""
        return parse_storage_plan(self.storage_plan)

    @property
    def daily_start(self) -> DailyStart:
        """When the schedule starts a run."""
        return DailyStart(self.start_time, self.time_zone)

    @property
    def is_default_start(self) -> bool:
        """Whether the start is the one that nobody chose."""
        defaults = {each.name: each.default for each in fields(self)}
        return (self.start_time, self.time_zone) == (defaults["start_time"], defaults["time_zone"])

    def resource(self, base: str) -> str:
        """A resource's name in this environment: `gopro-sync-tracker-dev`; in prod the base."""
        return base if self.name == ONLY_ONE else f"{base}-{self.name}"

    def bucket(self, account: str) -> str:
        """The archive bucket's name, which is unique in the world by the account's number."""
        return f"gopro-{self.name}-{account}"

    @property
    def secret(self) -> str:
        """The name of the secret with the login."""
        return self.resource("gopro/credentials")

    @property
    def storage_stack(self) -> str:
        """The stack that keeps what must never be lost."""
        return environments.storage_stack(self.name)

    @property
    def workflow_stack(self) -> str:
        """The stack that works on it, and may be deleted and made again at any time."""
        return environments.workflow_stack(self.name)


def _in_range(name: str, value: int, least: int, most: int) -> tuple[bool, str, str]:
    return least <= value <= most, f"{name} cannot be {value}", f"{least} to {most}"


def _is_loopback(url: str) -> bool:
    return bool(re.match(r"http://(127\.0\.0\.1|localhost)(:\d+)?(/|$)", url))
