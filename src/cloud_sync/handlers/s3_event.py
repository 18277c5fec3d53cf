"""What Amazon S3 tells a function of new objects. Purely."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from cloud_sync.handlers.message import MessageError

_CREATED = "ObjectCreated:"


@dataclass(frozen=True, slots=True)
class ObjectCreated:
    """One new object. `version_id` is None where the bucket keeps no versions.

    `sequencer` tells events of one key apart; the same event told twice has the same.
    """

    bucket: str
    key: str
    version_id: str | None
    sequencer: str


def created_in(event: object) -> Iterator[ObjectCreated]:
    """The new objects of an event, in its order.

    Other events, and the one that S3 sends when a notification is set up, hold none. MessageError
    for what is no event of S3.
    """
    if not isinstance(event, Mapping):
        raise MessageError("the event is no object")
    if event.get("Event") == "s3:TestEvent":
        return
    records = event.get("Records")
    if not isinstance(records, list):
        raise MessageError("the event has no records")
    for record in records:
        if not isinstance(record, Mapping):
            raise MessageError("a record is no object")
        if str(record.get("eventName", "")).removeprefix("s3:").startswith(_CREATED):
            yield _created(record)


def _created(record: Mapping[str, object]) -> ObjectCreated:
    told = _inner(record, "s3")
    changed = _inner(told, "object")
    version = changed.get("versionId")
    return ObjectCreated(
        bucket=_text(_inner(told, "bucket"), "name"),
        # S3 writes keys as a form does: a blank is a plus, and a plus is %2B
        key=unquote_plus(_text(changed, "key"), errors="surrogateescape"),
        version_id=version if isinstance(version, str) and version not in ("", "null") else None,
        sequencer=_text(changed, "sequencer"),
    )


def _inner(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    inner = document.get(name)
    if not isinstance(inner, Mapping):
        raise MessageError(f"a record has no {name}")
    return inner


def _text(document: Mapping[str, object], name: str) -> str:
    text = document.get(name)
    if not isinstance(text, str) or not text:
        raise MessageError(f"a record has no {name}")
    return text
