"""Between the model and DynamoDB items, purely.

The item of a medium has the medium's id for its key and is the only kind that has a `status`, so
that the index by status holds media alone. All others have ids that begin with `#`; a medium whose
own id does so, or is empty, goes by `#media#` and its id. docs/reference/aws-tables.md lists them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cloud_sync.archive.layout import collision_form
from cloud_sync.clock import from_text, instant_text
from cloud_sync.model.tracking import (
    Checkpoint,
    PartRecord,
    Reason,
    SourceCheck,
    Status,
    TrackedFile,
    TrackedMedium,
)
from cloud_sync.tracker.dynamodb_actions import (
    KEY,
    Item,
    Value,
    int_in,
    known,
    loaded,
    maybe_number,
    maybe_text,
    number,
    text,
    text_in,
)

INDEX = "status-sync_timestamp-index"
PROJECTED = (
    "filename",
    "s3_key",
    "file_size",
    "retry_count",
    "error_message",
    "file_count",
    "stored_bytes",
)
"""What the index must hold beside its keys; the counts are for `tallies`."""

ITEM_LIMIT = 400 * 1024
"""The most bytes of an item, its attributes' names among them: DynamoDB's own limit."""

PARTS_IN_CHUNK = 32
"""Parts in one item. More would make every write dearer, fewer every read."""

_ESCAPED = "#media#"


@dataclass(frozen=True, slots=True)
class Transfer:
    """An unfinished upload. Its parts lie in the chunks 0 to `last_chunk` of its `generation`."""

    token: str
    part_size: int
    size: int
    etag: str | None
    generation: str
    last_chunk: int = -1


@dataclass(frozen=True, slots=True)
class Row:
    """A medium and what its item says beside.

    `medium` bears a lease only where the run that it was taken in, by its `lease_epoch`, is open.
    `revision` counts writes, 0 before the first. `tries` counts its attempts; `open_epoch` is when
    the last one was begun, where nobody closed it since. `transfers` go by file number.
    """

    medium: TrackedMedium
    revision: int = 0
    tries: int = 0
    open_epoch: int | None = None
    lease_epoch: int | None = None
    transfers: Mapping[int, Transfer] = field(default_factory=dict)


def media_key(media_id: str) -> str:
    """The key of a medium's item."""
    return _ESCAPED + media_id if not media_id or media_id[0] == "#" else media_id


def media_id_of(key: str) -> str:
    """The inverse of `media_key`."""
    return key.removeprefix(_ESCAPED)


def form_key(key: str) -> str:
    """The item of all keys that count as the same as this one."""
    return f"#key#{_digest(collision_form(key))}"


def upload_key(token: str) -> str:
    """The item by which an unfinished upload is found."""
    return f"#upload#{_digest(token)}"


def attempt_key(media_id: str, count: int) -> str:
    return f"#attempt#{media_id}#{count}"


def chunk_key(media_id: str, file_number: int, generation: str, chunk: int) -> str:
    return f"#part#{media_id}#{file_number}#{generation}#{chunk}"


def item_of(row: Row) -> Item:
    """The item after the next write of the row."""
    medium = row.medium
    held = medium.lease_owner is not None
    stored = [file.size or 0 for file in medium.files if file.status is Status.COMPLETED]
    reason = medium.reason
    return known(
        {
            KEY: {"S": media_key(medium.media_id)},
            "filename": text(medium.filename),
            "s3_key": maybe_text(medium.s3_key),
            "file_size": maybe_number(medium.file_size),
            "upload_date": _instant(medium.upload_date),
            "sync_timestamp": _instant(medium.sync_timestamp),
            "status": {"S": medium.status.value},
            "retry_count": number(medium.retry_count),
            "error_message": text(reason.message) if reason else None,
            "duration_seconds": maybe_number(medium.duration_seconds),
            "error_code": text(reason.code) if reason else None,
            "media_type": text(medium.media_type),
            "captured_at": maybe_text(
                medium.captured_at.isoformat() if medium.captured_at else None
            ),
            "source_updated_at": _instant(medium.source_updated_at),
            "attempts": number(medium.attempts),
            "failures": number(medium.failures),
            "lease_owner": maybe_text(medium.lease_owner),
            "lease_until": _instant(medium.lease_until),
            "lease_epoch": maybe_number(row.lease_epoch) if held else None,
            "files": {"L": [{"M": _file_item(file)} for file in medium.files]},
            "file_count": number(len(medium.files)),
            "stored_bytes": number(sum(stored)),
            "transfers": {"M": {str(n): _transfer_item(t) for n, t in row.transfers.items()}},
            "tries": number(row.tries),
            "open_epoch": maybe_number(row.open_epoch),
            "revision": number(row.revision + 1),
        }
    )


