"""The archive that the settings name: a folder, or a bucket of the service they point at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cloud_sync.archive.base import Archive
from cloud_sync.config.load import Config
from cloud_sync.errors import UsageError
from cloud_sync.model.location import BucketDestination
from cloud_sync.transfer.engine import EngineLimits
from cloud_sync.wiring.home import ArchivePlace, destination_of

if TYPE_CHECKING:
    from cloud_sync.archive.s3 import S3Archive


class ConfiguredArchives:
    """Opens archives by the configuration; at most one bucket, which a command is about."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._connected: S3Archive | None = None

    def at(self, place: ArchivePlace, *, in_use: bool) -> Archive:
        """The archive at a place; opens no connection.

        `in_use`: something was archived there before, so a folder that is missing is not made.
        """
        destination = destination_of(place)
        if isinstance(destination, BucketDestination):
            return self._bucket_at(place, destination)
        plan = self._config.storage_plan
        if plan is not None:
            raise UsageError(
                f"the storage plan {plan.name} is for buckets, {place.location} is a folder",
                hint="leave --storage-plan out",
            )
        from cloud_sync.archive.folder import FolderArchive

        return FolderArchive(Path(destination.path), in_use=in_use)

    def endpoint_of(self, destination: BucketDestination) -> str:
        """The service that the AWS settings point at, empty for AWS; MissingExtra without the SDK,
        which alone can read them all."""
        return self._bucket(destination).endpoint

    def _bucket_at(self, place: ArchivePlace, destination: BucketDestination) -> Archive:
        archive = self._bucket(destination)
        if archive.endpoint != place.endpoint:
            raise UsageError(
                f"{place.location} was last used at {place.endpoint or 'AWS'}, and the AWS "
                f"settings now point at {archive.endpoint or 'AWS'}",
                hint="set AWS_ENDPOINT_URL_S3 as it was, or name the archive with --to",
            )
        return archive

    def _bucket(self, destination: BucketDestination) -> S3Archive:
        if self._connected is None:
            from cloud_sync.archive.s3 import connect

            plan = self._config.storage_plan
            self._connected = connect(
                destination.bucket,
                destination.prefix,
                storage_class=plan.upload_class if plan else None,
                later_classes=[step.storage_class for step in plan.transitions] if plan else (),
                dialect=self._config.text("s3_dialect"),
                connections=self._config.concurrency + EngineLimits().most_streams,
            )
        return self._connected

    @property
    def unproven(self) -> tuple[str, ...]:
        """What the bucket's service leaves open, in sentences for a person."""
        return self._connected.unproven if self._connected else ()

    @property
    def advice(self) -> str:
        """A sentence on how the bucket keeps objects, where a person may want another way."""
        plan = self._config.storage_plan
        if self._connected is None or self._connected.endpoint:
            return ""
        if plan is not None and plan.transitions:
            steps = ", ".join(f"{to.storage_class} after {to.days} days" for to in plan.transitions)
            return (
                f"Objects went up as {plan.upload_class}; the plan {plan.name} needs a lifecycle "
                f"rule on the bucket: {steps}."
            )
        if plan is None or plan.upload_class == "STANDARD":
            return (
                "Objects went up as STANDARD. With --storage-plan direct (S3 Glacier Deep Archive) "
                "they would cost about a twentieth a month; getting them back takes 12 to 48 hours."
            )
        return ""
