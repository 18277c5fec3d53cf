"""Whether a destination holds the source's bytes, and whether it is to get them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum

from cloud_sync.replicate.mark import Mark, mark_of
from cloud_sync.replicate.store import ListedVersion, StoredVersion


class Likeness(StrEnum):
    """What two objects' reports say of their bytes."""

    CHECKSUM = "the same checksum"
    ETAG = "the same size and ETag"
    UNPROVEN = "the same size"
    """Neither has anything in common that would tell more."""

    DIFFERENT = "other bytes"


PROVEN = frozenset({Likeness.CHECKSUM, Likeness.ETAG})


class Decision(StrEnum):
    """What is to be done at a destination."""

    COPY = "copy"
    ALREADY_THERE = "already_there"
    NEWER_THERE = "newer_there"


def likeness(source: StoredVersion, there: StoredVersion) -> Likeness:
    """What sizes, checksums and ETags say.

    Full-object checksums of one algorithm have the last word. Other ETags prove nothing: they
    depend on how the object was written and encrypted.
    """
    if source.size != there.size:
        return Likeness.DIFFERENT
    ours, theirs = source.checksum, there.checksum
    if ours and theirs and ours.whole and theirs.whole and ours.algorithm == theirs.algorithm:
        return Likeness.CHECKSUM if ours.value == theirs.value else Likeness.DIFFERENT
    if source.etag.strip('"') and source.etag.strip('"') == there.etag.strip('"'):
        return Likeness.ETAG
    return Likeness.UNPROVEN


def is_copy_of(source: StoredVersion, there: StoredVersion) -> bool:
    """Whether an object bears our mark of this very version, and says nothing against it."""
    bears = mark_of(there.metadata) == Mark.of(source)
    return bears and likeness(source, there) is not Likeness.DIFFERENT


def decide(
    source: StoredVersion,
    there: StoredVersion | None,
    newer: Callable[[], Sequence[ListedVersion]],
) -> Decision:
    """What to do at a destination where `there` lies.

    `newer` gives the source's versions that came after the one to be copied; it is asked only
    where the answer depends on it. A version that is older than what lies there is never copied.
    Equal bytes under the mark of an older version are copied again: the mark must tell the truth,
    or an event that comes late would find an old version there and replace it by one older still.
    """
    if there is None:
        return Decision.COPY
    mark, ours = mark_of(there.metadata), Mark.of(source)
    same_object = mark is not None and mark.origin == ours.origin
    if mark and same_object and mark.version_id and ours.version_id != mark.version_id:
        came_later = any(row.at.version_id == mark.version_id for row in newer())
        return Decision.NEWER_THERE if came_later else Decision.COPY
    if is_copy_of(source, there) or likeness(source, there) in PROVEN:
        return Decision.ALREADY_THERE
    if ours.version_id and not same_object and any(_may_be(row, there) for row in newer()):
        return Decision.NEWER_THERE
    return Decision.COPY


def _may_be(row: ListedVersion, there: StoredVersion) -> bool:
    """Whether an object without a mark of ours has this version's bytes, as far as ETags tell."""
    return row.size == there.size and row.etag.strip('"') == there.etag.strip('"') != ""
