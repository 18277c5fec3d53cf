"""One environment of the file-copy workflow: every choice, checked, and the names that follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cloud_sync.deployment.environments import Environment
from cloud_sync.errors import UsageError
from cloud_sync.model.environments import copies_stack
from cloud_sync.replicate.request import bucket_problem

SOURCE = "global-builds"
DESTINATIONS = ("region-a-builds", "region-b-builds")
"""The founding names; every bucket's name is one in the world, so they get a suffix."""

MOST_DESTINATIONS = 50
"""Their names travel to the functions in one variable, and all variables together hold 4 KB."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CopiesEnvironment:
    """What is deployed. UsageError names the first choice that cannot be.

    Where `account` or `region` is empty, the stack fits any. Buckets are made by the stack, but for
    those in `existing`.
    """

    name: str = field(metadata={"help": "dev, staging or prod"})
    function_code: Path = field(metadata={"help": "folder with the functions' built package"})
    account: str = field(default="", metadata={"help": "AWS account number; any where left out"})
    region: str = field(default="", metadata={"help": "AWS region; any where left out"})
    source: str = field(
        default="",
        metadata={
            "help": "bucket whose new objects are copied; where left out "
            f"{SOURCE}-ENVIRONMENT-ACCOUNT"
        },
    )
    destinations: tuple[str, ...] = field(
        default=(),
        metadata={
            "help": "bucket that gets a copy; where left out "
            + " and ".join(f"{name}-ENVIRONMENT-ACCOUNT" for name in DESTINATIONS)
        },
    )
    existing: tuple[str, ...] = field(
        default=(),
        metadata={"help": "one of these buckets that is there already and is not made"},
    )
    concurrency: int = field(
        default=10, metadata={"help": "destinations that are copied to at a time, 1 to 40"}
    )
    alert_mail: tuple[str, ...] = field(
        default=(), metadata={"help": "mail addresses that hear of failed copies"}
    )
    alert_https: tuple[str, ...] = field(
        default=(), metadata={"help": "https endpoints that hear of failed copies"}
    )
    build_worker: bool = field(
        default=False,
        metadata={"help": "add POST /builds, an example that puts an artefact into the source"},
    )

    def __post_init__(self) -> None:
        _ = self.environment
        named = (*((self.source,) if self.source else ()), *self.destinations)
        for bucket in named:
            if wrong := bucket_problem(bucket):
                raise UsageError(f"a bucket {wrong}", hint=f"like {SOURCE}")
        twice = {bucket for bucket in self.destinations if self.destinations.count(bucket) > 1}
        checks = (
            (
                self.source not in self.destinations or not self.source,
                f"the source {self.source} cannot be a destination too: every copy would be copied",
                "name another bucket",
            ),
            (
                not twice,
                f"the destination {min(twice, default='')} is given twice",
                "leave one out",
            ),
            (
                len(self.destinations) <= MOST_DESTINATIONS,
                f"{len(self.destinations)} destinations cannot be",
                f"at most {MOST_DESTINATIONS}",
            ),
            (
                set(self.existing) <= set(named),
                f"{min(set(self.existing) - set(named), default='')} is no bucket of this workflow",
                "existing names buckets that --source or --destinations names too",
            ),
        )
        for holds, message, hint in checks:
            if not holds:
                raise UsageError(message, hint=hint)

    @property
    def environment(self) -> Environment:
        """What this shares with the archive of the same name: checks, and names of resources."""
        return Environment(
            name=self.name,
            function_code=self.function_code,
            account=self.account,
            region=self.region,
            concurrency=self.concurrency,
            alert_mail=self.alert_mail,
            alert_https=self.alert_https,
        )

    def source_bucket(self, account: str) -> str:
        """The source's name."""
        return self.source or self._own(SOURCE, account)

    def destination_buckets(self, account: str) -> tuple[str, ...]:
        """The destinations' names."""
        return self.destinations or tuple(self._own(base, account) for base in DESTINATIONS)

    def _own(self, base: str, account: str) -> str:
        return f"{base}-{self.name}-{account}"

    def resource(self, base: str) -> str:
        """A resource's name in this environment: `FileCopyTracking-dev`; in prod the base."""
        return self.environment.resource(base)

    @property
    def stack(self) -> str:
        """The stack, which stands beside the archive's and needs neither of them."""
        return copies_stack(self.name)
