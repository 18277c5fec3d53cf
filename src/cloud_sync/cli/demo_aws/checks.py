"""What `cloud-sync demo --aws` claims, each claim held against what is really there."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

from cloud_sync.archive.base import Archive
from cloud_sync.archive.checksum import part_checksum, to_text
from cloud_sync.archive.layout import ROOT
from cloud_sync.aws.histories import Event, documents
from cloud_sync.cli.demo_aws.cloud import BAD_ID
from cloud_sync.cli.demo_aws.execution import Ended
from cloud_sync.cli.demo_aws.notices import Notice
from cloud_sync.model.tracking import Status, TrackedFile, TrackedMedium
from cloud_sync.simulator.library import Library, SimFile, SimMedium
from cloud_sync.summary.render import count, size_text

STATE_LIMIT = 256 * 1024
"""The largest document that Step Functions passes from state to state, in bytes."""

IDLE = ("CheckNewVideos", "NoNewVideos")
DONE = ("CheckForContinuation", "SyncComplete")
PARTIAL = ("NotifyPartialFailure", "RememberTold", "CheckOutcome", *DONE)


@dataclass(frozen=True, slots=True)
class Check:
    """A claim in words with its figures, and what speaks against it: nothing where it holds."""

    told: str
    differences: tuple[str, ...] = ()


def check_executions(ended: Sequence[Ended]) -> Check:
    """Three executions: all is archived, nothing is left, one medium fails."""
    wrong = [
        f"execution {each.name} ended {each.status} in {each.states[-1:]}, not in {wanted[-1]}"
        for each, wanted in zip(ended, (DONE, IDLE, PARTIAL), strict=True)
        if each.status != "SUCCEEDED" or each.states[-len(wanted) :] != wanted
    ]
    return Check(
        f"{len(ended)} executions SUCCEEDED, each in the state that was meant", tuple(wrong)
    )


def check_idle(bytes_sent: int) -> Check:
    """The second execution moved nothing."""
    told = "the second execution fetched nothing from the camera cloud"
    wrong = (f"the second execution fetched {size_text(bytes_sent)}",) if bytes_sent else ()
    return Check(told, wrong)


def check_objects(library: Library, rows: Mapping[str, TrackedMedium], archive: Archive) -> Check:
    """Every original lies in the bucket, byte for byte, and nothing else does."""
    wanted, wrong, size = 0, list[str](), 0
    keys = set()
    for medium, original in originals(library):
        wanted, size = wanted + 1, size + original.size
        row = rows.get(medium.id)
        file = (
            next((each for each in row.files if each.number == original.number), None)
            if row
            else None
        )
        if file is None:
            wrong.append(f"{original.filename or medium.id} is not in the archive")
            continue
        keys.add(file.key)
        wrong += [f"{file.key} {what}" for what in differing(original, file, archive)]
    there = {stored.key for stored in archive.list(f"{ROOT}/")}
    wrong += [f"{key} is in the bucket, and nobody knows of it" for key in sorted(there - keys)]
    shown = f"{count(wanted, 'original', 'originals')} ({size_text(size)})"
    return Check(f"{shown} in the bucket, byte for byte", tuple(wrong))


def file_of(row: TrackedMedium | None, number: int) -> TrackedFile | None:
    """The file of that number in a row, None where there is none."""
    files = row.files if row else ()
    return next((file for file in files if file.number == number), None)


def originals(library: Library) -> Iterator[tuple[SimMedium, SimFile]]:
    """All originals that are to be in the archive."""
    for medium in library.media():
        if medium.ready and medium.id != BAD_ID:
            for original in medium.originals:
                yield medium, original


def differing(original: SimFile, file: TrackedFile, archive: Archive) -> Iterator[str]:
    """What is not alike: the cloud's original, the object in the bucket, and the row."""
    true = original.read(0, original.size)
    try:
        with closing(archive.open(file.key)) as body:
            if body.read() != true:
                yield "differs from the camera cloud's original"
    except FileNotFoundError:
        yield "is not in the bucket"
    if (file.size, file.checksum) != (original.size, to_text(part_checksum(true))):
        yield "has a row with another size or checksum"


def check_rows(library: Library, rows: Iterable[TrackedMedium]) -> Check:
    """Every medium has a row, with the status that it should have."""
    found = {row.media_id: row.status for row in rows}
    wanted = {medium.id: status_of(medium) for medium in library.media()}
    wrong = [
        f"{media_id} has the status {is_now or 'of no row'}, not {should or 'of no row'}"
        for media_id in sorted({*found, *wanted})
        if (is_now := found.get(media_id)) != (should := wanted.get(media_id))
    ]
    counts = {status: list(found.values()).count(status) for status in Status}
    told = ", ".join(f"{number} {status}" for status, number in counts.items() if number)
    return Check(f"{count(len(found), 'row', 'rows')} in the tracker: {told}", tuple(wrong))


def status_of(medium: SimMedium) -> Status:
    """What a medium's row says when all executions are over."""
    if medium.id == BAD_ID:
        return Status.FAILED
    if not medium.ready:
        return Status.PENDING
    return Status.COMPLETED if medium.offers_original else Status.SKIPPED


def check_notices(notices: Sequence[Notice], failed_items: Sequence[Mapping[str, object]]) -> Check:
    """One alert, about the one medium, which is also in the queue of failed items."""
    wrong = []
    if len(notices) != 1:
        wrong.append(f"{count(len(notices), 'alert', 'alerts')} came instead of 1")
    if not all(BAD_ID in str(notice.document) for notice in notices):
        wrong.append("an alert does not name the medium that failed")
    if len(failed_items) != 1 or BAD_ID not in str(failed_items[0]):
        wrong.append(
            f"the queue of failed items holds {len(failed_items)} instead of the 1 that failed"
        )
    return Check(
        "1 alert, about the medium that failed, which is in the queue of failed items", tuple(wrong)
    )


def check_histories(events: Sequence[Event], secrets: Iterable[str]) -> Check:
    """No token and no address of an original stays in any history, and all documents are small."""
    texts = [json.dumps(event, default=str) for event in events]
    found = any(secret in text for secret in secrets for text in texts)
    wrong = ["a history holds a token, or an address of the camera cloud"] if found else []
    sizes = [len(document.encode()) for event in events for document in documents(event)]
    if not sizes:
        wrong.append("no document was found in any history")
    largest = max(sizes, default=0)
    if largest > STATE_LIMIT:
        wrong.append("a document is larger than Step Functions allows")
    told = (
        f"{len(events):,} events in the histories: no token, no signed address; the largest "
        f"document has {largest:,} bytes of {STATE_LIMIT:,} allowed"
    )
    return Check(told, tuple(wrong))


def rows_by_id(rows: Iterable[TrackedMedium]) -> dict[str, TrackedMedium]:
    """The rows by their media ids."""
    return {row.media_id: row for row in rows}
