"""What a repair makes of each situation: pure tables, the first line that fits decides.

Files that the tracker has as COMPLETED, by what the archive says:

| the archive                          | decision                                                  |
|--------------------------------------|-----------------------------------------------------------|
| has it, as it was archived           | keep                                                      |
| has it, and nothing proves the bytes | keep: no difference is known                              |
| has nothing at the key               | reopen: `missing_in_archive`                              |
| has something else, or it cannot be  | look: `differs_in_archive`; the key is taken, and nothing |
| read                                 | is ever overwritten                                       |

Objects in the archive, by who holds their key and whose marks they bear. An object bears marks
where the archive knows its media id and file number:

| the key belongs to          | the object                  | decision                             |
|-----------------------------|-----------------------------|--------------------------------------|
| a COMPLETED file            | any                         | keep: judged as a tracked file       |
| a file that is not done     | does not bear its marks     | look: `key_taken`                    |
| another key that counts as  | any                         | look: `key_taken`                    |
| the same                    |                             |                                      |
| nobody                      | bears no marks              | foreign                              |
| nobody                      | its file has another key,   | look: `second_copy`                  |
|                             | or was adopted before       |                                      |
| nobody, or its own file     | its bytes are not as noted  | look: `altered_in_archive`           |
|                             | when they were stored       |                                      |
| nobody, or its own file     | its bytes are as noted      | adopt                                |

Unfinished uploads:

| the upload                                      | decision                                      |
|-------------------------------------------------|-----------------------------------------------|
| stands in the tracker                           | keep: the next sync goes on with it           |
| is for a key outside the archive's layout       | keep: another program's                       |
| was touched within `ABANDONED_AFTER`            | keep: somebody may be at it                   |
| anything else                                   | discard: `abandoned_upload`                   |
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cloud_sync.archive.base import Noted, StoredObject, UnfinishedUpload
from cloud_sync.archive.layout import ROOT
from cloud_sync.archive.verify import Finding, Verdict
from cloud_sync.model.tracking import Reason, Status, TrackedMedium
from cloud_sync.tracker.repairs import KeyHolder

ABANDONED_AFTER = timedelta(days=1)
"""The age from which an upload that nobody remembers is thrown away."""

MISSING = Reason("missing_in_archive", "it was archived, and is no longer in the archive")
ADOPTED = Reason("adopted", "its files were found in the archive; the next sync looks for others")


class Action(StrEnum):
    """What a repair does: `look` is for a person, `keep` and `foreign` change nothing."""

    KEEP = "keep"
    REOPEN = "reopen"
    ADOPT = "adopt"
    DISCARD = "discard"
    LOOK = "look"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Decision:
    """An action, with a stable code, a sentence, and what a person types next."""

    action: Action
    code: str = ""
    message: str = ""
    hint: str = ""


KEEP = Decision(Action.KEEP)
FOREIGN = Decision(Action.FOREIGN)

FETCH_AGAIN = (
    "keep a copy of what lies there, move it away, then: cloud-sync reconcile --apply, and "
    "cloud-sync sync fetches it again"
)
"""What a person types for an archived file that is not as it should be."""

_MOVE_AWAY = "keep a copy of it, move it away, and reconcile again"


def decide_tracked(finding: Finding) -> Decision:
    """The decision for a COMPLETED file, by the first table."""
    if finding.verdict in (Verdict.OK, Verdict.COLD, Verdict.CHECKSUM_UNKNOWN):
        return KEEP
    if finding.verdict is Verdict.MISSING:
        return Decision(
            Action.REOPEN,
            MISSING.code,
            f"{finding.message}; it is due again",
            "cloud-sync sync fetches it again",
        )
    return Decision(Action.LOOK, "differs_in_archive", finding.message, _MOVE_AWAY)


def decide_object(
    stored: StoredObject,
    holder: KeyHolder | None,
    medium: TrackedMedium | None,
    *,
    adopted_before: bool = False,
) -> Decision:
    """The decision for an object, by the second table, as far as it goes without its bytes.

    `medium` is the one whose id the object bears. An object to adopt must still be judged by
    `judge_bytes`.
    """
    marked = stored.media_id is not None and stored.file_number is not None
    mine = holder is not None and (
        (holder.media_id, holder.file.number) == (stored.media_id, stored.file_number)
    )
    if holder is not None and (holder.file.key != stored.key or not mine):
        done = holder.file.status is Status.COMPLETED and holder.file.key == stored.key
        return KEEP if done else _taken(stored, holder)
    if holder is not None and holder.file.status is Status.COMPLETED:
        return KEEP
    if not marked:
        return FOREIGN
    return _decide_marked(stored, medium, own=mine, adopted_before=adopted_before)


def _decide_marked(
    stored: StoredObject, medium: TrackedMedium | None, *, own: bool, adopted_before: bool
) -> Decision:
    keys = {file.number: file.key for file in medium.files} if medium else {}
    other = keys.get(stored.file_number or 0)
    if not own and (other is not None or adopted_before):
        where = f" at {other}" if other else ""
        return Decision(
            Action.LOOK,
            "second_copy",
            f"{stored.key}: it bears the marks of a file that has its place{where} already "
            f"(medium {stored.media_id}, file {stored.file_number})",
            "compare the two, and move one of them away",
        )
    return Decision(
        Action.ADOPT,
        ADOPTED.code,
        f"{stored.key}: {stored.size} bytes, file {stored.file_number} of medium {stored.media_id}",
    )


def _taken(stored: StoredObject, holder: KeyHolder) -> Decision:
    return Decision(
        Action.LOOK,
        "key_taken",
        f"{stored.key}: something else lies where file {holder.file.number} of medium "
        f"{holder.media_id} belongs ({stored.size} bytes)",
        _MOVE_AWAY,
    )


def judge_bytes(stored: StoredObject, noted: Noted) -> Decision | None:
    """`altered_in_archive` where the object is not as noted when it was stored, otherwise None.

    `stored` has the checksum of the bytes, None where they cannot be read.
    """
    if stored.checksum is None:
        return _altered(stored, "its bytes cannot be read, and no checksum of them is stored")
    if noted.size is not None and stored.size != noted.size:
        return _altered(stored, f"{stored.size} bytes are there, {noted.size} bytes were stored")
    if noted.checksum is not None and stored.checksum != noted.checksum:
        return _altered(
            stored, f"CRC64NVME {stored.checksum} is there, {noted.checksum} was stored"
        )
    return None


def _altered(stored: StoredObject, how: str) -> Decision:
    return Decision(Action.LOOK, "altered_in_archive", f"{stored.key}: {how}", _MOVE_AWAY)


def decide_upload(upload: UnfinishedUpload, *, recorded: bool, now: datetime) -> Decision:
    """The decision for an unfinished upload, by the third table."""
    outside = upload.key is not None and not upload.key.startswith(f"{ROOT}/")
    age = now - upload.touched_at
    if recorded or outside or age < ABANDONED_AFTER:
        return KEEP
    days = age.days
    return Decision(
        Action.DISCARD,
        "abandoned_upload",
        f"{upload.key or upload.token}: an upload that nobody goes on with, {days} "
        f"{'day' if days == 1 else 'days'} old",
    )