def row_of(item: Mapping[str, Value], open_epoch: int | None) -> Row:
    """The inverse of `item_of`; `open_epoch` is the present run's, None where none is open."""
    lease_epoch = int_in(item, "lease_epoch")
    held = lease_epoch is not None and lease_epoch == open_epoch
    code, message = text_in(item, "error_code"), text_in(item, "error_message")
    medium = TrackedMedium(
        media_id=media_id_of(item[KEY]["S"]),
        filename=loaded(item["filename"]),
        status=Status(item["status"]["S"]),
        media_type=text_in(item, "media_type") or "",
        s3_key=text_in(item, "s3_key"),
        file_size=int_in(item, "file_size"),
        captured_at=_instant_in(item, "captured_at"),
        upload_date=_instant_in(item, "upload_date"),
        source_updated_at=_instant_in(item, "source_updated_at"),
        sync_timestamp=_instant_in(item, "sync_timestamp"),
        duration_seconds=_float_in(item, "duration_seconds"),
        reason=None if code is None else Reason(code, message or ""),
        attempts=int_in(item, "attempts") or 0,
        failures=int_in(item, "failures") or 0,
        lease_owner=text_in(item, "lease_owner") if held else None,
        lease_until=_instant_in(item, "lease_until") if held else None,
        files=tuple(_file_of(each["M"]) for each in item["files"]["L"]),
    )
    transfers = item["transfers"]["M"]
    return Row(
        medium,
        revision=int(item["revision"]["N"]),
        tries=int(item["tries"]["N"]),
        open_epoch=int_in(item, "open_epoch"),
        lease_epoch=lease_epoch if held else None,
        transfers={int(n): _transfer_of(each["M"]) for n, each in transfers.items()},
    )


def _file_item(file: TrackedFile) -> Item:
    return known(
        {
            "number": number(file.number),
            "key": text(file.key),
            "filename": text(file.filename),
            "status": {"S": file.status.value},
            "size": maybe_number(file.size),
            "checksum": maybe_text(file.checksum),
            "etag": maybe_text(file.etag),
            "source_check": maybe_text(file.source_check),
            "source_rule": maybe_text(file.source_rule),
        }
    )


def _file_of(item: Mapping[str, Value]) -> TrackedFile:
    check = text_in(item, "source_check")
    return TrackedFile(
        number=int(item["number"]["N"]),
        key=loaded(item["key"]),
        filename=loaded(item["filename"]),
        status=Status(item["status"]["S"]),
        size=int_in(item, "size"),
        checksum=text_in(item, "checksum"),
        etag=text_in(item, "etag"),
        source_check=None if check is None else SourceCheck(check),
        source_rule=text_in(item, "source_rule"),
    )


def _transfer_item(transfer: Transfer) -> Value:
    return {
        "M": known(
            {
                "token": text(transfer.token),
                "part_size": number(transfer.part_size),
                "size": number(transfer.size),
                "etag": maybe_text(transfer.etag),
                "generation": {"S": transfer.generation},
                "last_chunk": number(transfer.last_chunk),
            }
        )
    }


def _transfer_of(item: Mapping[str, Value]) -> Transfer:
    return Transfer(
        token=loaded(item["token"]),
        part_size=int(item["part_size"]["N"]),
        size=int(item["size"]["N"]),
        etag=text_in(item, "etag"),
        generation=item["generation"]["S"],
        last_chunk=int(item["last_chunk"]["N"]),
    )


def checkpoint_of(transfer: Transfer, parts: Mapping[int, PartRecord]) -> Checkpoint:
    """What `Tracker.checkpoint` tells of a transfer."""
    return Checkpoint(
        token=transfer.token,
        part_size=transfer.part_size,
        size=transfer.size,
        etag=transfer.etag,
        parts=tuple(parts[each] for each in sorted(parts)),
    )


def part_value(part: PartRecord) -> Value:
    """A part as an attribute of its chunk, where its number is the attribute's name."""
    return {
        "L": [number(part.length), {"B": part.checksum}, text(part.receipt), {"B": part.md5}],
    }


def parts_of(chunk: Mapping[str, Value]) -> dict[int, PartRecord]:
    """The parts of a chunk, by number."""
    found = {}
    for name, value in chunk.items():
        if name != KEY:
            length, checksum, receipt, md5 = value["L"]
            found[int(name)] = PartRecord(
                int(name),
                int(length["N"]),
                bytes(checksum["B"]),
                loaded(receipt),
                bytes(md5["B"]),
            )
    return found


def _instant(instant: datetime | None) -> Value | None:
    return None if instant is None else {"S": instant_text(instant)}


def _instant_in(item: Mapping[str, Value], name: str) -> datetime | None:
    return from_text(item[name]["S"]) if name in item else None


def _float_in(item: Mapping[str, Value], name: str) -> float | None:
    return float(item[name]["N"]) if name in item else None


def _digest(form: str) -> str:
    return hashlib.sha256(form.encode("utf-8", "surrogatepass")).hexdigest()
