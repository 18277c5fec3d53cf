"""What became of a copy, per destination and in all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cloud_sync.replicate.request import CopyRequest, destination_key

ALREADY_THERE = "already_there"
"""SKIPPED: the destination holds these very bytes."""

NEWER_THERE = "newer_there"
"""SKIPPED: the destination holds a newer version of the same source object."""

NOT_TRIED = "not_tried"
"""FAILED: no outcome was reported for the destination."""

INTERRUPTED = "interrupted"
"""FAILED: the execution was asked to stop; the same request goes on from there."""


class CopyStatus(StrEnum):
    """How one destination stands now."""

    COPIED = "COPIED"
    SKIPPED = "SKIPPED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class CopyOutcome:
    """What became of the copy to one bucket.

    `code` is empty for COPIED, otherwise the stable name of the reason; `message` is for a person.
    `size` in bytes; `checksum` is a full-object checksum as `NAME=base64`, None where source and
    destination have none in common. `version_id` is that of the object at the destination, None
    where its bucket keeps no versions. `bytes_through_us` counts the object's bytes that this
    program itself read: 0 where the service copied by itself.
    """

    bucket: str
    key: str
    status: CopyStatus
    code: str = ""
    message: str = ""
    size: int | None = None
    checksum: str | None = None
    version_id: str | None = None
    bytes_through_us: int = 0

    def to_json(self) -> dict[str, object]:
        """The outcome as JSON."""
        return {
            "bucket": self.bucket,
            "key": self.key,
            "status": self.status.value,
            "code": self.code,
            "message": self.message,
            "size": self.size,
            "checksum": self.checksum,
            "versionId": self.version_id,
            "bytesThroughUs": self.bytes_through_us,
        }

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> CopyOutcome:
        """The inverse of `to_json`; ValueError for anything else."""
        return cls(
            bucket=_text(document, "bucket"),
            key=_text(document, "key"),
            status=CopyStatus(_text(document, "status")),
            code=_text(document, "code"),
            message=_text(document, "message"),
            size=_number_or_none(document, "size"),
            checksum=_text_or_none(document, "checksum"),
            version_id=_text_or_none(document, "versionId"),
            bytes_through_us=_number_or_none(document, "bytesThroughUs") or 0,
        )


@dataclass(frozen=True, slots=True)
class CopyResults:
    """All outcomes of one request, in the order of its destinations."""

    source_bucket: str
    source_key: str
    outcomes: tuple[CopyOutcome, ...]

    @classmethod
    def of(cls, request: CopyRequest, outcomes: Iterable[CopyOutcome]) -> CopyResults:
        """Fold the outcomes, which may come in any order.

        A destination without one counts as failed, by name. ValueError for an outcome of a bucket
        that is no destination, or for two of one bucket.
        """
        found: dict[str, CopyOutcome] = {}
        for outcome in outcomes:
            if outcome.bucket in found or outcome.bucket not in request.destinations:
                raise ValueError(f"an outcome of {outcome.bucket} was not to be expected")
            found[outcome.bucket] = outcome
        key = destination_key(request)
        return cls(
            request.source_bucket,
            request.source_key,
            tuple(found.get(bucket) or _not_tried(bucket, key) for bucket in request.destinations),
        )

    @property
    def total(self) -> int:
        return len(self.outcomes)

    @property
    def successful(self) -> int:
        """Destinations that hold the object now, whoever copied it there."""
        return len(self.successful_buckets)

    @property
    def failed(self) -> int:
        return self.total - self.successful

    @property
    def successful_buckets(self) -> tuple[str, ...]:
        return tuple(each.bucket for each in self.outcomes if each.status is not CopyStatus.FAILED)

    @property
    def failures(self) -> tuple[CopyOutcome, ...]:
        return tuple(each for each in self.outcomes if each.status is CopyStatus.FAILED)

    @property
    def failed_buckets(self) -> list[dict[str, str]]:
        """Each failed bucket with the reason's code and words."""
        return [
            {"bucket": each.bucket, "code": each.code, "message": each.message}
            for each in self.failures
        ]

    def to_json(self) -> dict[str, object]:
        """The results as JSON."""
        return {
            "sourceBucket": self.source_bucket,
            "sourceKey": self.source_key,
            "totalBuckets": self.total,
            "successfulCopies": self.successful,
            "failedCopies": self.failed,
            "successfulBuckets": list(self.successful_buckets),
            "failedBuckets": self.failed_buckets,
            "copies": [each.to_json() for each in self.outcomes],
        }

    @classmethod
    def from_json(cls, document: Mapping[str, object]) -> CopyResults:
        """The inverse of `to_json`; ValueError for anything else."""
        copies = document.get("copies")
        if not isinstance(copies, list):
            raise ValueError("copies is no list")  # noqa: TRY004 as below
        return cls(
            _text(document, "sourceBucket"),
            _text(document, "sourceKey"),
            tuple(CopyOutcome.from_json(each) for each in copies),
        )


def _not_tried(bucket: str, key: str) -> CopyOutcome:
    message = f"copying to s3://{bucket}/{key}: nothing was reported of it"
    return CopyOutcome(bucket, key, CopyStatus.FAILED, NOT_TRIED, message)


def _text(document: Mapping[str, object], field: str) -> str:
    value = document.get(field)
    if not isinstance(value, str):
        raise ValueError(f"{field} is no text")  # noqa: TRY004 a document's fault, not a type's
    return value


def _text_or_none(document: Mapping[str, object], field: str) -> str | None:
    return None if document.get(field) is None else _text(document, field)


def _number_or_none(document: Mapping[str, object], field: str) -> int | None:
    value = document.get(field)
    if value is None:
        return None
    # a state machine may hand whole numbers back as 5.0
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise ValueError(f"{field} is no whole number")
    return int(value)
