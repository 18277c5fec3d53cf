"""One object to one destination: look, compare, copy, prove.

The latest version wins: an object that lies at the destination is replaced by another version of
the source (in a bucket that keeps versions it stays as an older one), and never by a version that
is older than what lies there. Two workers at one destination are kept apart by conditions on
every write; where a service keeps none, the one that writes last wins.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from cloud_sync.clock import SystemClock
from cloud_sync.errors import CloudSyncError, InternalError, Interrupted
from cloud_sync.replicate.comparison import PROVEN, Decision, Likeness, decide, likeness
from cloud_sync.replicate.failures import (
    Archived,
    ChangedMeanwhile,
    ChecksumDiffers,
    NoSuchKey,
)
from cloud_sync.replicate.mark import Mark, mark_of, marked
from cloud_sync.replicate.outcome import CopyOutcome, CopyStatus
from cloud_sync.replicate.request import CopyRequest, destination_key
from cloud_sync.replicate.store import (
    Description,
    Expected,
    ListedVersion,
    ObjectSource,
    ObjectStore,
    ObjectVersion,
    StoredVersion,
    same_service,
)
from cloud_sync.replicate.uploads import NoJournal, UploadJournal
from cloud_sync.replicate.writing import WriteLimits, Writing, Written
from cloud_sync.transfer.retry import RetryPolicy, with_retries
from cloud_sync.transfer.stopping import Stop

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CopyPolicy:
    """What copies go by.

    `rounds` is how often one begins anew because source or destination have changed meanwhile.
    """

    retries: RetryPolicy = field(default_factory=RetryPolicy)
    limits: WriteLimits = field(default_factory=WriteLimits)
    rounds: int = 5


def copy_to(
    request: CopyRequest,
    bucket: str,
    *,
    source: ObjectSource,
    destination: ObjectStore,
    policy: CopyPolicy,
    stop: Stop | None = None,
    journal: UploadJournal | None = None,
    progress: Callable[[int], None] | None = None,
) -> CopyOutcome:
    """Copy the object to `bucket`; whatever fails is told in the outcome, by its code.

    Transient errors are tried again as `policy.retries` says. `progress` is told of bytes that are
    in place, from several threads. An upload that does not come to its end is aborted, and one
    that a killed process left is discarded first, where `journal` knows of it. Raises Interrupted
    when `stop` is requested, and nothing else.
    """
    going = stop or Stop(SystemClock(), work="the copy")
    work = _Copy(request, bucket, source, destination, policy, going, journal or NoJournal())
    work.progress = progress or (lambda _: None)
    try:
        return work.run()
    except Interrupted:
        raise
    except CloudSyncError as error:
        return work.failed(error)
    except Exception as error:  # noqa: BLE001 one destination never takes the others down
        _log.debug("copying to %s failed", bucket, exc_info=error)
        return work.failed(InternalError(error))


@dataclass
class _Copy:
    """The work of `copy_to`. `wrote` says that a write of ours may have taken place."""

    request: CopyRequest
    bucket: str
    source: ObjectSource
    destination: ObjectStore
    policy: CopyPolicy
    stop: Stop
    journal: UploadJournal
    progress: Callable[[int], None] = lambda _: None
    wrote: bool = False
    bytes_through_us: int = 0

    def __post_init__(self) -> None:
        self.to = ObjectVersion(self.bucket, destination_key(self.request))

    def run(self) -> CopyOutcome:
        """Begin anew for as long as things change under our hands."""
        self._discard_leftovers()
        for left in range(self.policy.rounds - 1, -1, -1):
            self.stop.check()
            try:
                return self._round()
            except ChangedMeanwhile:
                if not left:
                    raise
        raise AssertionError("unreachable: the last round raises")

    def _round(self) -> CopyOutcome:
        source = self._source()
        there = self._tried(lambda: self.destination.head(self.to))
        decision = decide(source, there, lambda: self._newer_than(source))
        if decision is Decision.ALREADY_THERE and there and self.wrote:
            # the answer to a write of ours got lost: what it wrote is what lies there
            return self._proven(source, Written(there.at.version_id, None), there)
        if decision is not Decision.COPY:
            return self._skipped(decision, source, there)
        what = Description(source, marked(source.metadata, source), self.request.storage_class)
        expected = Expected(there.etag if there else None)
        self.wrote = True
        written = self._writing().write(self.to, what, expected)
        return self._proven(source, written, self._tried(lambda: self.destination.head(self.to)))

    def _writing(self) -> Writing:
        return Writing(
            self.source,
            self.destination,
            self.policy.limits,
            self.stop,
            self.journal,
            self._tried,
            self._moved,
            served=same_service(self.source, self.destination),
        )

    def _moved(self, length: int, through_us: int) -> None:
        self.bytes_through_us += through_us
        self.progress(length)

    def _source(self) -> StoredVersion:
        request = self.request
        at = ObjectVersion(request.source_bucket, request.source_key, request.version_id)
        found = self._tried(lambda: self.source.head(at))
        if found is None:
            raise NoSuchKey(f"looking for {at}: it is not there")
        if found.cold:
            raise Archived(
                f"copying {at}: it lies in an archive class and must be restored first",
                hint=f"aws s3api restore-object --bucket {at.bucket} --key KEY "
                "--restore-request Days=7",
            )
        return found

    def _newer_than(self, source: StoredVersion) -> Sequence[ListedVersion]:
        """The source's versions that came after this one; all, where it is no longer listed."""

        def listed() -> list[ListedVersion]:
            newer: list[ListedVersion] = []
            for row in self.source.versions(source.at.bucket, source.at.key):
                if row.at.key != source.at.key or row.at.version_id == source.at.version_id:
                    break
                newer.append(row)
            return newer

        return self._tried(listed)

    def _proven(
        self, source: StoredVersion, written: Written, there: StoredVersion | None
    ) -> CopyOutcome:
        """The outcome of a copy that was made, after a look at what lies there now."""
        if there is None or not _is_ours(there, source, written):
            raise ChangedMeanwhile(
                f"copying {source.at} to {self.to}: another write to the same key came in between"
            )
        like = likeness(source, there)
        if written.read and there.checksum == written.read and there.size == source.size:
            like = like if like in (*PROVEN, Likeness.DIFFERENT) else Likeness.CHECKSUM
        if like is Likeness.DIFFERENT:
            raise self._removed(source, there)
        return CopyOutcome(
            self.bucket,
            self.to.key,
            CopyStatus.COPIED,
            message=_how(like, source, there),
            size=there.size,
            checksum=_told_checksum(there) if like is Likeness.CHECKSUM else None,
            version_id=there.at.version_id,
            bytes_through_us=self.bytes_through_us,
        )

    def _removed(self, source: StoredVersion, there: StoredVersion) -> ChecksumDiffers:
        """Take away what we wrote and what is not the source; the error to raise."""
        what = (
            f"copying {source.at} to {self.to}: {there.size} bytes with {there.checksum} lie "
            f"there, and the source has {source.size} bytes with {source.checksum}"
        )
        try:
            self._tried(lambda: self.destination.remove(there.at))
        except CloudSyncError as error:
            return ChecksumDiffers(
                what, kept=f"the bad copy, which could not be removed ({error.code})"
            )
        return ChecksumDiffers(what, kept="the source; the bad copy was removed")

    def _skipped(
        self, decision: Decision, source: StoredVersion, there: StoredVersion | None
    ) -> CopyOutcome:
        newer = decision is Decision.NEWER_THERE
        known = None if there is None or newer else there
        return CopyOutcome(
            self.bucket,
            self.to.key,
            CopyStatus.SKIPPED,
            decision.value,
            "a newer version of the source lies there"
            if newer or known is None
            else f"it lies there already, with {likeness(source, known).value}",
            size=there.size if there else None,
            checksum=_told_checksum(there) if there else None,
            version_id=there.at.version_id if there else None,
            bytes_through_us=self.bytes_through_us,
        )

    def failed(self, error: CloudSyncError) -> CopyOutcome:
        """The outcome of an error, with what was kept and what to do next."""
        parts = [error.message]
        parts += [f"kept: {error.kept}"] if error.kept else []
        parts += [f"next: {error.hint}"] if error.hint else []
        return CopyOutcome(
            self.bucket,
            self.to.key,
            CopyStatus.FAILED,
            error.code,
            "; ".join(parts),
            bytes_through_us=self.bytes_through_us,
        )

    def _discard_leftovers(self) -> None:
        service = self.destination.service
        for upload in self.journal.abandoned(service, self.to.bucket, self.to.key):
            self._tried(partial(self.destination.abort, upload))
            self.journal.over(service, upload)

    def _tried(self, call: Callable[[], T]) -> T:
        return with_retries(call, self.policy.retries, self.stop, lambda _error, _wait: None)


def _is_ours(there: StoredVersion, source: StoredVersion, written: Written) -> bool:
    """Whether what lies there is what we wrote, and not what another writer put over it."""
    if written.version_id is not None:
        return there.at.version_id == written.version_id
    if marked(source.metadata, source) is None:
        return likeness(source, there) is not Likeness.DIFFERENT
    return mark_of(there.metadata) == Mark.of(source)


def _told_checksum(there: StoredVersion) -> str | None:
    return str(there.checksum) if there.checksum and there.checksum.whole else None


def _how(like: Likeness, source: StoredVersion, there: StoredVersion) -> str:
    """How the copy was proven, named where it is less than a checksum of all bytes."""
    told = f"proven by {like.value}"
    composite = [
        f"the {name} keeps a composite {each.checksum.algorithm} only"
        for name, each in (("source", source), ("destination", there))
        if each.checksum and not each.checksum.whole
    ]
    if like is not Likeness.CHECKSUM and composite:
        told += f" ({'; '.join(composite)})"
    if mark_of(there.metadata) != Mark.of(source):
        told += "; its own metadata leaves no room for a mark of its version"
    return told
